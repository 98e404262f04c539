import { LRUCache } from "lru-cache";
import {
  type JobContext,
  jobContextOf,
  mergeContext,
  sharedJobContext,
  withJobContext,
} from "../scheduling/job-context.js";
import type { DiskCache } from "./disk-cache.js";

/** What a CoalescingCache has done so far. */
export interface CoalescingCacheCounts {
  /** Lookups served from memory. */
  readonly hits: number;
  /** Lookups that joined a job in flight. */
  readonly coalesced: number;
  /** Jobs completed; rejected, failed and aborted jobs do not count. */
  readonly computed: number;
  /** Jobs aborted because no caller was waiting anymore. */
  readonly aborted: number;
  /** Entries evicted from memory. */
  readonly evicted: number;
  /** Bytes in memory now. */
  readonly bytes: number;
}

type Compute = (signal: AbortSignal) => Promise<Uint8Array>;

interface InFlight {
  readonly result: Promise<Uint8Array>;
  readonly controller: AbortController;
  readonly context: JobContext;
  waiters: number;
}

/**
 * A byte-bounded LRU cache in memory, over an optional disk cache. Concurrent lookups of one key share one job
 * (request coalescing), which runs until it is done or its last waiter aborts.
 */
export class CoalescingCache {
  readonly #memory: LRUCache<string, Uint8Array> | undefined;
  readonly #disk: DiskCache | undefined;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #counts = { hits: 0, coalesced: 0, computed: 0, aborted: 0, evicted: 0 };

  /**
   * @param maxBytes in memory; 0 disables the memory cache, but lookups still coalesce
   * @param disk the second tier: read before computing, and written after
   */
  constructor(maxBytes: number, disk?: DiskCache) {
    this.#disk = disk;
    if (maxBytes === 0) return;
    this.#memory = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (value, key) => Math.max(1, value.byteLength + key.length),
      dispose: (_value, _key, reason) => {
        if (reason === "evict") this.#counts.evicted++;
      },
    });
  }

  get counts(): CoalescingCacheCounts {
    return { ...this.#counts, bytes: this.#memory?.calculatedSize ?? 0 };
  }

  /**
   * Returns the bytes of `key` from memory, from a job in flight, from disk, or from `compute`. Errors are not cached.
   * Rejects with the error of `compute`, or with the reason of the caller's own signal.
   *
   * @param compute its signal aborts once the signals of all waiters have, and carries their merged job context
   */
  async get(key: string, compute: Compute, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const cached = this.#memory?.get(key);
    if (cached !== undefined) {
      this.#counts.hits++;
      jobContextOf(signal).cacheTier = "memory";
      return cached;
    }
    let inFlight = this.#inFlight.get(key);
    if (inFlight === undefined) inFlight = this.#start(key, compute, signal);
    else {
      this.#counts.coalesced++;
      mergeContext(inFlight.context, jobContextOf(signal));
    }
    const bytes = await this.#wait(key, inFlight, signal);
    jobContextOf(signal).cacheTier = inFlight.context.cacheTier ?? "none";
    return bytes;
  }

  /** Returns the bytes of `key` if they are in memory. */
  getFromMemory(key: string): Uint8Array | undefined {
    const cached = this.#memory?.get(key);
    if (cached !== undefined) this.#counts.hits++;
    return cached;
  }

  /** Whether `key` is in memory or in flight. */
  has(key: string): boolean {
    return this.#memory?.has(key) === true || this.#inFlight.has(key);
  }

  /** Stores bytes that are a by-product of another job, unless memory already has the key. */
  addIfAbsent(key: string, bytes: Uint8Array): void {
    if (this.#memory?.has(key) !== false) return;
    this.#memory.set(key, bytes);
    this.#disk?.put(key, bytes);
  }

  #start(key: string, compute: Compute, firstSignal: AbortSignal | undefined): InFlight {
    const controller = new AbortController();
    const context = sharedJobContext(firstSignal);
    withJobContext(controller.signal, context);
    const result = this.#load(key, compute, controller.signal, context).then(
      (bytes) => {
        if (this.#inFlight.get(key)?.controller === controller) this.#inFlight.delete(key);
        this.#memory?.set(key, bytes);
        return bytes;
      },
      (error: unknown) => {
        if (this.#inFlight.get(key)?.controller === controller) this.#inFlight.delete(key);
        throw error;
      },
    );
    result.catch(() => {});
    const inFlight: InFlight = { result, controller, context, waiters: 0 };
    this.#inFlight.set(key, inFlight);
    return inFlight;
  }

  async #load(key: string, compute: Compute, signal: AbortSignal, context: JobContext): Promise<Uint8Array> {
    const stored = await this.#disk?.get(key);
    signal.throwIfAborted();
    if (stored !== undefined) {
      context.cacheTier = "disk";
      return stored;
    }
    const bytes = await compute(signal);
    this.#counts.computed++;
    this.#disk?.put(key, bytes);
    return bytes;
  }

  #wait(key: string, inFlight: InFlight, signal: AbortSignal | undefined): Promise<Uint8Array> {
    inFlight.waiters++;
    if (signal === undefined) return inFlight.result;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        reject(signal.reason);
        if (--inFlight.waiters > 0) return;
        this.#counts.aborted++;
        // Later lookups must not join a job that is being aborted.
        if (this.#inFlight.get(key) === inFlight) this.#inFlight.delete(key);
        inFlight.controller.abort(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      inFlight.result.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
    });
  }
}
