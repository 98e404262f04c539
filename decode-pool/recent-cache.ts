import { LRUCache } from "lru-cache";

/** Bounds of a RecentCache. */
export interface RecentCacheOptions<T> {
  /** Number of results. */
  readonly max: number;
  /** Bytes of all results. A larger result is kept alone. */
  readonly maxBytes: number;
  /** Returns the size of a result in bytes. */
  readonly bytesOf: (result: T) => number;
  /** Milliseconds after its last use that a result is kept. */
  readonly idleMs: number;
}

interface Entry<T> {
  readonly result: Promise<T>;
  readonly bytes: number;
}

/** Keeps the results of asynchronous work that were used last. Work that rejects is not kept. */
export class RecentCache<T> {
  readonly #options: RecentCacheOptions<T>;
  readonly #entries: LRUCache<string, Entry<T>>;

  constructor(options: RecentCacheOptions<T>) {
    this.#options = options;
    const { max, maxBytes, idleMs } = options;
    this.#entries = new LRUCache({
      max,
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }) => Math.max(1, Math.min(maxBytes, bytes)),
      ttl: idleMs,
      updateAgeOnGet: true,
    });
    // The cache itself drops an idle result only when it is requested.
    setInterval(() => this.#entries.purgeStale(), idleMs).unref();
  }

  /** Number of results that are kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** Returns the result of a key that is kept, or else creates it. */
  get(key: string, create: () => Promise<T>): Promise<T> {
    const kept = this.#entries.get(key);
    if (kept !== undefined) return kept.result;
    const created: Entry<T> = { result: create(), bytes: 0 };
    this.#entries.set(key, created);
    const isKept = () => this.#entries.peek(key) === created;
    created.result.then(
      (result) => {
        if (isKept()) this.#entries.set(key, { ...created, bytes: this.#options.bytesOf(result) });
      },
      () => {
        if (isKept()) this.#entries.delete(key);
      },
    );
    return created.result;
  }
}

/** Bytes of an object besides its buffers, about. */
const OBJECT_BYTES = 100;

/** Returns the approximate size of a value in memory, in bytes: that of all buffers that it refers to. */
export function bufferBytes(value: unknown): number {
  if (ArrayBuffer.isView(value)) return OBJECT_BYTES + value.byteLength;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce<number>((sum, part) => sum + bufferBytes(part), OBJECT_BYTES);
}
