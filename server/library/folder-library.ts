import type { Stats } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openAsset } from "../../codec/asset/asset.js";
import { SieddError } from "../../codec/errors.js";
import { fileSource } from "../../decode-pool/index.js";
import { RequestError } from "../errors.js";
import { Identities } from "./identity.js";
import {
  ASSET_EXTENSION,
  type Library,
  type LibraryEntry,
  normalizeId,
  type OpenedSource,
} from "./library.js";
import { type FolderWatcher, pollFolder, watchFolder } from "./watch-folder.js";

/** Milliseconds since its last write after which a file is opened; a copy in progress writes more often. */
const SETTLED_AFTER_MS = 200;
/** Milliseconds that a request waits for a file to settle. */
const SETTLE_TIMEOUT_MS = 1000;
/** Milliseconds since its last write during which a truncated file is reported as still being written. */
const WRITING_WINDOW_MS = 5000;
/** Bytes at either end of an asset that are never all zero, except in a preallocated file that is still being written. */
const PROBE_BYTES = 64;

/** The `*.siedd` files of a folder. Every request checks the file again, so that a replaced file is noticed at once. */
export class FolderLibrary implements Library {
  readonly scanned = true;
  readonly #folder: string;
  readonly #polling: boolean;
  readonly #identities = new Identities();
  #watcher: FolderWatcher | undefined;

  /** @param polling whether to watch by polling instead of by events, as network file systems require */
  constructor(folder: string, polling = false) {
    this.#folder = folder;
    this.#polling = polling;
  }

  async ids(): Promise<string[]> {
    const entries = await readdir(this.#folder, { withFileTypes: true }).catch((cause: unknown) => {
      // Without the path: clients see the message in the catalog.
      throw new Error("cannot list a video folder: it is missing, or the server has no permission", {
        cause,
      });
    });
    // Opening a named pipe would block until it has a writer.
    return entries
      .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && entry.name.endsWith(ASSET_EXTENSION))
      .map(({ name }) => idOfFile(name));
  }

  async find(id: string): Promise<LibraryEntry | undefined> {
    const file = await this.#findFile(id);
    if (file === undefined) return undefined;
    const path = join(this.#folder, file);
    const stats = await statFile(path);
    if (stats === undefined) return undefined;
    const { size, mtimeMs, ino } = stats;
    const revision = `${path} ${size} ${mtimeMs} ${ino}`;
    return { id, file, revision, open: () => openSettled(path, this.#identities) };
  }

  async watch(onChange: (id: string) => void, onError: (error: unknown) => void): Promise<void> {
    const changes = {
      onChange: (name: string) => {
        if (name.endsWith(ASSET_EXTENSION)) onChange(idOfFile(name));
      },
      onError,
    };
    this.#watcher = this.#polling
      ? await pollFolder(this.#folder, ASSET_EXTENSION, changes)
      : watchFolder(this.#folder, changes);
  }

  async close(): Promise<void> {
    await this.#watcher?.close();
  }

  /** Returns the name of the file of an id, which may be stored in another Unicode normalization form than the id. */
  async #findFile(id: string): Promise<string | undefined> {
    for (const form of isAscii(id) ? [id] : [id, id.normalize("NFD")]) {
      const file = `${form}${ASSET_EXTENSION}`;
      if ((await statFile(join(this.#folder, file))) !== undefined) return file;
    }
    if (isAscii(id)) return undefined;
    const names = await readdir(this.#folder).catch(() => []);
    return names.find((name) => name.endsWith(ASSET_EXTENSION) && idOfFile(name) === id);
  }
}

/** Returns the id of a file, in the normalization form of all ids. macOS, for one, stores names in another form. */
const idOfFile = (name: string): string => normalizeId(name.slice(0, -ASSET_EXTENSION.length));

const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);

/** Returns the stats of a regular file; undefined if there is none. */
async function statFile(path: string): Promise<Stats | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() ? stats : undefined;
}

/**
 * Waits until a file is no longer being written, and opens it. Rejects with RequestError `asset-incomplete` or
 * SieddError.
 */
async function openSettled(path: string, identities: Identities): Promise<OpenedSource> {
  const name = basename(path);
  await waitUntilSettled(path, name);
  const file = fileSource(path);
  const isBeingWritten = async () => (await msSinceWrite(path)) < WRITING_WINDOW_MS;
  try {
    await checkAllocated(path, name);
    const asset = await openAsset(file, { name });
    const tail = Math.max(0, file.size - PROBE_BYTES);
    if ((await isBeingWritten()) && (await isAllZero(path, tail))) throw assetIncomplete(name);
    const { size, mtimeMs, ino } = file.identity;
    const identity = await identities.of(`${path} ${size} ${mtimeMs} ${ino}`, file);
    const { read, taskSource, stream } = file;
    return { source: { size, read, taskSource, stream, identity, lastModified: mtimeMs }, asset };
  } catch (error) {
    const isPartial =
      error instanceof SieddError && (error.code === "truncated-asset" || (await isAllZero(path, 0)));
    if (isPartial && (await isBeingWritten())) throw assetIncomplete(name);
    throw error;
  }
}

/** Fraction of a file that must be on disk. Below 1 for file systems that compress; weights compress little. */
const MIN_ALLOCATED = 1 / 4;
/** Bytes per block of `fs.stat`, on every file system. */
const STAT_BLOCK_BYTES = 512;

/**
 * Rejects with SieddError `truncated-asset` if most of a file is not on disk, as in a copy or download that is not
 * complete. A file system that does not count blocks reports none.
 */
async function checkAllocated(path: string, name: string): Promise<void> {
  const { size, blocks } = await stat(path);
  const allocated = blocks * STAT_BLOCK_BYTES;
  if (blocks === 0 || allocated >= size * MIN_ALLOCATED) return;
  throw new SieddError(
    "truncated-asset",
    `${name} is incomplete: only ${allocated} of its ${size} bytes are on disk; copy or encode it again`,
  );
}

/** Returns the milliseconds since a file was last written, or 0 if this machine's clock is behind. */
async function msSinceWrite(path: string): Promise<number> {
  // Not mtime, which `cp -p` sets to an earlier time at its end; ctime cannot be set.
  const { ctimeMs } = await stat(path).catch(() => ({ ctimeMs: 0 }));
  return Math.max(0, Date.now() - ctimeMs);
}

/** Rejects with RequestError `asset-incomplete` if the file is still being written after `SETTLE_TIMEOUT_MS`. */
async function waitUntilSettled(path: string, name: string): Promise<void> {
  const started = Date.now();
  for (let previous = ""; ; ) {
    if ((await msSinceWrite(path)) >= SETTLED_AFTER_MS) return;
    const { size, ctimeMs } = await stat(path).catch(() => ({ size: 0, ctimeMs: 0 }));
    const current = `${size} ${ctimeMs}`;
    // An unchanged file has settled even if the clocks of the file system and of this machine differ.
    if (current === previous) return;
    if (Date.now() - started >= SETTLE_TIMEOUT_MS) throw assetIncomplete(name);
    previous = current;
    await sleep(SETTLED_AFTER_MS);
  }
}

/** Whether the `PROBE_BYTES` bytes at `offset` are all zero. */
async function isAllZero(path: string, offset: number): Promise<boolean> {
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(PROBE_BYTES), 0, PROBE_BYTES, offset);
    return buffer.subarray(0, bytesRead).every((byte) => byte === 0);
  } finally {
    await handle.close();
  }
}

const assetIncomplete = (name: string): RequestError =>
  new RequestError("asset-incomplete", `${name} is still being written; retry later`, {
    "retry-after": "2",
  });
