import { LRUCache } from "lru-cache";
import { abortable } from "../../decode-pool/abortable.js";

/** Size of a block: large compared to the overhead of a request, small compared to a group of a large video. */
export const BLOCK_BYTES = 256 * 1024;
/** Adjacent blocks that one request may fetch. */
const MAX_BLOCKS_PER_FETCH = 4;

/** The bytes of an asset on another server. */
export interface RemoteBytes {
  /** Identifies this version of this asset among all assets. */
  readonly key: string;
  readonly size: number;
  /** Fetches the bytes from `first` to `last`, inclusive. */
  fetch(first: number, last: number): Promise<Uint8Array>;
}

/** What a BlockCache has done so far. */
export interface BlockCacheCounts {
  /** Blocks read from memory, or from a fetch in flight. */
  readonly hits: number;
  readonly fetched: number;
  readonly evicted: number;
  /** Bytes in memory now. */
  readonly bytes: number;
}

/**
 * A byte-bounded LRU cache of blocks of remote assets. Concurrent reads of a block share one fetch. A fetch continues
 * after its readers abort: it is short, and the next reader is likely to need it.
 */
export class BlockCache {
  readonly #blocks: LRUCache<string, Uint8Array>;
  readonly #inFlight = new Map<string, Promise<Uint8Array>>();
  readonly #counts = { hits: 0, fetched: 0, evicted: 0 };

  constructor(maxBytes: number) {
    this.#blocks = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (bytes, key) => bytes.byteLength + key.length,
      dispose: (_bytes, _key, reason) => {
        if (reason === "evict") this.#counts.evicted++;
      },
    });
  }

  get counts(): BlockCacheCounts {
    return { ...this.#counts, bytes: this.#blocks.calculatedSize };
  }

  /** Stores a block that was fetched outside of the cache, such as the first block of an asset. */
  set(key: string, index: number, bytes: Uint8Array): void {
    this.#blocks.set(blockKey(key, index), bytes);
  }

  /** Reads bytes within the size of an asset. Rejects with the error of `fetch`, or the signal's reason. */
  async read(asset: RemoteBytes, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const firstBlock = Math.floor(offset / BLOCK_BYTES);
    const count = length === 0 ? 0 : Math.floor((offset + length - 1) / BLOCK_BYTES) - firstBlock + 1;
    const blocks = this.#getBlocks(asset, firstBlock, count);
    const bytes = new Uint8Array(length);
    for (const [i, promise] of blocks.entries()) {
      const block = await abortable(promise, signal);
      const blockStart = (firstBlock + i) * BLOCK_BYTES;
      const start = Math.max(offset, blockStart);
      const end = Math.min(offset + length, blockStart + block.length);
      bytes.set(block.subarray(start - blockStart, end - blockStart), start - offset);
    }
    return bytes;
  }

  /** Returns `count` blocks from `first` on. Runs of missing blocks are fetched together. */
  #getBlocks(asset: RemoteBytes, first: number, count: number): Promise<Uint8Array>[] {
    const blocks: Promise<Uint8Array>[] = [];
    for (let index = first; index < first + count; ) {
      const cached = this.#getBlock(asset, index);
      if (cached !== undefined) {
        this.#counts.hits++;
        blocks.push(cached);
        index++;
        continue;
      }
      let missing = 1;
      while (
        missing < MAX_BLOCKS_PER_FETCH &&
        index + missing < first + count &&
        this.#getBlock(asset, index + missing) === undefined
      )
        missing++;
      blocks.push(...this.#fetchBlocks(asset, index, missing));
      index += missing;
    }
    return blocks;
  }

  /** Returns a block in memory or in flight. */
  #getBlock({ key }: RemoteBytes, index: number): Promise<Uint8Array> | undefined {
    const name = blockKey(key, index);
    const cached = this.#blocks.get(name);
    return cached === undefined ? this.#inFlight.get(name) : Promise.resolve(cached);
  }

  #fetchBlocks(asset: RemoteBytes, first: number, count: number): Promise<Uint8Array>[] {
    this.#counts.fetched += count;
    const start = first * BLOCK_BYTES;
    const fetched = asset.fetch(start, Math.min(asset.size, start + count * BLOCK_BYTES) - 1);
    return Array.from({ length: count }, (_, i) => {
      const name = blockKey(asset.key, first + i);
      const block = fetched
        // Copy: a view would keep all fetched blocks in memory as long as one of them is cached.
        .then((bytes) => bytes.slice(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES))
        .then((bytes) => {
          this.#blocks.set(name, bytes);
          return bytes;
        })
        .finally(() => this.#inFlight.delete(name));
      // Prevents an unhandled rejection if all readers have aborted.
      block.catch(() => {});
      this.#inFlight.set(name, block);
      return block;
    });
  }
}

const blockKey = (assetKey: string, index: number): string => `${assetKey} ${index}`;
