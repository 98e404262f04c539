/** Current size of a cache tier. */
export interface CacheState {
  readonly tier: "memory" | "disk" | "origin";
  /** Bytes in use. */
  readonly bytes: number;
  readonly maxBytes: number;
}

/** The JSON of `/stats.json`, which the dashboard plots. Totals count since the server started. It names no videos. */
export interface Stats {
  /** Uptime of the server in seconds. */
  readonly seconds: number;
  /** Running jobs. */
  readonly running: number;
  /** Queued jobs. */
  readonly waiting: number;
  /** Maximum running jobs. */
  readonly concurrency: number;
  /** Maximum queued jobs. */
  readonly maxQueue: number;
  /** Total output pixels decoded. */
  readonly pixels: number;
  /** Total frames decoded. */
  readonly frames: number;
  /** Total responses served from a cache, or coalesced with a job in flight. */
  readonly hits: number;
  /** Total responses computed. */
  readonly computed: number;
  readonly caches: readonly CacheState[];
}
