import { cleanText } from "./description.js";

/** The start of a chapter. It lasts until the next one starts; the last one lasts until the end of the video. */
export interface Chapter {
  /** Seconds from the start of the video. */
  readonly start: number;
  readonly title: string;
}

/** Chapters of a video that are kept, from the first. */
export const MAX_CHAPTERS = 500;
/** UTF-16 code units of a chapter's title. Together, all chapters fit into the metadata box. */
const MAX_TITLE_LENGTH = 150;

/**
 * Returns chapters in rising order of their starts, which are rounded to milliseconds. A chapter that starts before the
 * video starts with it. Of several with the same start, the last one counts. Those that start at the end or later are
 * left out, and chapters without a title are numbered.
 *
 * @param duration of the video, in seconds
 */
export function normalizeChapters(chapters: readonly Chapter[], duration = Infinity): Chapter[] {
  const titles = new Map<number, string>();
  for (const { start, title } of chapters.toSorted((a, b) => a.start - b.start)) {
    const rounded = Math.max(0, Math.round(start * 1000)) / 1000;
    if (rounded < duration) titles.set(rounded, title);
  }
  return [...titles].slice(0, MAX_CHAPTERS).map(([start, title], index) => ({
    start,
    title: cleanText(title, MAX_TITLE_LENGTH) || `Chapter ${index + 1}`,
  }));
}

/** A chapter with its end. Times are in seconds. */
export interface ChapterSpan extends Chapter {
  readonly end: number;
}

/**
 * Returns chapters with their ends: where the next one starts.
 *
 * @param duration of the video, where the last one ends, in seconds
 */
export const chapterSpans = (chapters: readonly Chapter[], duration: number): ChapterSpan[] =>
  chapters
    .map((chapter, index) => ({
      ...chapter,
      end: Math.min(chapters[index + 1]?.start ?? duration, duration),
    }))
    .filter(({ start, end }) => end > start);
