import { rm, stat } from "node:fs/promises";
import type { FastifyInstance } from "fastify";
import type { Catalog } from "../catalog/catalog.js";
import type { WatchCounts } from "../monitoring/watch-counts.js";
import type { ResolvedOptions } from "../resolve-options.js";
import { BackgroundEncoder, type EncodeCandidate, type FinishedEncode } from "./background-encoder.js";
import type { WorkQueue } from "./queue.js";

export interface EncodingDependencies {
  readonly catalog: Catalog;
  readonly queue: WorkQueue;
  readonly counts: WatchCounts;
  readonly options: ResolvedOptions;
}

/** Bytes per second of a source whose duration is not known yet. */
const ESTIMATED_BYTE_RATE = 250_000;

/** Creates the encoder of the sources in the catalog, which stops with the application. The caller starts it. */
export function createBackgroundEncoder(
  app: FastifyInstance,
  dependencies: EncodingDependencies,
): BackgroundEncoder {
  const { catalog, queue, counts, options } = dependencies;
  const { encode: mode, encodeOptions: settings, afterEncode } = options;
  const candidates = async (): Promise<EncodeCandidate[]> =>
    (await catalog.list()).entries.flatMap((listed) => {
      const { id, source: input, output, changedAt = 0, bytes, opened, revision } = listed;
      if (listed.backend !== "source" && !encoder.isRequested(id)) return [];
      if (input === undefined || output === undefined) return [];
      const seconds = opened?.video.duration ?? bytes / ESTIMATED_BYTE_RATE;
      return [{ id, revision, input, output, watched: counts.of(id), seconds, changedAt }];
    });
  const encoder = new BackgroundEncoder({
    mode,
    settings,
    queue,
    candidates,
    verify: afterEncode === "delete",
    onFinished: async (candidate, result) => {
      const { id } = candidate;
      const { psnr, bytes, seconds } = result;
      app.log.info({ video: id, psnr, bytes, seconds }, "video encoded");
      if (afterEncode !== "delete") return;
      await deleteSource(candidate, result, dependencies, app).catch(({ message }: Error) =>
        app.log.warn({ video: id }, `the source cannot be deleted: ${message}`),
      );
    },
    onFailed: ({ id }, { message }) => app.log.warn({ video: id }, `video cannot be encoded: ${message}`),
  });
  app.addHook("preClose", () => encoder.close());
  return encoder;
}

/** Deletes a source whose asset has every track, and the quality that was asked for when it is read back. */
async function deleteSource(
  { id, input }: EncodeCandidate,
  result: FinishedEncode,
  { catalog, options }: EncodingDependencies,
  { log }: FastifyInstance,
): Promise<void> {
  const { backend, source } = await catalog.find(id);
  // The asset records the content that it was encoded from.
  const isCurrent = backend === "asset" && source === input;
  const reason = isCurrent ? reasonToKeep(result, options) : "it has changed since its encode began";
  if (reason !== undefined) {
    log.warn({ video: id }, `the source is kept: ${reason}`);
    return;
  }
  const { size: freed } = await stat(input);
  await rm(input);
  const { verification, bytes } = result;
  log.info(
    { video: id, psnr: verification?.psnr, bytes, freed },
    `source deleted, which frees ${freed} bytes: its asset of ${bytes} bytes was read back and is good enough`,
  );
}

function reasonToKeep(
  { verification, hasSkippedStreams }: FinishedEncode,
  { encodeOptions: { minPsnr = Infinity } }: ResolvedOptions,
): string | undefined {
  if (hasSkippedStreams) return "the asset lacks one of its tracks";
  const psnr = verification?.psnr ?? 0;
  if (psnr >= minPsnr) return undefined;
  return `the asset has ${psnr.toFixed(1)} dB, and minPsnr is ${minPsnr} dB`;
}
