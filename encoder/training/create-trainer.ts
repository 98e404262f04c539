import type { KernelVariant } from "./kernel/kernel.js";
import type { Device } from "./onnx/onnx-runtime.js";
import type { Precision } from "./onnx/precision.js";
import type { Trainer } from "./trainer.js";

/** Trainers that run the training graphs of both profiles. */
export type TrainerName = "onnx" | "tfjs";
/** Trainers of the tile profile, which include the kernel. The kernel does not run graphs. */
export type TileTrainerName = TrainerName | "kernel";

/** Settings of all trainers. */
export interface TrainerSettings {
  readonly device: Device;
  readonly threads: number;
  readonly precision: Precision;
  readonly kernel: KernelVariant;
}

/**
 * Creates a trainer and loads only its modules. `threads` and `precision` apply to onnxruntime only. The other trainers run
 * in the calling thread and in float32; the kernel always runs on the CPU, in the variant `kernel`.
 */
export async function createTrainer(name: TileTrainerName, options: TrainerSettings): Promise<Trainer> {
  if (name === "kernel") {
    const { kernelBuild } = await import("./kernel/kernel.js");
    return new (await import("./kernel/kernel-trainer.js")).KernelTrainer(kernelBuild(options.kernel));
  }
  if (name === "tfjs") return new (await import("./tfjs/tfjs-trainer.js")).TfjsTrainer(options);
  return new (await import("./onnx/onnx-trainer.js")).OnnxTrainer(options);
}
