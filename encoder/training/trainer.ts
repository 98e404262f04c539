import type { TileNetwork } from "../../codec/internal.js";
import type { GroupTarget } from "../tile/group-target.js";
import type { TrainingWeights } from "../tile/weights.js";
import type { CodingTerms } from "./quantization/coded-tile.js";

/** What is trained: the decoders of one group, and the shared encoder too where `learnEncoder`. */
export interface TrainingProblem {
  readonly network: TileNetwork;
  readonly target: GroupTarget;
  /** Width of all decoders. */
  readonly width: number;
  readonly learnEncoder: boolean;
  /** Where training begins: decoders, motion and shared encoder. */
  readonly weights: TrainingWeights;
}

/** How it is trained. */
export interface TrainingPlan {
  readonly steps: number;
  /** Positions a tile and step. */
  readonly points: number;
  /** Peak learning rate of the weights, and of the displacements. */
  readonly rate: number;
  readonly motionRate: number;
  /** Undefined trains for accuracy alone. */
  readonly coding?: CodingTerms;
  readonly seed: number;
  /** Distinguishes the random streams of groups and phases. */
  readonly keys: readonly number[];
}

/**
 * Called after every few steps with the steps done so far and the mean squared errors (normalized units) of
 * the steps since the last call.
 */
export type TrainingProgress = (done: number, losses: Float32Array) => void;

export interface TrainingOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: TrainingProgress;
}

/** One way to run training steps; all trainers see the same points and agree step by step. */
export interface Trainer {
  readonly name: string;
  /** Trained weights. Rejects with the signal's reason when aborted, EncoderError `no-cuda` without a GPU, `no-tfjs` without TensorFlow.js. */
  train(problem: TrainingProblem, plan: TrainingPlan, options?: TrainingOptions): Promise<TrainingWeights>;
}
