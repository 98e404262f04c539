import { tileTrainingStep } from "../../tile/training-graph.js";
import { runTileSteps, tileShape } from "../../tile/training-steps.js";
import type { TrainingWeights } from "../../tile/weights.js";
import type { Device } from "../onnx/onnx-runtime.js";
import type { Trainer, TrainingOptions, TrainingPlan, TrainingProblem } from "../trainer.js";
import { loadTensorFlow, runningLoop } from "./tfjs-runtime.js";

/**
 * Training by TensorFlow.js. It runs the same graph as the ONNX trainer, gradients and optimizer included, so
 * that the two check each other's arithmetic; the network is written down once.
 */
export class TfjsTrainer implements Trainer {
  readonly name = "tfjs";
  readonly #device: Device;

  constructor(options: { device: Device }) {
    this.#device = options.device;
  }

  async train(
    problem: TrainingProblem,
    plan: TrainingPlan,
    options: TrainingOptions = {},
  ): Promise<TrainingWeights> {
    const shape = tileShape(problem, plan.points);
    const step = tileTrainingStep(shape, problem.learnEncoder, plan.motionRate / plan.rate, plan.coding);
    const graph = runningLoop(await loadTensorFlow(this.#device), step);
    try {
      return await runTileSteps(graph, problem, plan, shape, options);
    } finally {
      await graph.release();
    }
  }
}
