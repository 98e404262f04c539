import type { FastifyInstance } from "fastify";
import type { Catalogue } from "./catalogue.js";
import { RequestError } from "./errors.js";
import type { Library } from "./sources/library.js";

/** Milliseconds without a further change before a film that changed is looked at. */
const CALM = 250;
/** Milliseconds until one that is still being written is looked at again. */
const AGAIN = 2000;

/** Tells the log what is served, and what is not and why. */
export async function reportFilms(catalogue: Catalogue, app: FastifyInstance): Promise<void> {
  const { films, problems } = await catalogue.list();
  for (const { file, message } of problems) app.log.warn({ file }, `not served: ${message}`);
  app.addHook("onListen", async () => app.log.info({ films: films.length }, "siedd serves"));
}

/**
 * Opens films that come into a folder while the server runs, so that the first request for one finds it open, and
 * tells the log of those that come, change and go. Ends with the application.
 */
export async function watchFilms(
  libraries: readonly Library[],
  catalogue: Catalogue,
  app: FastifyInstance,
): Promise<void> {
  const { log } = app;
  const versions = new Map<string, string>();
  const timers = new Map<string, NodeJS.Timeout>();

  const look = async (id: string) => {
    timers.delete(id);
    const before = versions.get(id);
    try {
      const { version } = await catalogue.open(id);
      if (version === before) return;
      versions.set(id, version);
      log.info({ film: id }, before === undefined ? "a film was added" : "a film was replaced");
    } catch (error) {
      const code = error instanceof RequestError ? error.code : undefined;
      if (code === "asset-incomplete") return later(id, AGAIN);
      if (code !== "unknown-asset") log.warn({ film: id, err: error }, "a film cannot be served");
      else if (versions.delete(id)) log.info({ film: id }, "a film was removed");
    }
  };
  const later = (id: string, wait: number) => {
    clearTimeout(timers.get(id));
    const timer = setTimeout(() => void look(id), wait);
    timers.set(id, timer.unref());
  };

  const problem = (error: unknown) =>
    log.warn({ err: error }, "a folder cannot be watched; requests notice changes in it all the same");
  app.addHook("onClose", () => {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  });
  await Promise.all(libraries.map((library) => library.watch?.((id) => later(id, CALM), problem)));
  for (const { id, version } of (await catalogue.list()).films) versions.set(id, version);
}
