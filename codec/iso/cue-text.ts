/** Matches what WebVTT reads as a tag (https://www.w3.org/TR/webvtt1/, 4.2.2): a span, or a timestamp. */
const TAG =
  /<(?:\/?(?:c|i|b|u|v|lang|ruby|rt)(?:\.[^\s<>&]+)*(?:\s[^<>]*)?|(?:\d{2,}:)?\d{2}:\d{2}\.\d{3})>/g;
const ENTITY = /&(?!(?:#\d+|#x[\da-f]+|[a-z][a-z\d]*);)/gi;

/**
 * Escapes plain text for a WebVTT cue. Keeps character references such as `&amp;`: subtitles in other formats contain
 * them, too.
 */
export const escapeCueText = (text: string): string =>
  text.replace(ENTITY, "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/**
 * Escapes everything in the text of a cue that is not markup: `I <3 R&D` shows as it is, and `<i>yes</i>` stays in
 * italics. Returns valid cue text unchanged.
 */
export function escapeInvalidMarkup(text: string): string {
  let result = "";
  let end = 0;
  for (const { 0: tag, index } of text.matchAll(TAG)) {
    result += escapeAngles(text.slice(end, index)) + tag;
    end = index + tag.length;
  }
  return (result + escapeAngles(text.slice(end))).replace(ENTITY, "&amp;");
}

/** Escapes `<`, which would start a tag, and the end of an arrow. Other `>` are text already. */
const escapeAngles = (text: string): string => text.replaceAll("<", "&lt;").replaceAll("-->", "--&gt;");
