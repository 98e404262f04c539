import { EncoderError } from "../errors.js";
import type { EncodeEvent } from "../events.js";
import type { TileTrainerName } from "../training/create-trainer.js";
import { hasCudaProvider } from "../training/onnx/cuda-provider.js";
import type { Device } from "../training/onnx/onnx-runtime.js";
import type { Precision } from "../training/onnx/precision.js";
import type { PrecisionDecision } from "../training/onnx/precision-trial.js";
import type { Checkpoints } from "./checkpoints.js";

/** The options that decide the precision. */
export interface PrecisionOptions {
  readonly precision: "auto" | Precision;
  readonly trainer: TileTrainerName;
  readonly device: Device;
}

/**
 * Returns the matrix-multiply precision of an encode. For `auto` on a GPU, `trial` decides. The decision is stored in
 * the checkpoints, so that a resumed encode continues in the same precision and gives the same bytes.
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
      // The CUDA libraries are installed, but there is no GPU, so the CPU trains.
      if (device === "auto" && cause instanceof EncoderError && cause.code === "no-cuda") return "float32";
      throw cause;
    }
    await checkpoints.writePrecision(decision);
  }
  emit({ type: "precision", ...decision });
  return decision.precision;
}
