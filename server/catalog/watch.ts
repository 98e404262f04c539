import type { FastifyInstance } from "fastify";
import { RequestError } from "../errors.js";
import type { Library } from "../library/library.js";
import type { Catalog, CatalogListing } from "./catalog.js";

/** Milliseconds without a further change before a video that changed is looked at. */
const CALM = 250;
/** Milliseconds until one that is still being written is looked at again. */
const AGAIN = 2000;

/** Tells the log what is served, and what is not and why, once the server listens and has looked through its videos. */
export function logCatalogProblems(listed: Promise<CatalogListing>, app: FastifyInstance): void {
  app.addHook("onListen", async () => {
    const { entries, problems } = await listed;
    for (const { file, message } of problems) app.log.warn({ file }, `not served: ${message}`);
    app.log.info({ entries: entries.length }, "siedd serves");
  });
}

/**
 * Opens videos that come into a folder while the server runs, so that the first request for one finds it open, and
 * tells the log of those that come, change and go. Ends with the application.
 *
 * @param listed the videos that were there at the start
 */
export async function watchCatalog(
  libraries: readonly Library[],
  catalog: Catalog,
  listed: Promise<CatalogListing>,
  app: FastifyInstance,
): Promise<void> {
  const { log } = app;
  const versions = new Map<string, string>();
  const timers = new Map<string, NodeJS.Timeout>();

  const known = listed.then(({ entries }) => {
    for (const { id, version } of entries) versions.set(id, version);
  });
  const look = async (id: string) => {
    timers.delete(id);
    await known;
    const before = versions.get(id);
    try {
      const { version } = await catalog.open(id);
      if (version === before) return;
      versions.set(id, version);
      log.info({ entry: id }, before === undefined ? "a video was added" : "a video was replaced");
    } catch (error) {
      const code = error instanceof RequestError ? error.code : undefined;
      if (code === "asset-incomplete") return later(id, AGAIN);
      if (code !== "unknown-asset") log.warn({ entry: id, err: error }, "a video cannot be served");
      else if (versions.delete(id)) log.info({ entry: id }, "a video was removed");
    }
  };
  const later = (id: string, wait: number) => {
    clearTimeout(timers.get(id));
    const timer = setTimeout(() => void look(id), wait);
    timers.set(id, timer.unref());
  };

  const problem = (error: unknown) =>
    log.warn(
      { err: error },
      "something in a folder cannot be watched; requests notice changes in it all the same",
    );
  app.addHook("onClose", () => {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  });
  await Promise.all(libraries.map((library) => library.watch?.((id) => later(id, CALM), problem)));
}
