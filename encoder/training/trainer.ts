import type { TileNetwork } from "../../codec/internal.js";
import type { FakeQuantization } from "./quantization/fake-quantization.js";
import type { GroupTarget } from "./sampling/group-target.js";
import type { TrainingWeights } from "./weights.js";

/**
 * The networks to train: the decoders of a range of tiles of one group, and the shared encoder if `learnEncoder` is set.
 */
export interface TrainingProblem {
  readonly network: TileNetwork;
  readonly target: GroupTarget;
  /** Width of the decoders. */
  readonly width: number;
  readonly learnEncoder: boolean;
  /** Initial weights of decoders, displacements and shared encoder. */
  readonly weights: TrainingWeights;
}

/** How the networks are trained. */
export interface TrainingPlan {
  readonly steps: number;
  /** Points sampled per tile and step. */
  readonly points: number;
  /** Peak learning rate of the weights. */
  readonly learningRate: number;
  /** Peak learning rate of the displacements. */
  readonly motionLearningRate: number;
  /** Quantization-aware training; undefined: minimize the error only. */
  readonly quantization?: FakeQuantization;
  readonly seed: number;
  /** Keys of the random stream, which differ between groups, tile ranges and phases. */
  readonly keys: readonly number[];
}

/**
 * Called after every few steps.
 *
 * @param done number of finished steps
 * @param losses mean squared errors of the steps since the last call, in normalized units
 */
export type TrainingProgress = (done: number, losses: Float32Array) => void;

/** Options of a training run. */
export interface TrainingOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: TrainingProgress;
}

/** A backend that runs training steps. All trainers sample the same points, and their losses agree step by step. */
export interface Trainer {
  readonly name: string;
  /**
   * Trains and returns the trained weights. Does not change the weights of `problem`.
   *
   * @throws the signal's reason if aborted
   * @throws EncoderError `no-cuda` if there is no GPU, or `no-tfjs` if TensorFlow.js is not installed
   */
  train(problem: TrainingProblem, plan: TrainingPlan, options?: TrainingOptions): Promise<TrainingWeights>;
}
