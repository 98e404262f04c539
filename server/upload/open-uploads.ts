import { access, constants } from "node:fs/promises";
import type { FastifyInstance } from "fastify";
import type { Catalog } from "../catalog/catalog.js";
import { ServeError } from "../errors.js";
import type { ResolvedOptions } from "../resolve-options.js";
import { loadTus } from "./load-tus.js";
import { Uploads } from "./uploads.js";

/** Milliseconds between deletions of expired uploads. */
const EXPIRY_INTERVAL_MS = 900_000;

/**
 * Prepares to receive videos if the option `upload` is set.
 *
 * @param state the server's folder for state; undefined without a folder of videos
 * @throws ServeError `bad-option` if there is no writable folder, or tus is not installed
 */
export async function openUploads(
  app: FastifyInstance,
  { root, upload, maxUploadBytes }: ResolvedOptions,
  state: string | undefined,
  catalog: Catalog,
): Promise<Uploads | undefined> {
  if (!upload) return undefined;
  const folder = root.find(({ kind }) => kind === "folder");
  if (folder?.kind !== "folder" || state === undefined) {
    throw new ServeError(
      "bad-option",
      "siedd options.upload requires a folder in root, because nothing is written to other servers; add a folder",
    );
  }
  const tus = await loadTus();
  const uploads = new Uploads({ tus, root: folder.path, state, maxBytes: maxUploadBytes, catalog });
  try {
    await access(folder.path, constants.W_OK);
    await uploads.prepare();
  } catch (cause) {
    throw new ServeError(
      "bad-option",
      `siedd options.upload requires a folder that the server may write to, got ${folder.path}; change its permissions`,
      { cause },
    );
  }
  const log = (error: unknown) => app.log.warn({ err: error }, "expired uploads cannot be deleted");
  const timer = setInterval(() => uploads.deleteExpired().catch(log), EXPIRY_INTERVAL_MS).unref();
  app.addHook("onClose", async () => clearInterval(timer));
  return uploads;
}
