import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { LRUCache } from "lru-cache";
import { ASSET_EXTENSION, normalizeId } from "./library.js";
import { clusterNames, type NameCluster } from "./name-videos.js";

/** The videos and subfolders of a folder. */
export interface FolderListing {
  /** The folder of the assets. */
  readonly assetFolder: string;
  /** The files that may be videos, by the last part of each id that they may have. */
  readonly clusters: ReadonlyMap<string, NameCluster>;
  /** Names of the subfolders, by their part of ids. */
  readonly folders: ReadonlyMap<string, string>;
  /** Names of further subfolders, which differ from another one only in their Unicode normalization. */
  readonly duplicates: readonly string[];
}

/** Extensions of the files that are taken for sources: those of containers that hold video. */
const SOURCE_EXTENSIONS = new Set(
  ".3g2 .3gp .asf .avi .dv .f4v .flv .gif .m1v .m2ts .m2v .m4v .mjpeg .mjpg .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogm .ogv .rm .rmvb .ts .vob .webm .wmv .y4m".split(
    " ",
  ),
);

/** Returns whether a file may be a source by its name. */
export const isSourceName = (name: string): boolean => SOURCE_EXTENSIONS.has(extname(name).toLowerCase());

/** Returns whether a file may be a video by its name: an asset or a source. Hidden files are not. */
export const isVideoName = (name: string): boolean =>
  !name.startsWith(".") && (name.endsWith(ASSET_EXTENSION) || isSourceName(name));

/** Returns whether a subfolder may contain videos: hidden ones and those of running encodes do not. */
export const isVideoFolder = (name: string): boolean =>
  !name.startsWith(".") && !name.endsWith(`${ASSET_EXTENSION}.work`);

interface CachedListing {
  /** Changes when a file is added to one of the folders, or removed. */
  readonly state: string;
  readonly listing: FolderListing;
}

/** Folders whose listings are kept. */
const MAX_FOLDERS = 2000;
/** Milliseconds after a change during which a folder is read again: file systems count time in steps. */
const UNSTABLE_MS = 100;

/** Reads listings of folders, and keeps each until its folder changes. */
export class FolderListings {
  readonly #assetFolderOf: (folder: string) => string;
  readonly #cache = new LRUCache<string, CachedListing>({ max: MAX_FOLDERS });
  readonly #reading = new Map<string, Promise<FolderListing>>();

  /** @param assetFolderOf returns the folder of the assets of a folder of sources, which need not exist */
  constructor(assetFolderOf: (folder: string) => string = (folder) => folder) {
    this.#assetFolderOf = assetFolderOf;
  }

  /** Lists a folder. Rejects with the error of the file system. */
  async list(folder: string): Promise<FolderListing> {
    const assetFolder = this.#assetFolderOf(folder);
    const { mtimeMs } = await stat(folder);
    const assetsChangedAt = assetFolder === folder ? mtimeMs : await changeTime(assetFolder);
    const state = `${mtimeMs} ${assetsChangedAt}`;
    const cached = this.#cache.get(folder);
    if (cached?.state === state) return cached.listing;
    const known = this.#reading.get(folder);
    if (known !== undefined) return known;
    const reading = readListing(folder, assetFolder).finally(() => this.#reading.delete(folder));
    this.#reading.set(folder, reading);
    const listing = await reading;
    const isStable = Date.now() - Math.max(mtimeMs, assetsChangedAt) > UNSTABLE_MS;
    if (isStable) this.#cache.set(folder, { state, listing });
    return listing;
  }
}

/** Returns when a folder was changed, in milliseconds since 1970; 0 if it does not exist. */
const changeTime = (folder: string): Promise<number> =>
  stat(folder).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );

async function readListing(folder: string, assetFolder: string): Promise<FolderListing> {
  const { files, folders } = await readNames(folder);
  const assetNames =
    assetFolder === folder ? files : (await readNames(assetFolder).catch(() => NOTHING)).files;
  const subfolders = new Map<string, string>();
  const duplicates: string[] = [];
  for (const name of folders.sort()) {
    const id = normalizeId(name);
    if (subfolders.has(id)) duplicates.push(name);
    else subfolders.set(id, name);
  }
  const assets = assetNames.filter((name) => name.endsWith(ASSET_EXTENSION));
  return {
    assetFolder,
    clusters: clusterNames(files.filter(isSourceName), assets),
    folders: subfolders,
    duplicates,
  };
}

const NOTHING = { files: [], folders: [] };

/** Returns the names of the files that may be videos, and of the subfolders that may contain some. */
async function readNames(folder: string): Promise<{ files: string[]; folders: string[] }> {
  const entries = await readdir(folder, { withFileTypes: true });
  const kinds = await Promise.all(entries.map((entry) => kindOf(folder, entry)));
  const named = (kind: string) => entries.filter((_, i) => kinds[i] === kind).map(({ name }) => name);
  return { files: named("file").filter(isVideoName), folders: named("folder").filter(isVideoFolder) };
}

/** Follows symbolic links. Opening a named pipe would block until it has a writer, so it is neither. */
async function kindOf(folder: string, entry: Dirent): Promise<"file" | "folder" | "other"> {
  const target = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => undefined) : entry;
  if (target?.isFile()) return "file";
  return target?.isDirectory() ? "folder" : "other";
}
