import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { LRUCache } from "lru-cache";
import { ASSET_EXTENSION, normalizeId } from "./library.js";

/** The files of one video in a folder. At least one of them is present. */
export interface VideoFiles {
  /** Name of the asset, which may have been encoded from the source, or may be another video. */
  readonly asset?: string;
  /** Name of the source. */
  readonly source?: string;
}

/** The videos and subfolders of a folder, by the last part of their ids. */
export interface FolderListing {
  /** Ids of further assets, whose names differ from another one only in their Unicode normalization. */
  readonly duplicates: readonly string[];
  readonly videos: ReadonlyMap<string, VideoFiles>;
  /** Names of the subfolders. */
  readonly folders: ReadonlyMap<string, string>;
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

/** Returns a name without its extension, in the form of ids. */
const stemOf = (name: string): string => normalizeId(name.slice(0, -extname(name).length));

/**
 * Groups the names of a folder into videos. An id is a name without its extension. Sources that differ only in their
 * extension keep it in their ids.
 *
 * @param names of files that may be videos
 */
export function groupVideos(names: readonly string[]): Map<string, VideoFiles> {
  const sources = new Map<string, string[]>();
  for (const name of names.filter(isSourceName)) {
    const others = sources.get(stemOf(name)) ?? [];
    sources.set(stemOf(name), [...others, name]);
  }
  const videos = new Map<string, VideoFiles>();
  for (const [id, sameStem] of sources) {
    for (const source of sameStem) videos.set(sameStem.length === 1 ? id : normalizeId(source), { source });
  }
  for (const asset of names.filter((name) => name.endsWith(ASSET_EXTENSION))) {
    const id = stemOf(asset);
    videos.set(id, { ...videos.get(id), asset });
  }
  return videos;
}

interface CachedListing {
  readonly modified: number;
  readonly listing: FolderListing;
}

/** Folders whose listings are kept. */
const MAX_FOLDERS = 2000;
/** Milliseconds after a change during which a folder is read again: file systems count time in steps. */
const UNSTABLE_MS = 100;

/** Reads listings of folders, and keeps each until its folder changes. */
export class FolderListings {
  readonly #cache = new LRUCache<string, CachedListing>({ max: MAX_FOLDERS });
  readonly #reading = new Map<string, Promise<FolderListing>>();

  /** Lists a folder. Rejects with the error of the file system. */
  async list(folder: string): Promise<FolderListing> {
    const { mtimeMs } = await stat(folder);
    const cached = this.#cache.get(folder);
    if (cached?.modified === mtimeMs) return cached.listing;
    const known = this.#reading.get(folder);
    if (known !== undefined) return known;
    const reading = readListing(folder).finally(() => this.#reading.delete(folder));
    this.#reading.set(folder, reading);
    const listing = await reading;
    if (Date.now() - mtimeMs > UNSTABLE_MS) this.#cache.set(folder, { modified: mtimeMs, listing });
    return listing;
  }
}

async function readListing(folder: string): Promise<FolderListing> {
  const entries = await readdir(folder, { withFileTypes: true });
  const kinds = await Promise.all(entries.map((entry) => kindOf(folder, entry)));
  const named = (kind: string) => entries.filter((_, i) => kinds[i] === kind).map(({ name }) => name);
  const folders = named("folder").filter(isVideoFolder);
  const names = named("file").filter(isVideoName);
  const assets = names
    .filter((name) => name.endsWith(ASSET_EXTENSION))
    .map(stemOf)
    .sort();
  return {
    duplicates: assets.filter((id, i) => id === assets[i - 1]),
    videos: groupVideos(names),
    folders: new Map(folders.map((name) => [normalizeId(name), name])),
  };
}

/** Follows symbolic links. Opening a named pipe would block until it has a writer, so it is neither. */
async function kindOf(folder: string, entry: Dirent): Promise<"file" | "folder" | "other"> {
  const target = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => undefined) : entry;
  if (target?.isFile()) return "file";
  return target?.isDirectory() ? "folder" : "other";
}
