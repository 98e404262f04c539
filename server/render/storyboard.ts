import type { Viewport } from "../../codec/decode/viewport.js";
import { formatWebVttTime } from "../../media/webvtt/webvtt.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { RequestError } from "../errors.js";
import { durationMs } from "../request/time.js";
import { thumbnailViewport } from "./poster.js";

/** Output pixels of a thumbnail's longer side. */
const THUMBNAIL_SIDE = 160;
/** Thumbnails per row and per column of a sheet: few, so that the first sheet renders quickly. */
const COLUMNS = 5;
const ROWS = 5;
const THUMBNAILS_PER_SHEET = COLUMNS * ROWS;
/** Maximum thumbnails of a video. Bounds the cost of all sheets of a long video. */
const MAX_THUMBNAILS = 500;

/** The thumbnails of a video: one per interval, showing its first frame, in reading order on sheets. */
export interface Storyboard {
  readonly thumbnail: Viewport;
  /** Milliseconds, a multiple of 1000. */
  readonly intervalMs: number;
  /** Thumbnails on all sheets. */
  readonly count: number;
  readonly sheetCount: number;
}

/** One image of a storyboard. All sheets but the last are full. */
export interface Sheet {
  readonly index: number;
  /** Index of its first thumbnail. */
  readonly first: number;
  readonly count: number;
  readonly columns: number;
  readonly rows: number;
}

/** Lays out the storyboard of a video. */
export function planStoryboard(entry: CatalogEntry, limits: SizeLimits): Storyboard {
  const end = durationMs(entry.video);
  const intervalMs = 1000 * Math.max(1, Math.ceil(end / 1000 / MAX_THUMBNAILS));
  const count = Math.ceil(end / intervalMs);
  const thumbnail = thumbnailViewport(entry, limits, THUMBNAIL_SIDE);
  return { thumbnail, intervalMs, count, sheetCount: Math.ceil(count / THUMBNAILS_PER_SHEET) };
}

/** Returns the sheet of an index. Throws RequestError `no-such-sheet`. */
export function findSheet(entry: CatalogEntry, { count, sheetCount }: Storyboard, index: number): Sheet {
  if (index >= sheetCount) {
    throw new RequestError(
      "no-such-sheet",
      `the storyboard of "${entry.id}" has sheets 0 to ${sheetCount - 1}, got ${index}`,
    );
  }
  const first = index * THUMBNAILS_PER_SHEET;
  const thumbnails = Math.min(THUMBNAILS_PER_SHEET, count - first);
  const columns = Math.min(COLUMNS, thumbnails);
  return { index, first, count: thumbnails, columns, rows: Math.ceil(thumbnails / COLUMNS) };
}

/** Writes `/:id/storyboard.vtt`: one cue per interval, with the URL of a sheet and the thumbnail's rectangle in it. */
export function storyboardVtt(entry: CatalogEntry, { thumbnail, intervalMs, count }: Storyboard): string {
  const { width, height } = thumbnail;
  const end = durationMs(entry.video);
  const cues = Array.from({ length: count }, (_, i) => {
    const cell = i % THUMBNAILS_PER_SHEET;
    const xywh = `${(cell % COLUMNS) * width},${Math.floor(cell / COLUMNS) * height},${width},${height}`;
    const sheet = `storyboard-${Math.floor(i / THUMBNAILS_PER_SHEET)}.jpg?v=${entry.version}`;
    const [from, to] = [i * intervalMs, Math.min(end, (i + 1) * intervalMs)];
    return `${formatWebVttTime(from)} --> ${formatWebVttTime(to)}\n${sheet}#xywh=${xywh}\n`;
  });
  return ["WEBVTT\n", ...cues].join("\n");
}
