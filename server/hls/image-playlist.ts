import type { CatalogEntry } from "../catalog/catalog.js";
import { wholeSeconds } from "../catalog/timeline.js";
import { findSheet, type Sheet, type Storyboard } from "../render/storyboard.js";
import type { ImageStream } from "./master-playlist.js";
import { mediaPlaylist } from "./media-playlist.js";

// JPEG at our quality spends less than half of this even on noise.
const BITS_PER_PIXEL = 8;
const HEADER_BITS = 8 * 1000;

const sheetsOf = (entry: CatalogEntry, board: Storyboard): Sheet[] =>
  Array.from({ length: board.sheets }, (_, index) => findSheet(entry, board, index));

/** Seconds that the thumbnails of a sheet stand for. */
function secondsOf({ asset }: CatalogEntry, { interval }: Storyboard, { first, count }: Sheet): number {
  return Math.min(asset.duration, ((first + count) * interval) / 1000) - (first * interval) / 1000;
}

/** The storyboard as a stream of images in the master playlist, relative to `/:id/`. */
export function imageStreamOf(entry: CatalogEntry, board: Storyboard): ImageStream {
  const { width, height } = board.thumbnail;
  const sheets = sheetsOf(entry, board);
  const bits = ({ columns, rows }: Sheet) => HEADER_BITS + BITS_PER_PIXEL * columns * rows * width * height;
  const rates = sheets.map((sheet) => bits(sheet) / secondsOf(entry, board, sheet));
  const bandwidth = Math.ceil(rates.reduce((max, rate) => Math.max(max, rate), 0));
  const average = sheets.reduce((sum, sheet) => sum + bits(sheet), 0) / entry.asset.duration;
  return {
    uri: "images.m3u8",
    bandwidth,
    averageBandwidth: Math.ceil(average),
    codecs: ["jpeg"],
    width,
    height,
  };
}

/**
 * `/:id/images.m3u8`: the sheets of the storyboard as a playlist of images, as Roku's "Image Media Playlist"
 * defines it.
 */
export function imagePlaylistOf(entry: CatalogEntry, board: Storyboard): string {
  const { width, height } = board.thumbnail;
  const sheets = sheetsOf(entry, board).map((sheet) => ({
    duration: secondsOf(entry, board, sheet),
    tags: [
      `#EXT-X-TILES:RESOLUTION=${width}x${height},LAYOUT=${sheet.columns}x${sheet.rows},DURATION=${(board.interval / 1000).toFixed(3)}`,
    ],
    uri: `storyboard-${sheet.index}.jpg?v=${entry.version}`,
  }));
  const longest = sheets.reduce((max, { duration }) => Math.max(max, duration), 0);
  return mediaPlaylist({ targetDuration: wholeSeconds(longest), only: "images" }, sheets);
}
