import type { Stats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative } from "node:path";
import { LRUCache } from "lru-cache";
import { openAsset } from "../../codec/asset/asset.js";
import { fileSource, readFailed } from "../../decode-pool/index.js";
import { concurrently } from "./concurrently.js";
import { FolderListings, isSourceName, isVideoFolder, isVideoName } from "./folder-listing.js";
import { Identities } from "./identity.js";
import {
  ASSET_EXTENSION,
  type Library,
  type LibraryEntry,
  type LocatedVideo,
  normalizeId,
  type Problem,
  type SourceFile,
} from "./library.js";
import {
  type NameCluster,
  type NamedVideos,
  nameVideos,
  type Relation,
  type VideoFiles,
} from "./name-videos.js";
import { openSettledAsset } from "./open-asset-file.js";
import { assetIncomplete, isBeingWritten, waitUntilSettled } from "./settled-file.js";
import type { SourceIndexes } from "./source-index.js";
import { type FolderTreeWatcher, watchFolderTree } from "./watch-folder.js";
import { withoutFolder } from "./without-folder.js";

/** Maximum folders between the root and a video. */
const MAX_DEPTH = 16;
/** Relations in memory, about 300 bytes each. */
const MAX_RELATIONS = 20_000;

/** A file and its current state. */
interface FoundFile {
  readonly path: string;
  readonly stats: Stats;
}

/** The folders that the files of a video are in. */
interface Folders {
  readonly sources: string;
  readonly assets: string;
}

/** The videos of a cluster, and its files that exist, by their names. */
interface FoundVideos extends NamedVideos {
  readonly files: ReadonlyMap<string, FoundFile>;
}

/** Clusters whose files are compared at the same time. */
const COMPARE_CONCURRENCY = 8;

export interface FolderLibraryOptions {
  /** Whether to watch by polling instead of by events, as network file systems require. */
  readonly polling: boolean;
  readonly indexes: SourceIndexes;
  /** Folder of the assets, which need not exist, with the same subfolders. Default: assets are beside their sources. */
  readonly assets?: string;
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
  readonly #listings: FolderListings;
  readonly #relations = new LRUCache<string, Promise<Relation>>({ max: MAX_RELATIONS });
  #watcher: FolderTreeWatcher | undefined;

  constructor(folder: string, options: FolderLibraryOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#listings = new FolderListings((sources) => this.#assetFolderOf(sources));
  }

  async ids(): Promise<string[]> {
    return (await this.locate(() => {})).map(({ id }) => id);
  }

  /** Reads each folder once, and compares files only where an asset and a source may be one video. */
  async locate(onProblem: (problem: Problem) => void): Promise<LocatedVideo[]> {
    const located: LocatedVideo[] = [];
    const visited = new Set<string>();
    const walk = async (folder: string, prefix: string, depth: number): Promise<void> => {
      // A symbolic link may lead to a folder above it.
      const real = await realpath(folder);
      if (visited.has(real) || depth > MAX_DEPTH) return;
      visited.add(real);
      const { clusters, folders, assetFolder, duplicates } = await this.#listings.list(folder);
      const place = { sources: folder, assets: assetFolder };
      const report = (name: string, kind: "file" | "folder") =>
        onProblem({ file: `${prefix}${name}`, message: `duplicate name; rename the ${kind}` });
      for (const name of duplicates) report(name, "folder");
      await concurrently(new Set(clusters.values()), COMPARE_CONCURRENCY, async (cluster) => {
        const named = await this.#nameFiles(cluster, place);
        for (const name of named.duplicates) report(name, "file");
        for (const [name, files] of named.videos) {
          const id = `${prefix}${name}`;
          located.push({ id, find: async () => this.#entryOf(id, files, await findFiles(files, place)) });
        }
      });
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
    const listing = await this.#listings.list(folder).catch(() => undefined);
    const name = basename(id);
    const cluster = listing?.clusters.get(name);
    if (listing === undefined || cluster === undefined) return undefined;
    const folders = { sources: folder, assets: listing.assetFolder };
    const { videos, files } = await this.#findVideos(cluster, folders);
    const video = videos.get(name);
    return video && this.#entryOf(id, video, files);
  }

  /** Names the files of a cluster. Looks at the files only if there are several. */
  async #nameFiles(cluster: NameCluster, folders: Folders): Promise<NamedVideos> {
    if (cluster.assets.length === 0 || cluster.sources.length === 0)
      return nameVideos(cluster, async () => "unrelated");
    return this.#findVideos(cluster, folders);
  }

  async #findVideos(cluster: NameCluster, folders: Folders): Promise<FoundVideos> {
    const files = await findClusterFiles(cluster, folders);
    const existing = {
      assets: cluster.assets.filter((name) => files.has(name)),
      sources: cluster.sources.filter((name) => files.has(name)),
    };
    const relationOf = (asset: string, source: string) =>
      this.#relationOf(files.get(asset)!, files.get(source)!);
    return { ...(await nameVideos(existing, relationOf)), files };
  }

  async watch(onChange: (id: string) => void, onError: (error: unknown) => void): Promise<void> {
    const onFile = (path: string) => {
      const name = normalizeId(relative(this.#folder, path));
      const stem = withoutExtension(name);
      onChange(stem);
      if (!name.endsWith(ASSET_EXTENSION)) onChange(name);
      // The asset of a source that keeps its extension, as in "movie.mp4.siedd", or did so.
      else if (isSourceName(stem)) onChange(withoutExtension(stem));
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

  #entryOf(
    id: string,
    { asset, source, output, isStale }: VideoFiles,
    files: ReadonlyMap<string, FoundFile>,
  ): LibraryEntry | undefined {
    const [foundAsset, foundSource] = [asset, source].map((name) => files.get(name ?? ""));
    if (foundAsset !== undefined && isStale !== true) return this.#assetEntry(id, foundAsset, foundSource);
    return foundSource && this.#sourceEntry(id, foundSource, output!);
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

  /** @param output name of the asset to encode the source to */
  #sourceEntry(id: string, source: FoundFile, output: string): LibraryEntry {
    return {
      id,
      file: this.#nameOf(source),
      backend: "source",
      revision: revisionOf(source),
      bytes: source.stats.size,
      changedAt: source.stats.mtimeMs,
      source: source.path,
      output: join(this.#assetFolderOf(dirname(source.path)), output),
      open: () => this.#openSource(source.path),
    };
  }

  /** Returns the path of a file relative to the folder, for display. */
  #nameOf({ path }: FoundFile): string {
    return relative(this.#folder, path);
  }

  #assetFolderOf(folder: string): string {
    const { assets } = this.#options;
    return assets === undefined ? folder : join(assets, relative(this.#folder, folder));
  }

  /** A source that cannot be read counts as unrelated, so that it is reported, and the asset plays. */
  async #relationOf(asset: FoundFile, source: FoundFile): Promise<Relation> {
    const key = `${revisionOf(asset)}\n${revisionOf(source)}`;
    const relation = this.#relations.get(key) ?? this.#compare(asset, source);
    this.#relations.set(key, relation);
    return relation.catch(() => {
      this.#relations.delete(key);
      return "unrelated";
    });
  }

  /**
   * A broken asset counts as unrelated, so that its source plays in the meantime. So does an asset of a source with
   * another name: it may be the only copy of another video.
   */
  async #compare(asset: FoundFile, source: FoundFile): Promise<Relation> {
    const recorded = await openAsset(fileSource(asset.path)).then(
      ({ metadata }) => metadata.source,
      () => undefined,
    );
    if (recorded === undefined) return "unrelated";
    if (recorded.identity === (await this.#identityOf(source))) return "current";
    return hasName(source, recorded.name) ? "stale" : "unrelated";
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
      throw withoutFolder(error, path);
    }
  }
}

const revisionOf = ({ path, stats: { size, mtimeMs, ino } }: FoundFile): string =>
  `${path} ${size} ${mtimeMs} ${ino}`;

const hasName = ({ path }: FoundFile, name: string): boolean =>
  normalizeId(basename(path)) === normalizeId(name);

const withoutExtension = (name: string): string => name.slice(0, -extname(name).length);

const findFiles = ({ asset, source }: VideoFiles, folders: Folders) =>
  findClusterFiles(
    { assets: asset === undefined ? [] : [asset], sources: source === undefined ? [] : [source] },
    folders,
  );

/** Returns the files that exist, by their names. Some may have disappeared since their folder was listed. */
async function findClusterFiles(
  { assets, sources }: NameCluster,
  folders: Folders,
): Promise<ReadonlyMap<string, FoundFile>> {
  const found = await Promise.all([
    ...assets.map((name) => findFile(folders.assets, name)),
    ...sources.map((name) => findFile(folders.sources, name)),
  ]);
  return new Map(found.flatMap((file) => (file === undefined ? [] : [[basename(file.path), file]])));
}

async function findFile(folder: string, name: string): Promise<FoundFile | undefined> {
  const path = join(folder, name);
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() ? { path, stats } : undefined;
}
