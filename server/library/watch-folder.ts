import { type FSWatcher, watch } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { watch as watchWithPolling } from "chokidar";

/** Milliseconds between attempts to watch a folder again. */
const RESTART_INTERVAL_MS = 2000;

export interface FolderWatcher {
  close(): Promise<void>;
}

interface FolderChanges {
  /** Called with the names of files that may have been added, changed or removed. */
  readonly onChange: (name: string) => void;
  /** Called once for each time that the folder can no longer be watched. */
  readonly onError: (error: unknown) => void;
}

/**
 * Watches a folder, without subfolders, by the events of the file system. It takes one watch of the operating system,
 * however many files the folder has. A folder that is moved away, or cannot be watched, is tried again.
 */
function watchFolder(folder: string, { onChange, onError }: FolderChanges): FolderWatcher {
  let watcher: FSWatcher | undefined;
  let restart: NodeJS.Timeout | undefined;
  let isReported = false;
  let isClosed = false;

  const startLater = () => {
    watcher?.close();
    watcher = undefined;
    if (!isClosed) restart = setTimeout(() => void start(true), RESTART_INTERVAL_MS).unref();
  };
  const fail = (error: unknown) => {
    if (!isReported) onError(error);
    isReported = true;
    startLater();
  };
  const onEvent = (name: string | null) => {
    if (name !== null) onChange(name);
    // A moved or removed folder reports its own name, and nothing from then on.
    if (name === basename(folder)) startLater();
  };
  const start = async (isRestart: boolean) => {
    try {
      watcher = watch(folder, { persistent: false }, (_event, name) => onEvent(name));
      watcher.on("error", fail);
    } catch (error) {
      return fail(error);
    }
    isReported = false;
    if (isRestart) for (const name of await readdir(folder).catch(() => [])) onChange(name);
  };
  void start(false);
  return {
    close: async () => {
      isClosed = true;
      clearTimeout(restart);
      watcher?.close();
    },
  };
}

/** A watcher of a folder and its subfolders. */
export type FolderTreeWatcher = FolderWatcher;

export interface FolderTreeOptions {
  /** Whether to poll every 100 ms, as network file systems require, instead of using events. */
  readonly polling: boolean;
  /** Returns whether a file or a subfolder is watched, by its name. */
  readonly isWatched: (name: string, kind: "file" | "folder") => boolean;
  /** Called with the paths of files that may have been added, changed or removed. */
  readonly onFile: (path: string) => void;
  /** Called once for each time that a folder can no longer be watched. */
  readonly onError: (error: unknown) => void;
}

/** Watches a folder and its subfolders. Resolves after the first scan. */
export function watchFolderTree(folder: string, options: FolderTreeOptions): Promise<FolderTreeWatcher> {
  return options.polling ? pollFolderTree(folder, options) : watchFolders(folder, options);
}

/** Takes one watch of the operating system per folder. Symbolic links to folders are not followed. */
async function watchFolders(
  root: string,
  { isWatched, onFile, onError }: FolderTreeOptions,
): Promise<FolderTreeWatcher> {
  const watchers = new Map<string, FolderWatcher>();
  let isReported = false;
  const reportOnce = (error: unknown) => {
    if (!isReported) onError(error);
    isReported = true;
  };
  const add = async (folder: string, isNew: boolean): Promise<void> => {
    if (watchers.has(folder)) return;
    const onChange = (name: string) => void visit(join(folder, name), name);
    watchers.set(folder, watchFolder(folder, { onChange, onError: reportOnce }));
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (isWatched(entry.name, "folder")) await add(path, isNew);
      } else if (isNew && isWatched(entry.name, "file")) onFile(path);
    }
  };
  const visit = async (path: string, name: string): Promise<void> => {
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isDirectory()) {
      if (isWatched(name, "folder")) await add(path, true);
      return;
    }
    if (stats === undefined) await remove(path);
    if (isWatched(name, "file")) onFile(path);
  };
  const remove = async (folder: string): Promise<void> => {
    for (const [path, watcher] of watchers) {
      if (path !== folder && !path.startsWith(`${folder}${sep}`)) continue;
      watchers.delete(path);
      await watcher.close();
    }
  };
  await add(root, false);
  return {
    close: async () => {
      await Promise.all([...watchers.values()].map((watcher) => watcher.close()));
    },
  };
}

async function pollFolderTree(
  root: string,
  { isWatched, onFile, onError }: FolderTreeOptions,
): Promise<FolderTreeWatcher> {
  const watcher = watchWithPolling(root, {
    ignoreInitial: true,
    usePolling: true,
    ignored: (path, stats) => {
      if (stats === undefined || path === root) return false;
      return !isWatched(basename(path), stats.isDirectory() ? "folder" : "file");
    },
  });
  watcher.on("error", onError);
  watcher.on("all", (event, path) => {
    if (!event.endsWith("Dir")) onFile(path);
  });
  await new Promise<void>((resolve) => {
    watcher.once("ready", resolve);
    watcher.once("error", () => resolve());
  });
  return watcher;
}
