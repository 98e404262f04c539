/** Control characters, separators of lines and paragraphs, and characters that turn the direction of other text. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Returns text from a file as one line: without control characters, runs of white space as one space.
 *
 * @param maxLength in UTF-16 code units; a longer text is cut
 */
export const cleanText = (text: string, maxLength: number): string =>
  text
    .replace(UNSAFE, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, maxLength)
    // The first half of a character that was cut in two.
    .replace(/[\ud800-\udbff]$/, "")
    .trimEnd();

/** UTF-16 code units of a video's title. Longer ones are cut. */
const MAX_TITLE_LENGTH = 300;

/** Returns the title of a video in the form in which assets hold it. */
export const normalizeTitle = (title: string): string => cleanText(title, MAX_TITLE_LENGTH);

/** A date; or a time to the minute, the second or a fraction of it, with the difference to UTC. */
const ISO_8601 = /^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?$/;

/** Returns whether a text is a date or a time that exists, as ISO 8601 writes it. */
export const isIsoDate = (text: string): boolean => ISO_8601.test(text) && !Number.isNaN(Date.parse(text));
