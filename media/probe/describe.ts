import { type Chapter, normalizeChapters } from "../../codec/iso/chapters.js";
import { isIsoDate, normalizeTitle } from "../../codec/iso/description.js";
import type { Probed, ProbedStream } from "./run-ffprobe.js";
import type { VideoTiming } from "./video-timing.js";

/** What a file says about its video. */
export interface Description {
  /** Title in the file's tags; "" if it has none. */
  readonly title: string;
  /** When the video was made, as an ISO 8601 date or time; null if unknown. */
  readonly created: string | null;
  /** Chapters, as `normalizeChapters` returns them. */
  readonly chapters: readonly Chapter[];
  /** ffmpeg's index of the stream that is the cover art; null if there is none. */
  readonly coverStream: number | null;
}

type Tags = Readonly<Record<string, string>>;

/** Returns the description of a file. */
export function describe(
  { format, chapters = [], streams = [] }: Probed,
  video: ProbedStream,
  { fileStart, videoStart, duration }: Pick<VideoTiming, "fileStart" | "videoStart" | "duration">,
): Description {
  const starts = chapters.map(({ start_time, tags }) => ({
    start: Number(start_time) - fileStart - videoStart,
    title: tagOf(tags, "title") ?? "",
  }));
  return {
    title: normalizeTitle(tagOf(format?.tags, "title") ?? ""),
    created: creationDate(format?.tags, video.tags),
    chapters: normalizeChapters(
      starts.filter(({ start }) => Number.isFinite(start)),
      duration > 0 ? duration : Infinity,
    ),
    coverStream: coverOf(streams)?.index ?? null,
  };
}

/** Returns the cover among the streams. Matroska may have several, of which the main one is called `cover`. */
function coverOf(streams: readonly ProbedStream[]): ProbedStream | undefined {
  const covers = streams.filter(({ disposition }) => disposition?.attached_pic === 1);
  return covers.find(({ tags }) => /^cover\./i.test(tagOf(tags, "filename") ?? "")) ?? covers[0];
}

/** Returns a tag, whose name Matroska writes in upper case. */
function tagOf(tags: Tags = {}, name: string): string | undefined {
  return Object.entries(tags).find(([key]) => key.toLowerCase() === name)?.[1];
}

/**
 * Returns the date on which the video was made. What people write into files comes first: the creation time is often the
 * time at which a program wrote the file.
 */
function creationDate(file: Tags | undefined, video: Tags | undefined): string | null {
  const candidates = [
    tagOf(file, "com.apple.quicktime.creationdate"),
    tagOf(file, "date"),
    tagOf(file, "creation_time"),
    tagOf(video, "creation_time"),
  ];
  for (const candidate of candidates) {
    const date = toIsoDate(candidate ?? "");
    if (isIsoDate(date) && !UNSET.test(date)) return date;
  }
  return null;
}

/** The zero of the clocks of MP4 and of Unix, which stands for an unknown time. */
const UNSET = /^(1904|1970)-01-01T00:00:00/;

/** Writes a date as ISO 8601 does: also `20240501`, `2024-05-01 12:00:00` and a time with a fraction of zero. */
const toIsoDate = (text: string): string =>
  text
    .trim()
    .replace(/^(\d{4})(\d{2})(\d{2})$/, "$1-$2-$3")
    .replace(/^(\d{4}-\d{2}-\d{2}) (?=\d)/, "$1T")
    .replace(/\.0+(?=Z|[+-]|$)/, "");
