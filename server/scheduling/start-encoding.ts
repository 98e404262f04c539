import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Catalog } from "../catalog/catalog.js";
import type { WatchCounts } from "../monitoring/watch-counts.js";
import type { ResolvedOptions } from "../resolve-options.js";
import { BackgroundEncoder } from "./background-encoder.js";
import { deleteSource } from "./delete-source.js";
import { type EncodeCandidate, encodeCandidate } from "./encode-candidate.js";
import { EncodeDecisions } from "./encode-decisions.js";
import type { WorkQueue } from "./queue.js";

export interface EncodingDependencies {
  readonly catalog: Catalog;
  readonly queue: WorkQueue;
  readonly counts: WatchCounts;
  readonly options: ResolvedOptions;
  /** The state folder; undefined without a folder of videos. */
  readonly state: string | undefined;
}

/** Creates the encoder of the sources in the catalog, which stops with the application. The caller starts it. */
export function createBackgroundEncoder(
  app: FastifyInstance,
  dependencies: EncodingDependencies,
): BackgroundEncoder {
  const { catalog, queue, counts, options, state } = dependencies;
  const { encode: mode, encodeOptions: settings, afterEncode } = options;
  const candidates = async (): Promise<EncodeCandidate[]> =>
    (await catalog.list()).entries.flatMap((listed) => {
      const { id, backend, opened } = listed;
      if (backend !== "source" && !encoder.isRequested(id)) return [];
      return encodeCandidate(listed, counts.of(id), opened?.video.duration) ?? [];
    });
  const decisions = new EncodeDecisions(state && join(state, "encodes.json"), ({ message }) =>
    app.log.warn(`pauses of encodes are lost when the server ends: ${message}`),
  );
  const encoder = new BackgroundEncoder({
    mode,
    settings,
    queue,
    decisions,
    state,
    candidates,
    verify: afterEncode === "delete",
    onFinished: async (candidate, result) => {
      const { id } = candidate;
      const { psnr, bytes, seconds } = result;
      app.log.info({ video: id, psnr, bytes, seconds }, "video encoded");
      if (afterEncode !== "delete") return;
      // The asset records the content that it was encoded from.
      const isCurrent = async () => {
        const { backend, source } = await catalog.find(id);
        return backend === "asset" && source === candidate.input;
      };
      await deleteSource({ candidate, result, isCurrent, minPsnr: settings.minPsnr, log: app.log });
    },
    onFailed: ({ id }, { message }) => app.log.warn({ video: id }, `video cannot be encoded: ${message}`),
  });
  app.addHook("preClose", () => encoder.close());
  return encoder;
}
