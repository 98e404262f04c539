import type { Device } from "../onnx/onnx-runtime.js";
import { tileTrainingStep } from "../onnx/tile-training-graph.js";
import { runTileSteps, tileShape } from "../onnx/training-steps.js";
import type { Trainer, TrainingOptions, TrainingPlan, TrainingProblem } from "../trainer.js";
import type { TrainingWeights } from "../weights.js";
import { createLoopSession, loadTensorFlow } from "./tfjs-runtime.js";

/**
 * Trains with TensorFlow.js. Runs the same graph as the ONNX trainer, including gradients and optimizer, so that the two
 * trainers verify each other's arithmetic.
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
    const step = tileTrainingStep(shape, {
      learnEncoder: problem.learnEncoder,
      motionLearningRateScale: plan.motionLearningRate / plan.learningRate,
      quantization: plan.quantization,
    });
    const graph = createLoopSession(await loadTensorFlow(this.#device), step);
    try {
      return await runTileSteps(graph, { problem, plan, shape }, options);
    } finally {
      await graph.release();
    }
  }
}
