import { webVttTime } from "../../media/write/webvtt.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { RequestError } from "../errors.js";
import type { SizeRequest } from "../request/size.js";
import { videoDuration } from "../request/time.js";
import { sizeWithin } from "./poster.js";

/** Output pixels of a thumbnail's longer side. */
const THUMBNAIL_SIDE = 160;
/** Thumbnails across and down a sheet: few enough that the first sheet is there soon. */
const COLUMNS = 5;
const ROWS = 5;
/** Thumbnails of a video at most, which bounds what all sheets of a long one cost. */
const MAX_THUMBNAILS = 500;

/** The thumbnails of a video: one for each interval, taken at its start, on sheets from left to right and down. */
export interface Storyboard {
  readonly thumbnail: SizeRequest;
  /** Milliseconds, whole seconds. */
  readonly interval: number;
  /** Thumbnails on all sheets. */
  readonly count: number;
  readonly sheets: number;
}

/** One sheet, full but for the last one. */
export interface Sheet {
  readonly index: number;
  readonly first: number;
  readonly count: number;
  readonly columns: number;
  readonly rows: number;
}

const PER_SHEET = COLUMNS * ROWS;

export function storyboardOf(entry: CatalogEntry, limits: SizeLimits): Storyboard {
  const end = videoDuration(entry);
  const interval = 1000 * Math.max(1, Math.ceil(end / 1000 / MAX_THUMBNAILS));
  const count = Math.ceil(end / interval);
  return {
    thumbnail: sizeWithin(entry, limits, THUMBNAIL_SIDE),
    interval,
    count,
    sheets: Math.ceil(count / PER_SHEET),
  };
}

/** The sheet of an index. Throws RequestError `no-such-sheet`. */
export function findSheet(entry: CatalogEntry, { count, sheets }: Storyboard, index: number): Sheet {
  if (index >= sheets) {
    throw new RequestError(
      "no-such-sheet",
      `the storyboard of "${entry.id}" has sheets 0 to ${sheets - 1}, not ${index}`,
    );
  }
  const first = index * PER_SHEET;
  const here = Math.min(PER_SHEET, count - first);
  return { index, first, count: here, columns: Math.min(COLUMNS, here), rows: Math.ceil(here / COLUMNS) };
}

/** `/:id/storyboard.vtt`: a cue for each interval names its part of a sheet as a media fragment. */
export function storyboardVtt(entry: CatalogEntry, { thumbnail, interval, count }: Storyboard): string {
  const { width, height } = thumbnail;
  const end = videoDuration(entry);
  const cues = Array.from({ length: count }, (_, i) => {
    const cell = i % PER_SHEET;
    const at = `${(cell % COLUMNS) * width},${Math.floor(cell / COLUMNS) * height},${width},${height}`;
    const sheet = `storyboard-${Math.floor(i / PER_SHEET)}.jpg?v=${entry.version}`;
    return `${webVttTime(i * interval)} --> ${webVttTime(Math.min(end, (i + 1) * interval))}\n${sheet}#xywh=${at}\n`;
  });
  return ["WEBVTT\n", ...cues].join("\n");
}
