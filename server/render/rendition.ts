import type { Viewport } from "../../codec/decode/viewport.js";
import type { SampleEntry, StreamFormat } from "../../media/segments/h264-level.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { type VideoSegment, videoSegments } from "../catalog/timeline.js";
import { RequestError } from "../errors.js";
import { viewportKey } from "../request/viewport.js";

/** A video rendition: a viewport of a video in one codec. */
export interface VideoRendition {
  readonly entry: CatalogEntry;
  /** Both output sides are even. */
  readonly viewport: Viewport;
  /** `avc3` in the elastic rendition, and otherwise the one of the codec. */
  readonly sampleEntry: SampleEntry;
}

/** Returns the cache key of a part of a rendition: `init`, a segment index, or `keyframe` and an index. */
export const renditionKey = ({ entry, viewport, sampleEntry }: VideoRendition, part: string): string =>
  `${entry.id} ${entry.version} ${viewportKey(viewport, entry.video)} ${sampleEntry} ${part}`;

/** Returns the format that a rendition's encoder must produce. */
export const encoderFormat = ({
  entry,
  viewport: { width, height },
  sampleEntry,
}: VideoRendition): StreamFormat & { readonly sampleEntry: SampleEntry } => ({
  width,
  height,
  frameRate: entry.video.frameRate,
  sampleEntry,
});

/** Returns the video segment of an index. Throws RequestError `no-such-segment`. */
export function findSegment(entry: CatalogEntry, index: number): VideoSegment {
  const segments = videoSegments(entry.video);
  const segment = segments[index];
  if (segment !== undefined) return segment;
  throw new RequestError(
    "no-such-segment",
    `"${entry.id}" has segments 0 to ${segments.length - 1}, got ${index}`,
  );
}
