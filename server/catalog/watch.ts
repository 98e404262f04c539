import type { FastifyInstance } from "fastify";
import { RequestError } from "../errors.js";
import type { Library } from "../library/library.js";
import type { Catalog, CatalogListing } from "./catalog.js";

/** Milliseconds without a further change before a changed video is opened. */
const WATCH_DEBOUNCE_MS = 250;
/** Videos that are opened at the same time: a copied folder may have thousands, and a source takes a process. */
const OPEN_CONCURRENCY = 2;
/** Milliseconds until a video that is still being written is tried again. */
const RETRY_INTERVAL_MS = 2000;

/** Logs the number of videos, and each file that is not served, once the server listens and the catalog is listed. */
export function logCatalog(listed: Promise<CatalogListing>, app: FastifyInstance): void {
  app.addHook("onListen", async () => {
    const { entries, problems } = await listed;
    for (const { file, message } of problems) app.log.warn({ file }, `not served: ${message}`);
    app.log.info({ videos: entries.length }, "serving videos");
  });
}

export interface WatchedCatalog {
  readonly libraries: readonly Library[];
  readonly catalog: Catalog;
  /** The videos at startup. */
  readonly listed: Promise<CatalogListing>;
  /** Called after a video was added, replaced or removed. */
  readonly onChange: () => void;
}

/**
 * Opens videos as they appear in a library, so that the first request finds them open, and logs videos that are
 * added, replaced or removed. Stops when the application closes.
 */
export async function watchCatalog(
  { libraries, catalog, listed, onChange }: WatchedCatalog,
  app: FastifyInstance,
): Promise<void> {
  const { log } = app;
  const versions = new Map<string, string>();
  const timers = new Map<string, NodeJS.Timeout>();

  const initialVersions = listed.then(({ entries }) => {
    // A source that was not opened yet has no version.
    for (const { id, opened } of entries) versions.set(id, opened?.version ?? "");
  });
  const update = async (id: string) => {
    timers.delete(id);
    await initialVersions;
    const previous = versions.get(id);
    try {
      const { version } = await catalog.open(id);
      if (version === previous) return;
      versions.set(id, version);
      if (previous !== "") log.info({ video: id }, previous === undefined ? "video added" : "video replaced");
    } catch (error) {
      const code = error instanceof RequestError ? error.code : undefined;
      if (code === "asset-incomplete") return scheduleUpdate(id, RETRY_INTERVAL_MS);
      if (code !== "unknown-asset") log.warn({ video: id, err: error }, "video cannot be served");
      else if (versions.delete(id)) log.info({ video: id }, "video removed");
    }
  };
  const pending = new Set<string>();
  let running = 0;
  const updatePending = async () => {
    if (running >= OPEN_CONCURRENCY) return;
    running++;
    for (const id of pending) {
      pending.delete(id);
      await update(id);
      onChange();
    }
    running--;
  };
  const scheduleUpdate = (id: string, delayMs: number) => {
    clearTimeout(timers.get(id));
    const timer = setTimeout(() => {
      pending.add(id);
      void updatePending();
    }, delayMs);
    timers.set(id, timer.unref());
  };

  const onError = (error: unknown) =>
    // One line, without a stack: the server works without a watcher.
    log.warn(`${describeWatchError(error)}; changes are still detected on each request`);
  app.addHook("onClose", () => {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  });
  const onFile = (id: string) => scheduleUpdate(id, WATCH_DEBOUNCE_MS);
  await Promise.all(libraries.map((library) => library.watch?.(onFile, onError)));
}

export function describeWatchError(error: unknown): string {
  const { code, message = String(error) } = (error ?? {}) as NodeJS.ErrnoException;
  const limits: Record<string, string> = {
    ENOSPC: "fs.inotify.max_user_watches",
    EMFILE: "fs.inotify.max_user_instances",
  };
  const limit = limits[code ?? ""];
  const fix = limit === undefined ? "" : `; raise ${limit}, or set watch to "poll" or false`;
  return `cannot watch a video folder: ${message}${fix}`;
}
