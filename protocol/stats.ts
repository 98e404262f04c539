/** A cache at this moment. */
export interface CacheState {
  readonly tier: "memory" | "disk" | "origin";
  readonly bytes: number;
  readonly maxBytes: number;
}

/** The JSON of `/stats.json`: what the console draws. Totals count from the server's start; it names no video. */
export interface Stats {
  /** Seconds since the server's start. */
  readonly seconds: number;
  readonly running: number;
  readonly waiting: number;
  /** Jobs at the same time, and places to wait. */
  readonly concurrency: number;
  readonly maxQueue: number;
  /** Output pixels and frames decoded. */
  readonly pixels: number;
  readonly frames: number;
  /** Answers from a cache or from work that was under way, and those computed. */
  readonly hits: number;
  readonly computed: number;
  readonly caches: readonly CacheState[];
}
