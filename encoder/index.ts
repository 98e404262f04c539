export { MediaError, type MediaErrorCode } from "../media/index.js";
export { encode } from "./encode.js";
export { EncoderError, type EncoderErrorCode } from "./errors.js";
export { type Comparison, compareFrames, type FrameComparison, worstFrames } from "./evaluation/compare.js";
export {
  type ComparedFrames,
  type ConventionalRequest,
  type ConventionalResult,
  compareConventional,
  type FrameSize,
  ladderSizes,
  type Rung,
} from "./evaluation/conventional.js";
export { type EqualQuality, findEqualQuality, type RateDistortionPoint } from "./evaluation/equal-quality.js";
export { SsimEvaluator, type SsimScores } from "./evaluation/ms-ssim.js";
export { framePsnr } from "./evaluation/psnr.js";
export type { EncodeEvent, EncodePhase, EncodeSummary } from "./events.js";
export type { EncodeOptions, Preset } from "./options.js";
export type { AnchorChoice } from "./plan/anchors.js";
