import { LRUCache } from "lru-cache";
import { abortable } from "../../decode-pool/abortable.js";

/** Bytes of a block: large beside the overhead of a request, small beside a group of a large video. */
export const BLOCK_BYTES = 256 * 1024;
/** Neighboring blocks that one request brings. */
const MAX_BLOCKS = 4;

/** An asset whose bytes come from far away. */
export interface RemoteBytes {
  /** Names this content among all. */
  readonly key: string;
  readonly size: number;
  /** Bytes `first` to `last`, both included. */
  fetch(first: number, last: number): Promise<Uint8Array>;
}

/** What a BlockCache has done so far. */
export interface BlockCounts {
  /** Blocks that were there, or on their way. */
  readonly hits: number;
  readonly fetched: number;
  readonly evicted: number;
  /** Bytes held now. */
  readonly bytes: number;
}

/**
 * Blocks of distant assets, bounded in bytes, least recently used first out. Those who ask for a block that is on
 * its way share it; a fetch goes on when they leave, for it is short and the next one will want it.
 */
export class BlockCache {
  readonly #blocks: LRUCache<string, Uint8Array>;
  readonly #flights = new Map<string, Promise<Uint8Array>>();
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

  get counts(): BlockCounts {
    return { ...this.#counts, bytes: this.#blocks.calculatedSize };
  }

  /** Keeps what came without being asked for, such as the first block, with which an asset is looked at. */
  offer(key: string, index: number, bytes: Uint8Array): void {
    this.#blocks.set(`${key} ${index}`, bytes);
  }

  /** Bytes of an asset, within its size. Rejects with what `fetch` rejects with, or the signal's reason. */
  async read(asset: RemoteBytes, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const first = Math.floor(offset / BLOCK_BYTES);
    const count = length === 0 ? 0 : Math.floor((offset + length - 1) / BLOCK_BYTES) - first + 1;
    const blocks = this.#blocksOf(asset, first, count);
    const bytes = new Uint8Array(length);
    for (const [i, coming] of blocks.entries()) {
      const block = await abortable(coming, signal);
      const start = (first + i) * BLOCK_BYTES;
      const from = Math.max(offset, start);
      const to = Math.min(offset + length, start + block.length);
      bytes.set(block.subarray(from - start, to - start), from - offset);
    }
    return bytes;
  }

  #blocksOf(asset: RemoteBytes, first: number, count: number): Promise<Uint8Array>[] {
    const blocks: Promise<Uint8Array>[] = [];
    for (let index = first; index < first + count; ) {
      const here = this.#present(asset, index);
      if (here !== undefined) {
        this.#counts.hits++;
        blocks.push(here);
        index++;
        continue;
      }
      let missing = 1;
      while (
        missing < MAX_BLOCKS &&
        index + missing < first + count &&
        this.#present(asset, index + missing) === undefined
      )
        missing++;
      blocks.push(...this.#fetch(asset, index, missing));
      index += missing;
    }
    return blocks;
  }

  #present({ key }: RemoteBytes, index: number): Promise<Uint8Array> | undefined {
    const name = `${key} ${index}`;
    const kept = this.#blocks.get(name);
    return kept === undefined ? this.#flights.get(name) : Promise.resolve(kept);
  }

  #fetch(asset: RemoteBytes, first: number, count: number): Promise<Uint8Array>[] {
    this.#counts.fetched += count;
    const start = first * BLOCK_BYTES;
    const run = asset.fetch(start, Math.min(asset.size, start + count * BLOCK_BYTES) - 1);
    return Array.from({ length: count }, (_, i) => {
      const name = `${asset.key} ${first + i}`;
      const block = run
        // A copy: a view would hold the whole run in memory while one of its blocks is kept.
        .then((bytes) => bytes.slice(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES))
        .then((bytes) => {
          this.#blocks.set(name, bytes);
          return bytes;
        })
        .finally(() => this.#flights.delete(name));
      // Of a fetch whose readers have all left.
      block.catch(() => {});
      this.#flights.set(name, block);
      return block;
    });
  }
}
