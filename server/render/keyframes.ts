import { type DecodePool, decodeFrames } from "../../decode-pool/index.js";
import { encodeKeyFrame, type VideoEncoder } from "../../media/segments/segment-encoder.js";
import type { SharedCache } from "../cache/coalescing-cache.js";
import type { VideoSegment } from "../catalog/timeline.js";
import type { WorkEvent } from "../monitoring/work-event.js";
import type { WorkQueue } from "../scheduling/queue.js";
import { partKey, type Rendition } from "./segments.js";

export interface KeyFrameServiceParts {
  readonly pool: DecodePool;
  readonly cache: SharedCache;
  readonly queue: WorkQueue;
  readonly encoder: VideoEncoder;
  readonly onWork: (event: WorkEvent) => void;
}

/** Computes the first picture of a segment alone, as a fragment that lasts as long as the segment. */
export class KeyFrameService {
  readonly #parts: KeyFrameServiceParts;

  constructor(parts: KeyFrameServiceParts) {
    this.#parts = parts;
  }

  /** moof and mdat. Rejects with SieddError, MediaError, RequestError or the signal's reason. */
  keyFrame(rendition: Rendition, segment: VideoSegment, signal?: AbortSignal): Promise<Uint8Array> {
    const { cache, queue } = this.#parts;
    const cost = rendition.size.width * rendition.size.height;
    const make = (abandoned: AbortSignal) =>
      queue.run((ended) => this.#make(rendition, segment, ended), abandoned, cost);
    return cache.get(partKey(rendition, `key frame ${segment.index}`), make, signal);
  }

  async #make(rendition: Rendition, segment: VideoSegment, signal: AbortSignal): Promise<Uint8Array> {
    const started = performance.now();
    const { film, region, size, sampleEntry } = rendition;
    const { index, firstFrame, frameCount } = segment;
    const { width, height } = size;
    const frames = decodeFrames(this.#parts.pool, film, {
      ...{ from: firstFrame, count: 1, request: { region, width, height } },
      ...{ format: "i420-709", signal },
    });
    const { media } = await encodeKeyFrame({
      ...{ width, height, frameRate: film.asset.frameRate, sampleEntry, encoder: this.#parts.encoder },
      ...{ frames, firstFrame, stays: frameCount, sequence: index + 1, signal },
    });
    const seconds = (performance.now() - started) / 1000;
    const bytes = media.byteLength;
    this.#parts.onWork({ type: "key-frame", id: film.id, index, width, height, frames: 1, seconds, bytes });
    return media;
  }
}
