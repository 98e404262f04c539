import { exportLoop } from "../../graph/onnx-export.js";
import type { Trainer, TrainingOptions, TrainingPlan, TrainingProblem } from "../trainer.js";
import type { TrainingWeights } from "../weights.js";
import { type Device, loadGraph } from "./onnx-runtime.js";
import { matmulPrecision, type Precision } from "./precision.js";
import { tileTrainingStep } from "./tile-training-graph.js";
import { runTileSteps, tileShape } from "./training-steps.js";

/** Trains with ONNX graphs in onnxruntime, on the CPU or with the CUDA execution provider. */
export class OnnxTrainer implements Trainer {
  readonly name = "onnx";
  readonly #device: Device;
  readonly #threads: number;
  readonly #precision: Precision;

  /** @param options.precision matrix-multiply precision; default float32 */
  constructor(options: { device: Device; threads: number; precision?: Precision }) {
    this.#device = options.device;
    this.#threads = options.threads;
    this.#precision = options.precision ?? "float32";
  }

  async train(
    problem: TrainingProblem,
    plan: TrainingPlan,
    options: TrainingOptions = {},
  ): Promise<TrainingWeights> {
    const shape = tileShape(problem, plan.points);
    const model = (provider: "cpu" | "cuda") =>
      exportLoop(
        tileTrainingStep(shape, {
          learnEncoder: problem.learnEncoder,
          motionLearningRateScale: plan.motionLearningRate / plan.learningRate,
          quantization: plan.quantization,
          matmulPrecision: matmulPrecision(provider, this.#precision),
        }),
      );
    const graph = await loadGraph(model, this.#device, this.#threads);
    try {
      return await runTileSteps(graph, { problem, plan, shape, precision: this.#precision }, options);
    } finally {
      await graph.release();
    }
  }
}
