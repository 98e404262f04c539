import { exportLoop } from "../../graph/onnx-export.js";
import { tileTrainingStep } from "../../tile/training-graph.js";
import { runTileSteps, tileShape } from "../../tile/training-steps.js";
import type { TrainingWeights } from "../../tile/weights.js";
import type { Trainer, TrainingOptions, TrainingPlan, TrainingProblem } from "../trainer.js";
import { type Device, loadGraph } from "./onnx-runtime.js";
import { type Precision, productsOn } from "./precision.js";

/** Training by ONNX graphs on onnxruntime: the CPU, or the CUDA execution provider. */
export class OnnxTrainer implements Trainer {
  readonly name = "onnx";
  readonly #device: Device;
  readonly #threads: number;
  readonly #precision: Precision;

  /** `precision` defaults to float32. */
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
    const motionRate = plan.motionRate / plan.rate;
    const model = (provider: "cpu" | "cuda") => {
      const products = productsOn(provider, this.#precision);
      return exportLoop(tileTrainingStep(shape, problem.learnEncoder, motionRate, plan.coding, products));
    };
    const graph = await loadGraph(model, this.#device, this.#threads);
    try {
      return await runTileSteps(graph, problem, plan, shape, options, this.#precision);
    } finally {
      await graph.release();
    }
  }
}
