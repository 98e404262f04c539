import { LRUCache } from "lru-cache";
import {
  type JobContext,
  jobContextOf,
  mergeContext,
  sharedJobContext,
  withJobContext,
} from "../scheduling/job-context.js";
import type { DiskCache } from "./disk-cache.js";

/** What a SharedCache has done so far. */
export interface CacheCounts {
  /** Answers from memory. */
  readonly hits: number;
  /** Answers that joined work under way. */
  readonly shared: number;
  /** Works done; what was refused, failed or given up is none. */
  readonly made: number;
  /** Works ended because nobody waited any more. */
  readonly abandoned: number;
  /** Entries given up for room. */
  readonly evicted: number;
  /** Bytes held now. */
  readonly bytes: number;
}

interface Flight {
  readonly result: Promise<Uint8Array>;
  readonly controller: AbortController;
  readonly demand: JobContext;
  waiting: number;
}

/**
 * Finished bytes by key, bounded in bytes, least recently used first out, over a disk that holds more of them. Those
 * who ask for what is being made share that work: it ends when it is done, or when the last of them has left.
 */
export class CoalescingCache {
  readonly #kept: LRUCache<string, Uint8Array> | undefined;
  readonly #disk: DiskCache | undefined;
  readonly #flights = new Map<string, Flight>();
  readonly #counts = { hits: 0, shared: 0, made: 0, abandoned: 0, evicted: 0 };

  /**
   * @param maxBytes in memory; 0 keeps nothing there and shares all the same
   * @param disk asked before anything is made, and given what was
   */
  constructor(maxBytes: number, disk?: DiskCache) {
    this.#disk = disk;
    if (maxBytes === 0) return;
    this.#kept = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (value, key) => Math.max(1, value.byteLength + key.length),
      dispose: (_value, _key, reason) => {
        if (reason === "evict") this.#counts.evicted++;
      },
    });
  }

  get counts(): CacheCounts {
    return { ...this.#counts, bytes: this.#kept?.calculatedSize ?? 0 };
  }

  /**
   * The bytes of `key`. `make` gets a signal of its own, aborted when every caller's `signal` is, with the
   * demand of them all. A failure is not kept. Rejects with the error of `make`, or with the reason of the caller's own signal.
   */
  async get(
    key: string,
    make: (signal: AbortSignal) => Promise<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const kept = this.#kept?.get(key);
    if (kept !== undefined) {
      this.#counts.hits++;
      jobContextOf(signal).store = "memory";
      return kept;
    }
    let flight = this.#flights.get(key);
    if (flight === undefined) flight = this.#start(key, make, signal);
    else {
      this.#counts.shared++;
      mergeContext(flight.demand, jobContextOf(signal));
    }
    const bytes = await this.#wait(key, flight, signal);
    jobContextOf(signal).store = flight.demand.store ?? "none";
    return bytes;
  }

  /** What is in memory, at once. */
  peek(key: string): Uint8Array | undefined {
    const kept = this.#kept?.get(key);
    if (kept !== undefined) this.#counts.hits++;
    return kept;
  }

  /** Whether the key is in memory or being made. */
  holds(key: string): boolean {
    return this.#kept?.has(key) === true || this.#flights.has(key);
  }

  /** Keeps bytes that came as a by-product, unless there are some. */
  offer(key: string, bytes: Uint8Array): void {
    if (this.#kept?.has(key) !== false) return;
    this.#kept.set(key, bytes);
    this.#disk?.put(key, bytes);
  }

  #start(
    key: string,
    make: (signal: AbortSignal) => Promise<Uint8Array>,
    first: AbortSignal | undefined,
  ): Flight {
    const controller = new AbortController();
    const demand = sharedJobContext(first);
    withJobContext(controller.signal, demand);
    const result = this.#find(key, make, controller.signal, demand).then(
      (bytes) => {
        if (this.#flights.get(key)?.controller === controller) this.#flights.delete(key);
        this.#kept?.set(key, bytes);
        return bytes;
      },
      (error: unknown) => {
        if (this.#flights.get(key)?.controller === controller) this.#flights.delete(key);
        throw error;
      },
    );
    result.catch(() => {});
    const flight: Flight = { result, controller, demand, waiting: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  /** From the disk, or made. */
  async #find(
    key: string,
    make: (signal: AbortSignal) => Promise<Uint8Array>,
    signal: AbortSignal,
    demand: JobContext,
  ): Promise<Uint8Array> {
    const found = await this.#disk?.get(key);
    signal.throwIfAborted();
    if (found !== undefined) {
      demand.store = "disk";
      return found;
    }
    const bytes = await make(signal);
    this.#counts.made++;
    this.#disk?.put(key, bytes);
    return bytes;
  }

  #wait(key: string, flight: Flight, signal: AbortSignal | undefined): Promise<Uint8Array> {
    flight.waiting++;
    if (signal === undefined) return flight.result;
    return new Promise((resolve, reject) => {
      const leave = () => {
        reject(signal.reason);
        if (--flight.waiting > 0) return;
        this.#counts.abandoned++;
        // Whoever asks from now on must not join work that is ending.
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
        flight.controller.abort(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      flight.result.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
    });
  }
}
