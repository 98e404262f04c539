import { type DecodePool, decodeFrames } from "../../decode-pool/index.js";
import { encodeKeyframe, type VideoEncoder } from "../../media/segments/segment-encoder.js";
import type { CoalescingCache } from "../cache/coalescing-cache.js";
import type { VideoSegment } from "../catalog/timeline.js";
import type { WorkEvent } from "../monitoring/work-event.js";
import type { WorkQueue } from "../scheduling/queue.js";
import { partKey, type VideoRendition } from "./segments.js";

export interface KeyframeServiceDependencies {
  readonly pool: DecodePool;
  readonly cache: CoalescingCache;
  readonly queue: WorkQueue;
  readonly encoder: VideoEncoder;
  readonly onWork: (event: WorkEvent) => void;
}

/** Computes the first picture of a segment alone, as a fragment that lasts as long as the segment. */
export class KeyframeService {
  readonly #parts: KeyframeServiceDependencies;

  constructor(parts: KeyframeServiceDependencies) {
    this.#parts = parts;
  }

  /** moof and mdat. Rejects with SieddError, MediaError, RequestError or the signal's reason. */
  keyframe(rendition: VideoRendition, segment: VideoSegment, signal?: AbortSignal): Promise<Uint8Array> {
    const { cache, queue } = this.#parts;
    const cost = rendition.size.width * rendition.size.height;
    const make = (abandoned: AbortSignal) =>
      queue.run((ended) => this.#make(rendition, segment, ended), abandoned, cost);
    return cache.get(partKey(rendition, `keyframe ${segment.index}`), make, signal);
  }

  async #make(rendition: VideoRendition, segment: VideoSegment, signal: AbortSignal): Promise<Uint8Array> {
    const started = performance.now();
    const { entry, region, size, sampleEntry } = rendition;
    const { index, firstFrame, frameCount } = segment;
    const { width, height } = size;
    const frames = decodeFrames(this.#parts.pool, entry, {
      ...{ from: firstFrame, count: 1, request: { region, width, height } },
      ...{ format: "i420-709", signal },
    });
    const { media } = await encodeKeyframe({
      ...{ width, height, frameRate: entry.asset.frameRate, sampleEntry, encoder: this.#parts.encoder },
      ...{ frames, firstFrame, stays: frameCount, sequence: index + 1, signal },
    });
    const seconds = (performance.now() - started) / 1000;
    const bytes = media.byteLength;
    this.#parts.onWork({ type: "keyframe", id: entry.id, index, width, height, frames: 1, seconds, bytes });
    return media;
  }
}
