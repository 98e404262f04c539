import type { Stats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative } from "node:path";
import { LRUCache } from "lru-cache";
import { openAsset } from "../../codec/asset/asset.js";
import { SieddError } from "../../codec/errors.js";
import { fileSource, readFailed } from "../../decode-pool/index.js";
import { MediaError } from "../../media/errors.js";
import { FolderListings, isVideoFolder, isVideoName, type VideoFiles } from "./folder-listing.js";
import { Identities } from "./identity.js";
import {
  ASSET_EXTENSION,
  type Library,
  type LibraryEntry,
  type LocatedVideo,
  normalizeId,
  type OpenedSource,
  type Problem,
  type SourceFile,
} from "./library.js";
import { assetIncomplete, isAllZero, isBeingWritten, PROBE_BYTES, waitUntilSettled } from "./settled-file.js";
import type { SourceIndexes } from "./source-index.js";
import { type FolderTreeWatcher, watchFolderTree } from "./watch-folder.js";

/** Maximum folders between the root and a video. */
const MAX_DEPTH = 16;
/** Relations in memory, about 300 bytes each. */
const MAX_RELATIONS = 20_000;

/** A file and its current state. */
interface FoundFile {
  readonly path: string;
  readonly stats: Stats;
}

/** The files of a video in their current state. */
interface FoundVideo {
  readonly asset: FoundFile | undefined;
  readonly source: FoundFile | undefined;
}

/**
 * How an asset and a source of the same name are related: the asset was encoded from the source; from a former version of
 * it; or from another video.
 */
type Relation = "current" | "stale" | "unrelated";

export interface FolderLibraryOptions {
  /** Whether to watch by polling instead of by events, as network file systems require. */
  readonly polling: boolean;
  readonly indexes: SourceIndexes;
}

/**
 * The assets and sources in a folder and its subfolders. Every request checks the files again, so that a replaced one is
 * noticed at once.
 */
export class FolderLibrary implements Library {
  readonly scanned = true;
  readonly #folder: string;
  readonly #options: FolderLibraryOptions;
  readonly #identities = new Identities();
  readonly #listings = new FolderListings();
  readonly #relations = new LRUCache<string, Promise<Relation>>({ max: MAX_RELATIONS });
  #watcher: FolderTreeWatcher | undefined;

  constructor(folder: string, options: FolderLibraryOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  async ids(): Promise<string[]> {
    return (await this.locate(() => {})).map(({ id }) => id);
  }

  /** Reads each folder once, and nothing per video but the state of its files. */
  async locate(onProblem: (problem: Problem) => void): Promise<LocatedVideo[]> {
    const located: LocatedVideo[] = [];
    const visited = new Set<string>();
    const walk = async (folder: string, prefix: string, depth: number): Promise<void> => {
      // A symbolic link may lead to a folder above it.
      const real = await realpath(folder);
      if (visited.has(real) || depth > MAX_DEPTH) return;
      visited.add(real);
      const { videos, folders, duplicates } = await this.#listings.list(folder);
      for (const name of duplicates) {
        const id = `${prefix}${name}`;
        located.push({ id, find: () => this.find(id) });
      }
      for (const [name, files] of videos) {
        const id = `${prefix}${name}`;
        located.push({ id, find: async () => this.#entryOf(id, await findFiles(folder, files)) });
        const ownId = await this.#unrelatedSourceId(folder, prefix, files);
        if (ownId !== undefined) located.push({ id: ownId, find: () => this.find(ownId) });
      }
      for (const [name, file] of folders) {
        await walk(join(folder, file), `${prefix}${name}/`, depth + 1).catch(
          (error: NodeJS.ErrnoException) => {
            // It may have been removed since its parent was listed.
            if (error.code !== "ENOENT")
              onProblem({ file: `${prefix}${name}/`, message: readFailed(file, error).message });
          },
        );
      }
    };
    await walk(this.#folder, "", 0).catch((cause: unknown) => {
      // Without the path: clients see the message in the catalog.
      throw new Error("cannot list a video folder: it is missing, or the server has no permission", {
        cause,
      });
    });
    return located;
  }

  async find(id: string): Promise<LibraryEntry | undefined> {
    const folder = await this.#findFolder(id);
    if (folder === undefined) return undefined;
    const { videos } = await this.#listings
      .list(folder)
      .catch(() => ({ videos: new Map<string, VideoFiles>() }));
    const name = basename(id);
    const files = videos.get(name);
    if (files !== undefined) return this.#entryOf(id, await findFiles(folder, files));
    // A source that is not related to the asset of the same name keeps its extension.
    const pair = videos.get(name.slice(0, -extname(name).length));
    if (pair?.source === undefined || pair.asset === undefined || normalizeId(pair.source) !== name)
      return undefined;
    const found = await findFiles(folder, pair);
    if (found.source === undefined || (await this.#relationOf(found)) !== "unrelated") return undefined;
    return this.#sourceEntry(id, found.source, undefined);
  }

  async watch(onChange: (id: string) => void, onError: (error: unknown) => void): Promise<void> {
    const onFile = (path: string) => {
      const id = normalizeId(relative(this.#folder, path));
      onChange(id.slice(0, -extname(id).length));
      if (!id.endsWith(ASSET_EXTENSION)) onChange(id);
    };
    this.#watcher = await watchFolderTree(this.#folder, {
      polling: this.#options.polling,
      isWatched: (name, kind) => (kind === "folder" ? isVideoFolder(name) : isVideoName(name)),
      onFile,
      onError,
    });
  }

  async close(): Promise<void> {
    await this.#watcher?.close();
  }

  /** Returns the folder of an id; its names may be stored in another Unicode normalization form than the id's. */
  async #findFolder(id: string): Promise<string | undefined> {
    let folder = this.#folder;
    for (const part of id.split("/").slice(0, -1)) {
      const listing = await this.#listings.list(folder).catch(() => undefined);
      const name = listing?.folders.get(part);
      if (name === undefined) return undefined;
      folder = join(folder, name);
    }
    return folder;
  }

  /** Returns the id of a source that is not related to the asset of the same name; undefined if there is none. */
  async #unrelatedSourceId(folder: string, prefix: string, files: VideoFiles): Promise<string | undefined> {
    if (files.asset === undefined || files.source === undefined) return undefined;
    const relation = await this.#relationOf(await findFiles(folder, files));
    return relation === "unrelated" ? `${prefix}${normalizeId(files.source)}` : undefined;
  }

  async #entryOf(id: string, found: FoundVideo): Promise<LibraryEntry | undefined> {
    const { asset, source } = found;
    if (asset === undefined) return source && this.#sourceEntry(id, source, undefined);
    if (source === undefined) return this.#assetEntry(id, asset, undefined);
    const relation = await this.#relationOf(found);
    if (relation === "stale") return this.#sourceEntry(id, source, asset);
    return this.#assetEntry(id, asset, relation === "current" ? source : undefined);
  }

  #assetEntry(id: string, asset: FoundFile, source: FoundFile | undefined): LibraryEntry {
    return {
      id,
      file: this.#nameOf(asset),
      backend: "asset",
      revision: revisionOf(asset),
      bytes: asset.stats.size,
      changedAt: asset.stats.mtimeMs,
      source: source?.path,
      output: asset.path,
      open: () => openSettledAsset(asset.path, this.#identities),
    };
  }

  #sourceEntry(id: string, source: FoundFile, stale: FoundFile | undefined): LibraryEntry {
    return {
      id,
      file: this.#nameOf(source),
      backend: "source",
      revision: revisionOf(source),
      bytes: source.stats.size,
      changedAt: source.stats.mtimeMs,
      source: source.path,
      output: stale?.path ?? join(dirname(source.path), `${basename(id)}${ASSET_EXTENSION}`),
      open: () => this.#openSource(source.path),
    };
  }

  /** Returns the path of a file relative to the folder, for display. */
  #nameOf({ path }: FoundFile): string {
    return relative(this.#folder, path);
  }

  #relationOf({ asset, source }: FoundVideo): Promise<Relation> {
    if (asset === undefined || source === undefined) return Promise.resolve("unrelated");
    const key = `${revisionOf(asset)}\n${revisionOf(source)}`;
    const known = this.#relations.get(key);
    if (known !== undefined) return known;
    const relation = this.#compare(asset, source);
    this.#relations.set(key, relation);
    relation.catch(() => this.#relations.delete(key));
    return relation;
  }

  /** A broken asset counts as unrelated, so that its source plays in the meantime. */
  async #compare(asset: FoundFile, source: FoundFile): Promise<Relation> {
    const recorded = await openAsset(fileSource(asset.path)).then(
      ({ metadata }) => metadata.source?.identity,
      () => undefined,
    );
    if (recorded === undefined) return "unrelated";
    return recorded === (await this.#identityOf(source)) ? "current" : "stale";
  }

  #identityOf(found: FoundFile): Promise<string> {
    return this.#identities.of(revisionOf(found), fileSource(found.path));
  }

  /** Waits until a source is no longer being written, and indexes it. */
  async #openSource(path: string): Promise<SourceFile> {
    const name = basename(path);
    await waitUntilSettled(path, name);
    const found = { path, stats: await stat(path) };
    try {
      const identity = await this.#identityOf(found);
      const index = await this.#options.indexes.of(path, identity);
      return { path, identity, bytes: found.stats.size, ...index };
    } catch (error) {
      // Many files cannot be read before their last byte is there.
      if (await isBeingWritten(path)) throw assetIncomplete(name);
      if (!(error instanceof MediaError)) throw error;
      // Without the path: clients see the message.
      throw new MediaError(error.code, error.message.replaceAll(path, name), { cause: error });
    }
  }
}

const revisionOf = ({ path, stats: { size, mtimeMs, ino } }: FoundFile): string =>
  `${path} ${size} ${mtimeMs} ${ino}`;

async function findFiles(folder: string, { asset, source }: VideoFiles): Promise<FoundVideo> {
  const [foundAsset, foundSource] = await Promise.all([findFile(folder, asset), findFile(folder, source)]);
  return { asset: foundAsset, source: foundSource };
}

/** Returns undefined if the file has disappeared since its folder was listed. */
async function findFile(folder: string, name: string | undefined): Promise<FoundFile | undefined> {
  if (name === undefined) return undefined;
  const path = join(folder, name);
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() ? { path, stats } : undefined;
}

/**
 * Waits until an asset is no longer being written, and opens it. Rejects with RequestError `asset-incomplete` or
 * SieddError.
 */
async function openSettledAsset(path: string, identities: Identities): Promise<OpenedSource> {
  const name = basename(path);
  await waitUntilSettled(path, name);
  const file = fileSource(path);
  try {
    await checkAllocated(path, name);
    const asset = await openAsset(file, { name });
    const tail = Math.max(0, file.size - PROBE_BYTES);
    if ((await isBeingWritten(path)) && (await isAllZero(path, tail))) throw assetIncomplete(name);
    const { size, mtimeMs, ino } = file.identity;
    const identity = await identities.of(`${path} ${size} ${mtimeMs} ${ino}`, file);
    const { read, taskSource, stream } = file;
    return { source: { size, read, taskSource, stream, identity, lastModified: mtimeMs }, asset };
  } catch (error) {
    const isPartial =
      error instanceof SieddError && (error.code === "truncated-asset" || (await isAllZero(path, 0)));
    if (isPartial && (await isBeingWritten(path))) throw assetIncomplete(name);
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
