import type { CacheState, Stats } from "../../protocol/stats.js";
import type { CoalescingCache } from "../cache/coalescing-cache.js";
import type { DiskCache } from "../cache/disk-cache.js";
import type { Libraries } from "../library/open-libraries.js";
import type { WorkQueue } from "../scheduling/queue.js";
import type { WorkEvent } from "./work-event.js";

export interface StatsParts {
  readonly queue: WorkQueue;
  readonly cache: CoalescingCache;
  readonly disk: DiskCache | undefined;
  readonly sources: Libraries;
  readonly options: {
    readonly concurrency: number;
    readonly maxQueue: number;
    readonly cacheBytes: number;
    readonly cacheDirBytes: number;
    readonly originCacheBytes: number;
  };
}

/** Adds up what a console shows. */
export class StatsCollector {
  readonly #parts: StatsParts;
  readonly #started = performance.now();
  #pixels = 0;
  #frames = 0;

  constructor(parts: StatsParts) {
    this.#parts = parts;
  }

  work({ width, height, frames }: WorkEvent): void {
    this.#frames += frames;
    this.#pixels += width * height * frames;
  }

  read(): Stats {
    const { queue, cache, disk, sources, options } = this.#parts;
    const { hits, shared, made, bytes } = cache.counts;
    const stored = disk?.counts;
    const caches: CacheState[] = [{ tier: "memory", bytes, maxBytes: options.cacheBytes }];
    if (stored !== undefined) {
      caches.push({ tier: "disk", bytes: stored.bytes, maxBytes: options.cacheDirBytes });
    }
    if (sources.origins.length > 0) {
      caches.push({
        tier: "origin",
        bytes: sources.blocks.counts.bytes,
        maxBytes: options.originCacheBytes,
      });
    }
    return {
      seconds: (performance.now() - this.#started) / 1000,
      running: queue.running,
      waiting: queue.waiting,
      concurrency: options.concurrency,
      maxQueue: options.maxQueue,
      pixels: this.#pixels,
      frames: this.#frames,
      hits: hits + shared + (stored?.hits ?? 0),
      computed: made,
      caches,
    };
  }
}
