import { createHash, randomBytes } from "node:crypto";
import { open, readdir, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32c } from "../../codec/bytes/crc32c.js";
import { makeFolder } from "../../media/write/make-folder.js";

export interface DiskCacheOptions {
  /** Created if missing. Files in it that do not belong to the cache are left alone. */
  readonly folder: string;
  /**
   * Maximum bytes of all entries together. Up to two processes that share the folder stay within it; each further process
   * may exceed it by 5 %.
   */
  readonly maxBytes: number;
  /** Everything besides the key that determines the bytes. Entries of another namespace are never found. */
  readonly namespace: string;
  /** Called when an entry cannot be read or written. The cache continues without that entry. */
  readonly onError: (error: unknown) => void;
}

/** What a DiskCache has done so far. */
export interface DiskCacheCounts {
  readonly hits: number;
  readonly evicted: number;
  /** Entries that could not be read or written. */
  readonly failed: number;
  /** Bytes on disk at the last scan of the folder, plus those written since. */
  readonly bytes: number;
}

const ENTRY = /^[0-9a-f]{40}\.siedd-cache$/;
const TEMPORARY = /^[0-9a-f]{40}\.siedd-cache\.[0-9a-f]{12}\.tmp$/;
/** Age after which a temporary file is deleted: no write takes this long, so its process was killed. */
const STALE_TEMPORARY_MS = 10 * 60_000;
/** Resolution of the LRU order: an entry read again within this time is not touched, which saves a write. */
const TOUCH_INTERVAL_MS = 10_000;

// The folder is rescanned each time this process has written RESCAN_SHARE of the bound. Eviction starts above
// EVICT_ABOVE and stops at EVICT_TO, so that two processes, each RESCAN_SHARE past its last scan, stay within the bound.
const EVICT_ABOVE = 0.9;
const EVICT_TO = 0.85;
const RESCAN_SHARE = 0.05;

/** Bytes that may wait to be written; further entries are dropped, so that a slow disk cannot exhaust memory. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;

// A file is "SDC1", the CRC-32C of the body, and the body. The checksum detects files that a power loss left incomplete.
const MAGIC = Buffer.from("SDC1");
const HEADER_BYTES = 8;

/**
 * A byte-bounded LRU cache in a folder. It survives restarts, and several processes may share it. Writes are atomic
 * (temporary file, then rename). After `open`, no method rejects.
 */
export class DiskCache {
  readonly #options: DiskCacheOptions;
  readonly #counts = { hits: 0, evicted: 0, failed: 0 };
  #bytes = 0;
  #bytesSinceScan = 0;
  #pendingBytes = 0;
  /** Runs the writes and scans of this process one after another. */
  #tasks: Promise<void>;

  private constructor(options: DiskCacheOptions) {
    this.#options = options;
    this.#tasks = this.#scan().catch((error) => this.#reportError(error));
  }

  /** Opens the cache. Rejects with the file-system error if the folder cannot be created or written. */
  static async open(options: DiskCacheOptions): Promise<DiskCache> {
    await makeFolder(options.folder);
    const probe = join(options.folder, `${fileName(options, "probe")}.${randomBytes(6).toString("hex")}.tmp`);
    try {
      await writeFile(probe, "", { flag: "wx" });
    } finally {
      await rm(probe, { force: true });
    }
    return new DiskCache(options);
  }

  get counts(): DiskCacheCounts {
    return { ...this.#counts, bytes: this.#bytes };
  }

  /** Returns the entry, or undefined if it is missing, damaged or unreadable. A damaged entry is deleted. */
  async get(key: string): Promise<Uint8Array | undefined> {
    const path = this.#path(key);
    try {
      const file = await open(path, "r");
      try {
        const bytes = await file.readFile();
        if (!isIntact(bytes)) {
          await unlink(path);
          return undefined;
        }
        const { mtimeMs } = await file.stat();
        // Only the owner may touch a file: entries written by another user's process age faster.
        if (Date.now() - mtimeMs > TOUCH_INTERVAL_MS)
          await file.utimes(new Date(), new Date()).catch(() => {});
        this.#counts.hits++;
        return bytes.subarray(HEADER_BYTES);
      } finally {
        await file.close();
      }
    } catch (error) {
      // A missing file is a miss: this process or another one may have evicted it.
      if (!isMissing(error)) this.#reportError(error);
      return undefined;
    }
  }

  /** Writes an entry in the background. Entries above 5 % of the bound are not stored. */
  put(key: string, bytes: Uint8Array): void {
    const size = HEADER_BYTES + bytes.byteLength;
    if (size > this.#rescanBytes || this.#pendingBytes + size > MAX_PENDING_BYTES) return;
    this.#pendingBytes += size;
    this.#tasks = this.#tasks
      .then(() => this.#write(this.#path(key), bytes, size))
      .catch((error) => this.#reportError(error))
      .finally(() => {
        this.#pendingBytes -= size;
      });
  }

  /** Resolves when all pending writes are done. */
  async flush(): Promise<void> {
    let tasks: Promise<void>;
    do {
      tasks = this.#tasks;
      await tasks;
    } while (tasks !== this.#tasks);
  }

  get #rescanBytes(): number {
    return this.#options.maxBytes * RESCAN_SHARE;
  }

  #path(key: string): string {
    return join(this.#options.folder, fileName(this.#options, key));
  }

  async #write(path: string, bytes: Uint8Array, size: number): Promise<void> {
    if (this.#bytesSinceScan + size > this.#rescanBytes) await this.#scan();
    this.#bytesSinceScan += size;
    const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
    const header = Buffer.alloc(HEADER_BYTES);
    MAGIC.copy(header);
    header.writeUInt32BE(crc32c(bytes), MAGIC.length);
    try {
      await writeFile(temporary, Buffer.concat([header, bytes]), { flag: "wx" });
      await rename(temporary, path);
      this.#bytes += size;
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** Sums up the entries of all processes, deletes stale temporary files, and evicts if above the bound. */
  async #scan(): Promise<void> {
    const { folder, maxBytes } = this.#options;
    const entries: { path: string; size: number; mtimeMs: number }[] = [];
    let totalBytes = 0;
    for (const name of await readdir(folder)) {
      const isTemporary = TEMPORARY.test(name);
      if (!isTemporary && !ENTRY.test(name)) continue;
      const path = join(folder, name);
      const stats = await stat(path).catch(() => undefined);
      if (stats === undefined) continue;
      const { size, mtimeMs } = stats;
      if (isTemporary && Date.now() - mtimeMs > STALE_TEMPORARY_MS) await rm(path, { force: true });
      else {
        totalBytes += size;
        if (!isTemporary) entries.push({ path, size, mtimeMs });
      }
    }
    if (totalBytes > EVICT_ABOVE * maxBytes) {
      entries.sort((a, b) => a.mtimeMs - b.mtimeMs);
      for (const { path, size } of entries) {
        if (totalBytes <= EVICT_TO * maxBytes) break;
        await rm(path, { force: true });
        totalBytes -= size;
        this.#counts.evicted++;
      }
    }
    this.#bytes = totalBytes;
    this.#bytesSinceScan = 0;
  }

  #reportError(error: unknown): void {
    this.#counts.failed++;
    this.#options.onError(error);
  }
}

function fileName({ namespace }: DiskCacheOptions, key: string): string {
  return `${createHash("sha256").update(`${namespace}\n${key}`).digest("hex").slice(0, 40)}.siedd-cache`;
}

function isIntact(bytes: Buffer): boolean {
  return (
    bytes.length >= HEADER_BYTES &&
    bytes.subarray(0, MAGIC.length).equals(MAGIC) &&
    bytes.readUInt32BE(MAGIC.length) === crc32c(bytes.subarray(HEADER_BYTES))
  );
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";
