import { type FSWatcher, watch } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { watch as watchWithPolling } from "chokidar";

/** Milliseconds between attempts to watch a folder again. */
const RESTART_INTERVAL_MS = 2000;

export interface FolderWatcher {
  close(): Promise<void>;
}

export interface FolderChanges {
  /** Called with the names of files that may have been added, changed or removed. */
  readonly onChange: (name: string) => void;
  /** Called once for each time that the folder can no longer be watched. */
  readonly onError: (error: unknown) => void;
}

/**
 * Watches a folder, without subfolders, by the events of the file system. It takes one watch of the operating system,
 * however many files the folder has. A folder that is moved away, or cannot be watched, is tried again.
 */
export function watchFolder(folder: string, { onChange, onError }: FolderChanges): FolderWatcher {
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

/** Watches a folder by polling its files every 100 ms. Resolves after the first scan. */
export async function pollFolder(
  folder: string,
  extension: string,
  { onChange, onError }: FolderChanges,
): Promise<FolderWatcher> {
  const watcher = watchWithPolling(folder, {
    depth: 0,
    ignoreInitial: true,
    usePolling: true,
    ignored: (path, stats) => stats?.isFile() === true && !path.endsWith(extension),
  });
  watcher.on("error", onError);
  watcher.on("all", (event, path) => {
    if (!event.endsWith("Dir")) onChange(basename(path));
  });
  await new Promise<void>((resolve) => {
    watcher.once("ready", resolve);
    watcher.once("error", () => resolve());
  });
  return watcher;
}
