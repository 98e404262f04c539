import { EncoderError } from "../errors.js";
import type { EncodeEvent } from "../events.js";
import type { TileTrainerName } from "../training/choose-trainer.js";
import { hasCudaProvider } from "../training/onnx/cuda-provider.js";
import type { Device } from "../training/onnx/onnx-runtime.js";
import type { Precision } from "../training/onnx/precision.js";
import type { PrecisionDecision } from "../training/onnx/precision-trial.js";
import type { Checkpoints } from "./checkpoints.js";

/** What a whole encode multiplies in: the precision asked for; `auto` is decided by a trial on the GPU. */
export interface PrecisionOptions {
  readonly precision: "auto" | Precision;
  readonly trainer: TileTrainerName;
  readonly device: Device;
}

/**
 * Settles `auto` once an encode: what was decided lies in its checkpoints, so that a resumed encode goes on in the
 * same precision and gives the same bytes. `trial` trains on the GPU; it is asked only where there may be one.
 */
export async function choosePrecision(
  { precision, trainer, device }: PrecisionOptions,
  checkpoints: Checkpoints,
  emit: (event: EncodeEvent) => void,
  trial: () => Promise<PrecisionDecision>,
): Promise<Precision> {
  if (precision !== "auto") return precision;
  if (trainer !== "onnx" || device === "cpu") return "float32";
  let decision = await checkpoints.readPrecision();
  if (decision === undefined) {
    if (!hasCudaProvider()) return "float32";
    try {
      decision = await trial();
    } catch (cause) {
      // The libraries are there, but no GPU: the processor will train.
      if (device === "auto" && cause instanceof EncoderError && cause.code === "no-cuda") return "float32";
      throw cause;
    }
    await checkpoints.writePrecision(decision);
  }
  emit({ type: "precision", ...decision });
  return decision.precision;
}
