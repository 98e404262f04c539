import type { CatalogEntry } from "../catalog/catalog.js";
import { ceilSeconds } from "../catalog/timeline.js";
import { findSheet, type Sheet, type Storyboard } from "../render/storyboard.js";
import type { StreamAttributes } from "./master-playlist.js";
import { writeMediaPlaylist } from "./media-playlist.js";

// Upper bounds on a JPEG file at the quality of `encodeImage`: noise takes less than half of them.
const BITS_PER_PIXEL = 8;
const HEADER_BITS = 8 * 1000;

/** Returns the storyboard as an image stream of the master playlist, with a URI relative to `/:id/`. */
export function imageStream(entry: CatalogEntry, storyboard: Storyboard): StreamAttributes {
  const { width, height } = storyboard.thumbnail;
  const sheets = sheetsOf(entry, storyboard);
  const bits = ({ columns, rows }: Sheet) => HEADER_BITS + BITS_PER_PIXEL * columns * rows * width * height;
  const rates = sheets.map((sheet) => bits(sheet) / sheetSeconds(entry, storyboard, sheet));
  const average = sheets.reduce((sum, sheet) => sum + bits(sheet), 0) / entry.video.duration;
  return {
    uri: "images.m3u8",
    bandwidth: Math.ceil(rates.reduce((max, rate) => Math.max(max, rate), 0)),
    averageBandwidth: Math.ceil(average),
    codecs: ["jpeg"],
    width,
    height,
  };
}

/** Writes `/:id/images.m3u8`: the storyboard sheets as an Image Media Playlist, as Roku defines it. */
export function imagePlaylist(entry: CatalogEntry, storyboard: Storyboard): string {
  const { width, height } = storyboard.thumbnail;
  const thumbnailSeconds = (storyboard.intervalMs / 1000).toFixed(3);
  const segments = sheetsOf(entry, storyboard).map((sheet) => ({
    duration: sheetSeconds(entry, storyboard, sheet),
    tags: [
      `#EXT-X-TILES:RESOLUTION=${width}x${height},LAYOUT=${sheet.columns}x${sheet.rows},DURATION=${thumbnailSeconds}`,
    ],
    uri: `storyboard-${sheet.index}.jpg?v=${entry.version}`,
  }));
  const longest = segments.reduce((max, { duration }) => Math.max(max, duration), 0);
  return writeMediaPlaylist({ targetDuration: ceilSeconds(longest), only: "images", segments });
}

const sheetsOf = (entry: CatalogEntry, storyboard: Storyboard): Sheet[] =>
  Array.from({ length: storyboard.sheetCount }, (_, index) => findSheet(entry, storyboard, index));

/** Returns the seconds of video that the thumbnails of a sheet cover. */
function sheetSeconds({ video }: CatalogEntry, { intervalMs }: Storyboard, { first, count }: Sheet): number {
  return Math.min(video.duration, ((first + count) * intervalMs) / 1000) - (first * intervalMs) / 1000;
}
