import { exportLoop } from "../graph/onnx-export.js";
import { type Device, loadGraph } from "./onnx-runtime.js";
import { tileTrainingStep } from "./tile-graph.js";
import { runSteps, shapeOf } from "./tile-steps.js";
import type { TrainingWeights } from "./tile-weights.js";
import type { Trainer, TrainingOptions, TrainingPlan, TrainingProblem } from "./trainer.js";

/** Training by ONNX graphs on onnxruntime: the CPU, or the CUDA execution provider. */
export class OnnxTrainer implements Trainer {
  readonly name = "onnx";
  readonly #device: Device;
  readonly #threads: number;

  constructor(options: { device: Device; threads: number }) {
    this.#device = options.device;
    this.#threads = options.threads;
  }

  async train(
    problem: TrainingProblem,
    plan: TrainingPlan,
    options: TrainingOptions = {},
  ): Promise<TrainingWeights> {
    const shape = shapeOf(problem, plan.points);
    const step = tileTrainingStep(shape, problem.learnEncoder, plan.motionRate / plan.rate, plan.coding);
    const graph = await loadGraph(exportLoop(step), this.#device, this.#threads);
    try {
      return await runSteps(graph, problem, plan, shape, options);
    } finally {
      await graph.release();
    }
  }
}
