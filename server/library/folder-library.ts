import { open, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type FSWatcher, watch } from "chokidar";
import { openAsset } from "../../codec/asset/asset.js";
import { SieddError } from "../../codec/errors.js";
import { type FileSource, fileSource } from "../../decode-pool/index.js";
import { RequestError } from "../errors.js";
import { EXTENSION, type Library, type LibraryEntry, type OpenedSource } from "./library.js";

/** Milliseconds that a file must have been left alone before it is opened: copies write more often than that. */
const QUIET = 200;
/** Milliseconds that a request waits for a file to come to rest. */
const PATIENCE = 1000;
/** Milliseconds after its last change that a file which is not whole counts as one that is still being written. */
const FRESH = 5000;
/** Bytes at either end of an asset that are never all zero, unless their place was reserved and not yet filled. */
const END = 64;

/** The `*.siedd` files of one folder, looked at again at each request, so that a replaced one is noticed at once. */
export class FolderLibrary implements Library {
  readonly known = true;
  readonly #folder: string;
  readonly #polling: boolean;
  #watcher: FSWatcher | undefined;

  /** @param polling whether changes are found by looking, as network file systems need, instead of by events */
  constructor(folder: string, polling = false) {
    this.#folder = folder;
    this.#polling = polling;
  }

  async ids(): Promise<string[]> {
    const entries = await readdir(this.#folder, { withFileTypes: true }).catch((cause: unknown) => {
      // Clients read it in the catalog: where the folder lies is not for them.
      throw new Error("a folder of videos cannot be read: it is gone, or this user may not list it", {
        cause,
      });
    });
    // Opening a pipe would wait for somebody to write into it.
    return entries
      .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && entry.name.endsWith(EXTENSION))
      .map(({ name }) => name.slice(0, -EXTENSION.length));
  }

  async find(id: string): Promise<LibraryEntry | undefined> {
    const file = `${id}${EXTENSION}`;
    const path = join(this.#folder, file);
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) return undefined;
    const { size, mtimeMs, ino } = found;
    return { id, file, tag: `${path} ${size} ${mtimeMs} ${ino}`, open: () => openWhole(path) };
  }

  async watch(changed: (id: string) => void, problem: (error: unknown) => void): Promise<void> {
    const watcher = watch(this.#folder, {
      depth: 0,
      ignoreInitial: true,
      usePolling: this.#polling,
      ignored: (path, found) => found?.isFile() === true && !path.endsWith(EXTENSION),
    });
    this.#watcher = watcher;
    watcher.on("error", problem);
    watcher.on("all", (event, path) => {
      if (event.endsWith("Dir")) return;
      changed(basename(path, EXTENSION));
    });
    await new Promise<void>((resolve) => {
      watcher.once("ready", resolve);
      watcher.once("error", () => resolve());
    });
  }

  async close(): Promise<void> {
    await this.#watcher?.close();
  }
}

/** Opens a file that nobody writes to any more. Rejects with RequestError `asset-incomplete` or SieddError. */
async function openWhole(path: string): Promise<OpenedSource> {
  const name = basename(path);
  await settled(path, name);
  const file = fileSource(path);
  const writing = async () => (await age(path)) < FRESH;
  try {
    const asset = await openAsset(file, { name });
    if ((await writing()) && (await isHollow(path, Math.max(0, file.size - END)))) throw incomplete(name);
    return { source: { ...file, fingerprint: fingerprint(file), modified: file.identity.mtimeMs }, asset };
  } catch (error) {
    const cut =
      error instanceof SieddError && (error.code === "truncated-asset" || (await isHollow(path, 0)));
    if (cut && (await writing())) throw incomplete(name);
    throw error;
  }
}

const fingerprint = ({ identity: { size, mtimeMs } }: FileSource): string => `${size} ${mtimeMs}`;

/** Milliseconds since the file was last written to; a clock that is behind makes it 0. */
async function age(path: string): Promise<number> {
  // Unlike the time of modification, nobody can set this one to an earlier moment, as `cp -p` does at its end.
  const { ctimeMs } = await stat(path).catch(() => ({ ctimeMs: 0 }));
  return Math.max(0, Date.now() - ctimeMs);
}

async function settled(path: string, name: string): Promise<void> {
  const started = Date.now();
  for (let before = ""; ; ) {
    if ((await age(path)) >= QUIET) return;
    const { size, ctimeMs } = await stat(path).catch(() => ({ size: 0, ctimeMs: 0 }));
    const now = `${size} ${ctimeMs}`;
    // Two equal looks are enough where the clocks of the file system and of this machine differ.
    if (now === before) return;
    if (Date.now() - started >= PATIENCE) throw incomplete(name);
    before = now;
    await sleep(QUIET);
  }
}

async function isHollow(path: string, offset: number): Promise<boolean> {
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(END), 0, END, offset);
    return buffer.subarray(0, bytesRead).every((byte) => byte === 0);
  } finally {
    await handle.close();
  }
}

const incomplete = (name: string): RequestError =>
  new RequestError("asset-incomplete", `${name} is still being written; ask again when it is whole`, {
    "retry-after": "2",
  });
