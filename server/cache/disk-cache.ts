import { createHash, randomBytes } from "node:crypto";
import { open, readdir, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32c } from "../../codec/bytes/crc32c.js";
import { makeFolder } from "../../media/write/make-folder.js";

export interface DiskCacheOptions {
  /** Made where it is not there. Files in it that are not the cache's own are left alone. */
  readonly folder: string;
  /** Bytes of all entries together, held by up to two processes on one folder; each further one may add a twentieth. */
  readonly maxBytes: number;
  /** Everything besides the key that decides bytes: entries of another recipe are not found. */
  readonly recipe: string;
  /** Told of what keeps entries from being read or written: the cache goes on without them. */
  readonly onProblem: (error: unknown) => void;
}

/** What a DiskCache has done so far. */
export interface DiskCacheCounts {
  readonly hits: number;
  /** Entries given up for room. */
  readonly evicted: number;
  /** Entries that could not be read or written. */
  readonly failed: number;
  /** Bytes on the disk when they were last counted, and written since. */
  readonly bytes: number;
}

const ENTRY = /^[0-9a-f]{40}\.siedd-cache$/;
const TEMPORARY = /^[0-9a-f]{40}\.siedd-cache\.[0-9a-f]{12}\.tmp$/;
/** Nobody writes one entry for so long: whoever began it was killed. */
const STALE_MS = 10 * 60_000;
/** How exact the order of use is, which spares a write for most reads. */
const TOUCH_MS = 10_000;

// The folder is counted again each time this process has written SHARE of the bound. An eviction begins above
// HIGH and ends at LOW, so that two processes, each SHARE beyond its last count, stay within the bound.
const HIGH = 0.9;
const LOW = 0.85;
const SHARE = 0.05;

/** Bytes that may wait to be written: a slow disk loses entries, not memory. */
const MAX_PENDING = 64 * 1024 * 1024;

// An entry is "SDC1", the CRC-32C of the rest, and the rest: a machine that lost power leaves files of any length.
const MAGIC = Buffer.from("SDC1");
const HEADER = 8;

/**
 * Finished bytes by key in a folder, for the next start and for other processes. An entry appears whole or not
 * at all (temporary file, then rename); those used longest ago go first. Nothing here rejects.
 */
export class DiskCache {
  readonly #options: DiskCacheOptions;
  readonly #counts = { hits: 0, evicted: 0, failed: 0 };
  #bytes = 0;
  #uncounted = 0;
  #pending = 0;
  /** Writes and counts of this process, one after the other. */
  #chain: Promise<void>;

  private constructor(options: DiskCacheOptions) {
    this.#options = options;
    this.#chain = this.#count().catch((error) => this.#failed(error));
  }

  /** Rejects with the error of the file system where the folder cannot be made or written. */
  static async open(options: DiskCacheOptions): Promise<DiskCache> {
    await makeFolder(options.folder);
    const probe = join(options.folder, `${nameOf(options, "probe")}.${randomBytes(6).toString("hex")}.tmp`);
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

  async get(key: string): Promise<Uint8Array | undefined> {
    const path = this.#path(key);
    try {
      const file = await open(path, "r");
      try {
        const bytes = await file.readFile();
        const body = bytes.subarray(HEADER);
        if (!isWhole(bytes)) {
          await unlink(path);
          return undefined;
        }
        const { mtimeMs } = await file.stat();
        // Only the owner may: the entry of another user's process ages faster.
        if (Date.now() - mtimeMs > TOUCH_MS) await file.utimes(new Date(), new Date()).catch(() => {});
        this.#counts.hits++;
        return body;
      } finally {
        await file.close();
      }
    } catch (error) {
      // What is not there may just have been evicted, here or by another process.
      if (!isMissing(error)) this.#failed(error);
      return undefined;
    }
  }

  /** Writes in the background; entries beyond a twentieth of the bound are not kept. */
  put(key: string, bytes: Uint8Array): void {
    const size = HEADER + bytes.byteLength;
    if (size > this.#share || this.#pending + size > MAX_PENDING) return;
    this.#pending += size;
    this.#chain = this.#chain
      .then(() => this.#write(this.#path(key), bytes, size))
      .catch((error) => this.#failed(error))
      .finally(() => {
        this.#pending -= size;
      });
  }

  /** Settles when all that was put is written. */
  async settled(): Promise<void> {
    let chain: Promise<void>;
    do {
      chain = this.#chain;
      await chain;
    } while (chain !== this.#chain);
  }

  get #share(): number {
    return this.#options.maxBytes * SHARE;
  }

  #path(key: string): string {
    return join(this.#options.folder, nameOf(this.#options, key));
  }

  async #write(path: string, bytes: Uint8Array, size: number): Promise<void> {
    if (this.#uncounted + size > this.#share) await this.#count();
    this.#uncounted += size;
    const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
    const header = Buffer.alloc(HEADER);
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

  /** Counts what is there, whoever wrote it, and makes room. */
  async #count(): Promise<void> {
    const { folder, maxBytes } = this.#options;
    const entries: { path: string; size: number; mtimeMs: number }[] = [];
    let total = 0;
    for (const name of await readdir(folder)) {
      const temporary = TEMPORARY.test(name);
      if (!temporary && !ENTRY.test(name)) continue;
      const path = join(folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found === undefined) continue;
      if (temporary && Date.now() - found.mtimeMs > STALE_MS) await rm(path, { force: true });
      else {
        total += found.size;
        if (!temporary) entries.push({ path, size: found.size, mtimeMs: found.mtimeMs });
      }
    }
    if (total > HIGH * maxBytes) {
      entries.sort((a, b) => a.mtimeMs - b.mtimeMs);
      for (const { path, size } of entries) {
        if (total <= LOW * maxBytes) break;
        await rm(path, { force: true });
        total -= size;
        this.#counts.evicted++;
      }
    }
    this.#bytes = total;
    this.#uncounted = 0;
  }

  #failed(error: unknown): void {
    this.#counts.failed++;
    this.#options.onProblem(error);
  }
}

function nameOf({ recipe }: DiskCacheOptions, key: string): string {
  return `${createHash("sha256").update(`${recipe}\n${key}`).digest("hex").slice(0, 40)}.siedd-cache`;
}

function isWhole(bytes: Buffer): boolean {
  return (
    bytes.length >= HEADER &&
    bytes.subarray(0, MAGIC.length).equals(MAGIC) &&
    bytes.readUInt32BE(MAGIC.length) === crc32c(bytes.subarray(HEADER))
  );
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";
