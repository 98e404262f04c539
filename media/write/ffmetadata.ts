import type { ChapterSpan } from "../../codec/iso/chapters.js";

/** What a file says about its video. */
export interface FileDescription {
  /** Default: none. */
  readonly title?: string;
  /** When the video was made, as an ISO 8601 date or time. Default: unknown. */
  readonly created?: string;
  /** Default: none. */
  readonly chapters?: readonly ChapterSpan[];
}

/** Returns a description in ffmpeg's format `ffmetadata`; undefined if it says nothing. */
export function writeFfmetadata({ title, created, chapters = [] }: FileDescription): string | undefined {
  const tags = Object.entries({ title, date: created }).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [`${name}=${escapeValue(value)}`],
  );
  if (tags.length + chapters.length === 0) return undefined;
  const sections = chapters.flatMap(({ start, end, title: name }) => [
    "[CHAPTER]",
    "TIMEBASE=1/1000",
    `START=${Math.round(start * 1000)}`,
    `END=${Math.round(end * 1000)}`,
    `title=${escapeValue(name)}`,
  ]);
  return [";FFMETADATA1", ...tags, ...sections, ""].join("\n");
}

const escapeValue = (text: string): string => text.replace(/[=;#\\\n]/g, "\\$&");
