import type { Film } from "../catalog/catalog.js";
import { wholeSeconds } from "../catalog/timeline.js";
import { findSheet, type Sheet, type Storyboard } from "../render/storyboard.js";
import type { PictureStream } from "./master-playlist.js";
import { mediaPlaylist } from "./media-playlist.js";

// JPEG at our quality spends less than half of this even on noise.
const BITS_A_PIXEL = 8;
const HEADER_BITS = 8 * 1000;

const sheetsOf = (film: Film, board: Storyboard): Sheet[] =>
  Array.from({ length: board.sheets }, (_, index) => findSheet(film, board, index));

/** Seconds that the thumbnails of a sheet stand for. */
function secondsOf({ asset }: Film, { interval }: Storyboard, { first, count }: Sheet): number {
  return Math.min(asset.duration, ((first + count) * interval) / 1000) - (first * interval) / 1000;
}

/** The storyboard as a stream of images in the master playlist, relative to `/:id/`. */
export function imageStreamOf(film: Film, board: Storyboard): PictureStream {
  const { width, height } = board.thumbnail;
  const sheets = sheetsOf(film, board);
  const bits = ({ columns, rows }: Sheet) => HEADER_BITS + BITS_A_PIXEL * columns * rows * width * height;
  const rates = sheets.map((sheet) => bits(sheet) / secondsOf(film, board, sheet));
  const bandwidth = Math.ceil(rates.reduce((most, rate) => Math.max(most, rate), 0));
  const average = sheets.reduce((sum, sheet) => sum + bits(sheet), 0) / film.asset.duration;
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
export function imagePlaylistOf(film: Film, board: Storyboard): string {
  const { width, height } = board.thumbnail;
  const sheets = sheetsOf(film, board).map((sheet) => ({
    duration: secondsOf(film, board, sheet),
    tags: [
      `#EXT-X-TILES:RESOLUTION=${width}x${height},LAYOUT=${sheet.columns}x${sheet.rows},DURATION=${(board.interval / 1000).toFixed(3)}`,
    ],
    uri: `storyboard-${sheet.index}.jpg?v=${film.version}`,
  }));
  const longest = sheets.reduce((most, { duration }) => Math.max(most, duration), 0);
  return mediaPlaylist({ targetDuration: wholeSeconds(longest), only: "images" }, sheets);
}
