import { rm, stat } from "node:fs/promises";
import type { FinishedEncode } from "./background-encoder.js";
import type { EncodeCandidate } from "./encode-candidate.js";

/** Receives messages for the operator, such as the log of Fastify. */
export interface EncodeLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface EncodedSource {
  readonly candidate: EncodeCandidate;
  readonly result: FinishedEncode;
  /** Returns whether the source still is what the asset was encoded from. */
  readonly isCurrent: () => Promise<boolean>;
  /** Mean PSNR that the asset must have when it is read back, dB. */
  readonly minPsnr: number | undefined;
  readonly log: EncodeLog;
}

/**
 * Deletes a source whose asset has every track, and the quality that was asked for when it is read back. Logs what it
 * frees, or why the source is kept.
 */
export async function deleteSource(source: EncodedSource): Promise<void> {
  const { candidate, result, log } = source;
  const { id: video, input } = candidate;
  try {
    const reason = await reasonToKeep(source);
    if (reason !== undefined) {
      log.warn({ video }, `the source is kept: ${reason}`);
      return;
    }
    const { size: freed } = await stat(input);
    await rm(input);
    const { verification, bytes } = result;
    log.info(
      { video, psnr: verification?.psnr, bytes, freed },
      `source deleted, which frees ${freed} bytes: its asset of ${bytes} bytes was read back and is good enough`,
    );
  } catch (error) {
    log.warn({ video }, `the source cannot be deleted: ${(error as Error).message}`);
  }
}

async function reasonToKeep({
  result,
  isCurrent,
  minPsnr = Infinity,
}: EncodedSource): Promise<string | undefined> {
  if (!(await isCurrent())) return "it has changed since its encode began";
  if (result.hasSkippedStreams) return "the asset lacks one of its tracks";
  const psnr = result.verification?.psnr ?? 0;
  if (psnr >= minPsnr) return undefined;
  return `the asset has ${psnr.toFixed(1)} dB, and minPsnr is ${minPsnr} dB`;
}
