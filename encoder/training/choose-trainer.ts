import type { Device } from "./onnx/onnx-runtime.js";
import type { Precision } from "./onnx/precision.js";
import type { Trainer } from "./trainer.js";

/** What runs the training graphs of either profile. */
export type TrainerName = "onnx" | "tfjs";
/** What trains tiles: our own kernel, which has no graph, as well. */
export type TileTrainerName = TrainerName | "kernel";

/**
 * `threads` and `precision` are for onnxruntime; the others run in the thread that calls them and in float32, the
 * kernel always on the processor. Only the one that is asked for is loaded.
 */
export async function createTrainer(
  name: TileTrainerName,
  options: { device: Device; threads: number; precision: Precision },
): Promise<Trainer> {
  if (name === "kernel") return new (await import("./kernel/kernel-trainer.js")).KernelTrainer();
  if (name === "tfjs") return new (await import("./tfjs/tfjs-trainer.js")).TfjsTrainer(options);
  return new (await import("./onnx/onnx-trainer.js")).OnnxTrainer(options);
}
