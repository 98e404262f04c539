import type { Device } from "./onnx-runtime.js";
import { OnnxTrainer } from "./onnx-trainer.js";
import { TfjsTrainer } from "./tfjs-trainer.js";
import type { Trainer } from "./trainer.js";

/** What runs the training steps. */
export type TrainerName = "onnx" | "tfjs";

/** `threads` is for onnxruntime; TensorFlow.js runs in the thread that calls it. */
export function createTrainer(name: TrainerName, options: { device: Device; threads: number }): Trainer {
  return name === "tfjs" ? new TfjsTrainer(options) : new OnnxTrainer(options);
}
