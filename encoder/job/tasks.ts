import type { DecoderAsset, QuantizationSteps, TileNetwork } from "../../codec/internal.js";
import type { EncoderErrorCode } from "../errors.js";
import type { PaperAnchorsTask, PaperGroupTask } from "../paper/tasks.js";
import type { GroupTarget } from "../tile/group-target.js";
import type { TrainingWeights } from "../tile/weights.js";
import type { TileTrainerName } from "../training/choose-trainer.js";
import type { Device } from "../training/onnx/onnx-runtime.js";
import type { Precision } from "../training/onnx/precision.js";
import type { PrecisionDecision } from "../training/onnx/precision-trial.js";
import type { TrainingPlan } from "../training/trainer.js";
import type { FinishedGroup } from "./checkpoints.js";

/** Trains a run of tiles of one group. */
export interface TrainTask {
  readonly kind: "train";
  readonly network: TileNetwork;
  readonly target: GroupTarget;
  readonly width: number;
  /** Where training begins; undefined for random weights. */
  readonly start: TrainingWeights | undefined;
  readonly plan: TrainingPlan;
  readonly trainer: TileTrainerName;
  readonly device: Device;
  readonly precision: Precision;
  /** Rounds to these steps afterwards and solves the heads; undefined leaves the weights as trained. */
  readonly steps: QuantizationSteps | undefined;
}

/** Trains some steps of a job in both precisions, to decide between them. */
export interface TrialTask {
  readonly kind: "trial";
  readonly job: TrainTask | PaperAnchorsTask;
}

/** Decodes one group's payload and compares it with what it was made from. */
export interface MeasureTask {
  readonly kind: "measure";
  readonly asset: DecoderAsset;
  readonly index: number;
  readonly payload: Uint8Array;
  /** Packed R'G'B' [frames, height, width, 3] in shared memory. */
  readonly frames: Uint8Array;
}

/** Waits until all threads have one of these, and so have loaded their code. */
export interface ArriveTask {
  readonly kind: "arrive";
  /** Int32 [1]: threads that have arrived. */
  readonly arrived: Int32Array;
  readonly workers: number;
}

/** Shared counters: steps done by a job, and whether all work should stop. */
export interface TaskSignals {
  /** Int32 [1]. */
  readonly steps: Int32Array;
  /** Int32 [1]; not 0 means stop. */
  readonly stop: Int32Array;
}

/** Jobs that do the work of an encode. */
export type WorkTask = TrainTask | TrialTask | MeasureTask | PaperAnchorsTask | PaperGroupTask;

export type Task = (WorkTask & { readonly signals: TaskSignals }) | ArriveTask;

/** What a job gives back: trained weights, a finished group, a decision, or the PSNR of each frame in dB. */
export type TaskResult<J> = J extends TrainTask | PaperAnchorsTask
  ? TrainingWeights
  : J extends PaperGroupTask
    ? FinishedGroup
    : J extends TrialTask
      ? PrecisionDecision
      : Float64Array;

/** An error with a code, on its way between threads: classes do not survive the journey. */
export interface TaskFailure {
  readonly failed: EncoderErrorCode;
  readonly message: string;
}
