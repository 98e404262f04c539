import type { CacheState, Stats } from "../../protocol/stats.js";
import type { CoalescingCache } from "../cache/coalescing-cache.js";
import type { DiskCache } from "../cache/disk-cache.js";
import type { BlockCache } from "../library/block-cache.js";
import type { Origin } from "../library/origin.js";
import type { WorkQueue } from "../scheduling/queue.js";
import type { WorkEvent } from "./work-event.js";

export interface StatsDependencies {
  readonly queue: WorkQueue;
  readonly cache: CoalescingCache;
  readonly disk: DiskCache | undefined;
  readonly origins: readonly Origin[];
  readonly blocks: BlockCache;
  readonly options: {
    readonly concurrency: number;
    readonly maxQueue: number;
    readonly cacheBytes: number;
    readonly cacheDirBytes: number;
    readonly originCacheBytes: number;
  };
}

/** Collects the statistics of one instance for `stats.json`. */
export class StatsCollector {
  readonly #dependencies: StatsDependencies;
  readonly #started = performance.now();
  #pixels = 0;
  #frames = 0;

  constructor(dependencies: StatsDependencies) {
    this.#dependencies = dependencies;
  }

  recordWork({ width, height, frames }: WorkEvent): void {
    this.#frames += frames;
    this.#pixels += width * height * frames;
  }

  read(): Stats {
    const { queue, cache, disk, options } = this.#dependencies;
    const { hits, coalesced, computed } = cache.counts;
    return {
      seconds: (performance.now() - this.#started) / 1000,
      running: queue.running,
      waiting: queue.waiting,
      concurrency: options.concurrency,
      maxQueue: options.maxQueue,
      pixels: this.#pixels,
      frames: this.#frames,
      hits: hits + coalesced + (disk?.counts.hits ?? 0),
      computed,
      caches: this.#caches(),
    };
  }

  #caches(): CacheState[] {
    const { cache, disk, origins, blocks, options } = this.#dependencies;
    const caches: CacheState[] = [
      { tier: "memory", bytes: cache.counts.bytes, maxBytes: options.cacheBytes },
    ];
    if (disk !== undefined) {
      caches.push({ tier: "disk", bytes: disk.counts.bytes, maxBytes: options.cacheDirBytes });
    }
    if (origins.length > 0) {
      const { bytes } = blocks.counts;
      caches.push({ tier: "origin", bytes, maxBytes: options.originCacheBytes });
    }
    return caches;
  }
}
