import { stat } from "node:fs/promises";
import { join } from "node:path";
import { invalidOption } from "../errors.js";
import { BlockCache } from "./block-cache.js";
import { FolderLibrary } from "./folder-library.js";
import type { Library } from "./library.js";
import type { ResolvedLibraryOptions } from "./options.js";
import { Origin } from "./origin.js";
import { RemoteLibrary } from "./remote-library.js";
import { SourceIndexes } from "./source-index.js";
import { stateFolder } from "./state-folder.js";

export interface OpenedLibraries {
  /** One per root, in the same order. */
  readonly libraries: readonly Library[];
  /** One per root that is on another server. */
  readonly origins: readonly Origin[];
  /** Folder for the state of the server; undefined without a folder of videos. */
  readonly state: string | undefined;
  /** Shared by all libraries on other servers. */
  readonly blocks: BlockCache;
}

/**
 * Opens a library for each root.
 *
 * @param onError called if an origin fails and its last known state is used instead
 * @throws ServeError `bad-option` if a folder is missing or unreadable
 */
export async function openLibraries(
  options: Omit<ResolvedLibraryOptions, "engine" | "ready">,
  onError: (error: unknown) => void,
): Promise<OpenedLibraries> {
  const blocks = new BlockCache(options.originCacheBytes);
  const origins: Origin[] = [];
  const libraries: Library[] = [];
  let state: string | undefined;
  for (const root of options.root) {
    if (root.kind === "folder") {
      await assertFolder(root.path);
      const folder = await stateFolder(root.path, options.stateDir);
      state ??= folder;
      const indexes = new SourceIndexes(join(folder, "index"));
      libraries.push(new FolderLibrary(root.path, { polling: options.watch === "poll", indexes }));
      continue;
    }
    const { url, headers } = root;
    const origin = new Origin({
      baseUrl: url,
      headers,
      timeoutSeconds: options.originSeconds,
      allowList: options.originAllowList,
    });
    origins.push(origin);
    const refreshSeconds = options.originRefreshSeconds;
    libraries.push(new RemoteLibrary({ url, origin, blocks, refreshSeconds, onError }));
  }
  return { libraries, origins, state, blocks };
}

async function assertFolder(path: string): Promise<void> {
  const stats = await stat(path).catch((cause: unknown) => {
    const error = invalidOption("siedd options.root", "a readable folder", path);
    error.cause = cause;
    throw error;
  });
  if (!stats.isDirectory()) {
    throw invalidOption("siedd options.root", "a folder", path, "it is a file");
  }
}
