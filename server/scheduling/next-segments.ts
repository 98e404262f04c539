import type { SampleEntry } from "../../media/segments/h264-level.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import { videoSegments } from "../catalog/timeline.js";
import type { VideoRendition } from "../render/segments.js";
import { parseRegion } from "../request/region.js";
import { parseSize } from "../request/size.js";

/** A segment that will probably be asked for. */
export interface NextSegment {
  readonly rendition: VideoRendition;
  readonly index: number;
}

const SEGMENT_PATH = /^([^/]+)\/([^/]+)\/(seg|elastic)-(\d{1,9})\.m4s$/;

/** The segment that the client names (its path below the video's), else the `count` that follow in the rendition. */
export function nextSegments(
  rendition: VideoRendition,
  index: number,
  count: number,
  named: string | undefined,
  limits: SizeLimits,
): NextSegment[] {
  const said = named === undefined ? undefined : namedSegment(rendition, named, limits);
  if (said !== undefined) return count === 0 ? [] : [said];
  const last = videoSegments(rendition.entry.asset).length - 1;
  return Array.from({ length: Math.min(count, last - index) }, (_, i) => ({
    rendition,
    index: index + 1 + i,
  }));
}

function namedSegment(
  { entry, sampleEntry }: VideoRendition,
  path: string,
  limits: SizeLimits,
): NextSegment | undefined {
  const [, spelledRegion, spelledSize, kind, k] = SEGMENT_PATH.exec(path) ?? [];
  if (k === undefined || Number(k) >= videoSegments(entry.asset).length) return undefined;
  try {
    const region = parseRegion(spelledRegion, entry.asset);
    const size = parseSize(spelledSize, region, limits, entry.asset.frameRate);
    return {
      rendition: { entry, region, size, sampleEntry: kind === "elastic" ? "avc3" : ofOneSize(sampleEntry) },
      index: Number(k),
    };
  } catch {
    return undefined;
  }
}

// A segment that is named without its query is taken to be of the codec of the one that names it.
const ofOneSize = (sampleEntry: SampleEntry): SampleEntry => (sampleEntry === "avc3" ? "avc1" : sampleEntry);
