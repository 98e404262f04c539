import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type DecodePool, decodeFrames } from "../../decode-pool/index.js";
import { MediaError } from "../../media/errors.js";
import {
  encodeInit,
  encodeSegment,
  type SampleEntry,
  type VideoEncoder,
} from "../../media/segments/segment-encoder.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import type { CoalescingCache } from "../cache/coalescing-cache.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { type VideoSegment, videoSegments } from "../catalog/timeline.js";
import { RequestError } from "../errors.js";
import type { WorkEvent } from "../monitoring/work-event.js";
import type { RegionRequest, SourceSize } from "../request/region.js";
import { jobContextOf } from "../scheduling/job-context.js";
import { nextSegments } from "../scheduling/next-segments.js";
import type { Prefetcher } from "../scheduling/prefetcher.js";
import type { WorkQueue } from "../scheduling/queue.js";

/** Which picture of a video, at which size, in which of the two kinds of rendition. */
export interface VideoRendition {
  readonly entry: CatalogEntry;
  readonly region: RegionRequest;
  /** Output pixels, both even. */
  readonly size: SourceSize;
  /** `avc3` in the elastic rendition; else that of the codec. */
  readonly sampleEntry: SampleEntry;
}

export interface SegmentServiceDependencies {
  readonly pool: DecodePool;
  readonly cache: CoalescingCache;
  readonly queue: WorkQueue;
  readonly encoder: VideoEncoder;
  readonly onWork: (event: WorkEvent) => void;
  readonly limits: SizeLimits;
  readonly prefetcher: Prefetcher;
  /** Segments that are made ahead of those asked for. */
  readonly prefetch: number;
  /** Pixels times frames of one segment at most. */
  readonly maxWork: number;
}

/** Names the bytes of a part of a rendition among all that this server can make. */
export function partKey({ entry, region, size, sampleEntry }: VideoRendition, part: string): string {
  return `${entry.id} ${entry.version} ${region.canonical} ${size.width}x${size.height} ${sampleEntry} ${part}`;
}

/** The segment of an index. Throws RequestError `no-such-segment`. */
export function findSegment(entry: CatalogEntry, index: number): VideoSegment {
  const segments = videoSegments(entry.asset);
  const segment = segments[index];
  if (segment === undefined) {
    throw new RequestError(
      "no-such-segment",
      `"${entry.id}" has segments 0 to ${segments.length - 1}, not ${index}`,
    );
  }
  return segment;
}

/** An ffmpeg that something else ended, such as the system short of memory, is started a second time. */
const onceMore = <T>(work: () => Promise<T>): Promise<T> =>
  work().catch((error: unknown) => {
    if (error instanceof MediaError && error.code === "ffmpeg-killed") return work();
    throw error;
  });

/** Computes init and media segments when they are asked for: a pure function of video, index, region and size. */
export class SegmentService {
  readonly #parts: SegmentServiceDependencies;
  readonly #initHashes = new LRUCache<string, string>({ max: 4096 });

  constructor(parts: SegmentServiceDependencies) {
    this.#parts = parts;
  }

  /** ftyp and moov, without decoding anything of the video. */
  init(rendition: VideoRendition, signal?: AbortSignal): Promise<Uint8Array> {
    const { cache, queue, encoder } = this.#parts;
    const { size, sampleEntry, entry } = rendition;
    const { width, height } = size;
    const format = { width, height, frameRate: entry.asset.frameRate, sampleEntry, encoder };
    const encode = async (ended: AbortSignal) => {
      const init = await encodeInit({ ...format, signal: ended });
      this.#expectSameInit(rendition, init);
      return init;
    };
    const make = (abandoned: AbortSignal) =>
      queue.run((ended) => this.#timed(rendition, "init", 0, 0, () => encode(ended)), abandoned);
    return cache.get(partKey(rendition, "init"), make, signal);
  }

  /** moof and mdat of one segment. Rejects with SieddError, MediaError, RequestError or the signal's reason. */
  async segment(rendition: VideoRendition, segment: VideoSegment, signal?: AbortSignal): Promise<Uint8Array> {
    const { cache, queue } = this.#parts;
    const cost = this.#cost(rendition, segment);
    const make = (abandoned: AbortSignal) =>
      queue.run(
        (ended) =>
          this.#timed(rendition, "segment", segment.index, segment.frameCount, () =>
            onceMore(() => this.#encode(rendition, segment, ended)),
          ),
        abandoned,
        cost,
      );
    const bytes = await cache.get(partKey(rendition, `${segment.index}`), make, signal);
    this.#expectNext(rendition, segment.index, signal);
    return bytes;
  }

  #cost({ size }: VideoRendition, { frameCount }: VideoSegment): number {
    const cost = size.width * size.height * frameCount;
    const { maxWork } = this.#parts;
    if (cost <= maxWork) return cost;
    throw new RequestError(
      "too-much-work",
      `${frameCount} frames of ${size.width}x${size.height} are ${cost} pixels; one answer has at most ${maxWork} here, so ask for a smaller size`,
    );
  }

  #expectNext(rendition: VideoRendition, index: number, signal: AbortSignal | undefined): void {
    const { ahead, next } = jobContextOf(signal);
    const { prefetcher, prefetch, limits, cache } = this.#parts;
    if (ahead || prefetch === 0) return;
    // The nearest last: the newest offer is the first to be made.
    for (const { rendition: other, index: k } of nextSegments(
      rendition,
      index,
      prefetch,
      next,
      limits,
    ).reverse()) {
      const key = partKey(other, `${k}`);
      if (cache.holds(key)) continue;
      prefetcher.offer(key, async (given) => this.segment(other, findSegment(other.entry, k), given));
    }
  }

  async #encode(rendition: VideoRendition, segment: VideoSegment, signal: AbortSignal): Promise<Uint8Array> {
    const { entry, region, size, sampleEntry } = rendition;
    const frames = decodeFrames(this.#parts.pool, entry, {
      from: segment.firstFrame,
      count: segment.frameCount,
      request: { region, width: size.width, height: size.height },
      format: "i420-709",
      signal,
    });
    const { init, media } = await encodeSegment({
      ...{ width: size.width, height: size.height, frameRate: entry.asset.frameRate, sampleEntry },
      ...{
        frames,
        frameCount: segment.frameCount,
        firstFrame: segment.firstFrame,
        sequence: segment.index + 1,
      },
      ...{ encoder: this.#parts.encoder, signal },
    });
    if (sampleEntry !== "avc3") this.#expectSameInit(rendition, init);
    return media;
  }

  // Segments play as one stream only while all of them were made for the same init segment.
  #expectSameInit(rendition: VideoRendition, init: Uint8Array): void {
    const key = partKey(rendition, "init");
    const hash = createHash("sha256").update(init).digest("base64");
    const known = this.#initHashes.get(key);
    if (known !== undefined && known !== hash) throw new Error(`ffmpeg made two init segments for ${key}`);
    this.#initHashes.set(key, hash);
    this.#parts.cache.offer(key, init);
  }

  async #timed(
    { entry, size }: VideoRendition,
    type: WorkEvent["type"],
    index: number,
    frames: number,
    work: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const started = performance.now();
    const bytes = await work();
    const seconds = (performance.now() - started) / 1000;
    const { width, height } = size;
    this.#parts.onWork({
      type,
      id: entry.id,
      index,
      width,
      height,
      frames,
      seconds,
      bytes: bytes.byteLength,
    });
    return bytes;
  }
}
