import type { SampleEntry } from "../../media/segments/h264-level.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import { videoSegments } from "../catalog/timeline.js";
import { parseVideoViewport } from "../request/viewport.js";
import type { VideoRendition } from "./rendition.js";

/** A segment that is likely to be requested next. */
export interface NextSegment {
  readonly rendition: VideoRendition;
  readonly index: number;
}

export interface PrefetchHints {
  /** Segments to prefetch; 0 disables prefetching. */
  readonly count: number;
  /** The object that the client announced as its next request: a decoded path below `/:id/`, without the query. */
  readonly nextObject: string | undefined;
  readonly limits: SizeLimits;
}

const SEGMENT_PATH = /^([^/]+)\/([^/]+)\/(seg|elastic)-(\d{1,9})\.m4s$/;

/** Returns the segment that the client announced, or else the `count` segments after `index` in the rendition. */
export function nextSegments(
  rendition: VideoRendition,
  index: number,
  { count, nextObject, limits }: PrefetchHints,
): NextSegment[] {
  const announced = nextObject === undefined ? undefined : parseSegmentPath(nextObject, rendition, limits);
  if (announced !== undefined) return count === 0 ? [] : [announced];
  const last = videoSegments(rendition.entry.video).length - 1;
  return Array.from({ length: Math.min(count, last - index) }, (_, i) => ({
    rendition,
    index: index + 1 + i,
  }));
}

function parseSegmentPath(
  path: string,
  { entry, sampleEntry }: VideoRendition,
  limits: SizeLimits,
): NextSegment | undefined {
  const [, region, size, kind, k] = SEGMENT_PATH.exec(path) ?? [];
  if (k === undefined || Number(k) >= videoSegments(entry.video).length) return undefined;
  try {
    const viewport = parseVideoViewport({ region, size }, entry.video, limits);
    const announcedEntry = kind === "elastic" ? "avc3" : fixedSizeEntry(sampleEntry);
    return { rendition: { entry, viewport, sampleEntry: announcedEntry }, index: Number(k) };
  } catch {
    return undefined;
  }
}

// The codec is in the query, which an announced path lacks: assume the codec of the request that announced it.
const fixedSizeEntry = (sampleEntry: SampleEntry): SampleEntry =>
  sampleEntry === "avc3" ? "avc1" : sampleEntry;
