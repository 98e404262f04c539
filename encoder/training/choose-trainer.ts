import { KernelTrainer } from "./kernel-trainer.js";
import type { Device } from "./onnx-runtime.js";
import { OnnxTrainer } from "./onnx-trainer.js";
import type { Precision } from "./precision.js";
import { TfjsTrainer } from "./tfjs-trainer.js";
import type { Trainer } from "./trainer.js";

/** What runs the training graphs of either profile. */
export type TrainerName = "onnx" | "tfjs";
/** What trains tiles: our own kernel, which has no graph, as well. */
export type TileTrainerName = TrainerName | "kernel";

/**
 * `threads` and `precision` are for onnxruntime; the others run in the thread that calls them and in float32, the
 * kernel always on the processor.
 */
export function createTrainer(
  name: TileTrainerName,
  options: { device: Device; threads: number; precision: Precision },
): Trainer {
  if (name === "kernel") return new KernelTrainer();
  return name === "tfjs" ? new TfjsTrainer(options) : new OnnxTrainer(options);
}
