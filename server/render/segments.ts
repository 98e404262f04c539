import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { MediaError } from "../../media/errors.js";
import { encodeInit, encodeSegment, type VideoEncoder } from "../../media/segments/segment-encoder.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import type { CoalescingCache } from "../cache/coalescing-cache.js";
import type { VideoSegment } from "../catalog/timeline.js";
import { RequestError } from "../errors.js";
import { jobContextOf } from "../scheduling/job-context.js";
import type { Prefetcher } from "../scheduling/prefetcher.js";
import { videoCost } from "./cost.js";
import { nextSegments } from "./next-segments.js";
import type { Renderer } from "./renderer.js";
import { encoderFormat, findSegment, renditionKey, type VideoRendition } from "./rendition.js";

export interface SegmentServiceDependencies {
  readonly renderer: Renderer;
  readonly cache: CoalescingCache;
  readonly prefetcher: Prefetcher;
  readonly encoder: VideoEncoder;
  readonly limits: SizeLimits;
  /** Segments to prefetch after each requested one. */
  readonly prefetch: number;
  /** Maximum output pixels times frames per segment. */
  readonly maxWork: number;
}

/**
 * Renders init and media segments. The bytes are a pure function of video, viewport, sample entry and segment index.
 */
export class SegmentService {
  readonly #dependencies: SegmentServiceDependencies;
  readonly #initHashes = new LRUCache<string, string>({ max: 4096 });

  constructor(dependencies: SegmentServiceDependencies) {
    this.#dependencies = dependencies;
  }

  /** Returns ftyp and moov, without decoding the video. Rejects with MediaError, RequestError or the signal's reason. */
  init(rendition: VideoRendition, signal?: AbortSignal): Promise<Uint8Array> {
    const { renderer, encoder } = this.#dependencies;
    const { width, height } = rendition.viewport;
    const render = async (jobSignal: AbortSignal) => {
      const init = await encodeInit({ ...encoderFormat(rendition), encoder, signal: jobSignal });
      this.#assertSameInit(rendition, init);
      return init;
    };
    const event = { type: "init", id: rendition.entry.id, index: 0, width, height, frames: 0 } as const;
    return renderer.run({ key: renditionKey(rendition, "init"), event, cost: 0, render }, signal);
  }

  /**
   * Returns moof and mdat of one segment, then prefetches the next ones. Rejects with SieddError, MediaError,
   * RequestError or the signal's reason.
   */
  async segment(rendition: VideoRendition, segment: VideoSegment, signal?: AbortSignal): Promise<Uint8Array> {
    this.#assertWithinMaxWork(rendition, segment);
    const { entry, viewport } = rendition;
    const { index, frameCount: frames } = segment;
    const { width, height } = viewport;
    const job = {
      key: renditionKey(rendition, `${index}`),
      event: { type: "segment", id: entry.id, index, width, height, frames },
      cost: videoCost(rendition, frames),
      render: (jobSignal: AbortSignal) => retryIfKilled(() => this.#encode(rendition, segment, jobSignal)),
    } as const;
    const bytes = await this.#dependencies.renderer.run(job, signal);
    this.#prefetchNext(rendition, index, signal);
    return bytes;
  }

  async #encode(rendition: VideoRendition, segment: VideoSegment, signal: AbortSignal): Promise<Uint8Array> {
    const { encoder } = this.#dependencies;
    const { entry, viewport, sampleEntry } = rendition;
    const { index, firstFrame, frameCount } = segment;
    const frames = entry.video.frames({
      from: firstFrame,
      count: frameCount,
      viewport,
      format: "i420-709",
      signal,
    });
    const { init, media } = await encodeSegment({
      ...encoderFormat(rendition),
      encoder,
      frames,
      frameCount,
      firstFrame,
      sequence: index + 1,
      signal,
    });
    // Elastic segments have their parameter sets in band, so that all sizes fit the init segment of the largest one.
    if (sampleEntry !== "avc3") this.#assertSameInit(rendition, init);
    return media;
  }

  #assertWithinMaxWork({ viewport: { width, height } }: VideoRendition, { frameCount }: VideoSegment): void {
    const work = width * height * frameCount;
    const { maxWork } = this.#dependencies;
    if (work <= maxWork) return;
    throw new RequestError(
      "too-much-work",
      `${frameCount} frames of ${width}x${height} are ${work} pixels, but the maximum per segment is ${maxWork}; request a smaller size`,
    );
  }

  #prefetchNext(rendition: VideoRendition, index: number, signal: AbortSignal | undefined): void {
    const { priority, nextObject } = jobContextOf(signal);
    const { prefetcher, prefetch: count, limits, cache } = this.#dependencies;
    if (priority === "prefetch" || count === 0) return;
    // Reversed: the prefetcher runs the newest candidate first, and the nearest segment must come first.
    const next = nextSegments(rendition, index, { count, nextObject, limits }).reverse();
    for (const { rendition: nextRendition, index: nextIndex } of next) {
      const key = renditionKey(nextRendition, `${nextIndex}`);
      if (cache.has(key)) continue;
      prefetcher.schedule(key, async (jobSignal) => {
        const segment = findSegment(nextRendition.entry, nextIndex);
        return this.segment(nextRendition, segment, jobSignal);
      });
    }
  }

  // Segments only play as one stream if all of them fit the same init segment.
  #assertSameInit(rendition: VideoRendition, init: Uint8Array): void {
    const key = renditionKey(rendition, "init");
    const hash = createHash("sha256").update(init).digest("base64");
    const known = this.#initHashes.get(key);
    if (known !== undefined && known !== hash)
      throw new Error(`ffmpeg returned two different init segments for "${key}"`);
    this.#initHashes.set(key, hash);
    this.#dependencies.cache.addIfAbsent(key, init);
  }
}

/** Runs the work again if ffmpeg was killed from outside, for example by the out-of-memory killer. */
const retryIfKilled = <T>(work: () => Promise<T>): Promise<T> =>
  work().catch((error: unknown) => {
    if (error instanceof MediaError && error.code === "ffmpeg-killed") return work();
    throw error;
  });
