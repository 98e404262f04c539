import type { DecoderAsset, PaperEncoder, PaperNetwork } from "../../codec/internal.js";
import type { TrainingWeights } from "../tile/weights.js";
import type { TrainerName } from "../training/choose-trainer.js";
import type { Device } from "../training/onnx/onnx-runtime.js";
import type { Precision } from "../training/onnx/precision.js";
import type { PaperTarget } from "./target.js";
import type { PaperTrainingPlan } from "./trainer.js";

interface PaperTask {
  readonly network: PaperNetwork;
  readonly target: PaperTarget;
  readonly plan: PaperTrainingPlan;
  readonly trainer: TrainerName;
  readonly device: Device;
  readonly precision: Precision;
  /** Of the runtime; the weights do not depend on it. */
  readonly threads: number;
}

/** Phase 1: the shared encoder, and a stack and a head for each anchor frame. Gives all weights back. */
export interface PaperAnchorsTask extends PaperTask {
  readonly kind: "paper-anchors";
  /** Taken from another asset; undefined: trained. */
  readonly encoder: PaperEncoder | undefined;
}

/** Phase 2: one group, trained, quantized, coded and measured. Gives a FinishedGroup back. */
export interface PaperGroupTask extends PaperTask {
  readonly kind: "paper-group";
  readonly index: number;
  readonly asset: DecoderAsset & { readonly profile: "paper" };
  /** Stack and heads to begin with. */
  readonly start: TrainingWeights;
}
