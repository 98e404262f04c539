import { rm } from "node:fs/promises";
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
/** Milliseconds since its last change before a source is encoded: it may still be copied. */
const SETTLED_AFTER_MS = 5000;

/** Creates the encoder of the sources in the catalog, which stops with the application. The caller starts it. */
export function createBackgroundEncoder(
  app: FastifyInstance,
  { catalog, queue, counts, options }: EncodingDependencies,
): BackgroundEncoder {
  const { encode: mode, encodeOptions: settings, afterEncode } = options;
  const candidates = async (): Promise<EncodeCandidate[]> =>
    (await catalog.list()).entries.flatMap((listed) => {
      const { id, source: input, output, changedAt = 0, bytes, opened, revision } = listed;
      if (listed.backend !== "source" || input === undefined || output === undefined) return [];
      if (Date.now() - changedAt < SETTLED_AFTER_MS) return [];
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
      if (afterEncode === "delete") await deleteSource(candidate, result, options, app);
    },
    onFailed: ({ id }, { message }) => app.log.warn({ video: id }, `video cannot be encoded: ${message}`),
  });
  app.addHook("preClose", () => encoder.close());
  return encoder;
}

/** Deletes a source whose asset has every track, and the quality that was asked for when it is read back. */
async function deleteSource(
  { id, input }: EncodeCandidate,
  { verification, hasSkippedStreams, bytes }: FinishedEncode,
  { encodeOptions: { minPsnr = Infinity } }: ResolvedOptions,
  { log }: FastifyInstance,
): Promise<void> {
  const psnr = verification?.psnr ?? 0;
  if (hasSkippedStreams || psnr < minPsnr) {
    const reason = hasSkippedStreams
      ? "the asset lacks one of its tracks"
      : `the asset has ${psnr.toFixed(1)} dB, and minPsnr is ${minPsnr} dB`;
    log.warn({ video: id }, `the source is kept: ${reason}`);
    return;
  }
  await rm(input);
  log.info({ video: id, psnr, bytes }, "source deleted: its asset was read back and is good enough");
}
