export type { Rational } from "../codec/asset/rational.js";
export type { Chapter } from "../codec/iso/chapters.js";
export { MediaError, type MediaErrorCode } from "../media/index.js";
export type { Description } from "../media/probe/describe.js";
export type { ProbeResult, VideoStreamInfo } from "../media/probe/probe.js";
export type { DynamicRange } from "../media/probe/stream-properties.js";
export type { AudioInfo, SubtitleInfo, TrackInfo } from "../media/probe/tracks.js";
export type { VideoTiming } from "../media/probe/video-timing.js";
export type { ConventionalCodec } from "../media/write/conventional.js";
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
export type {
  EncodeOptions,
  PaperDecoderKind,
  PaperLoss,
  PaperNoise,
  PaperOptimizer,
  PaperPreset,
  PaperSampling,
  Preset,
  TilePreset,
} from "./options.js";
export type { AnchorChoice } from "./plan/anchors.js";
export type { TileTrainerName, TrainerName } from "./training/create-trainer.js";
export type { KernelVariant } from "./training/kernel/kernel.js";
export type { Device } from "./training/onnx/onnx-runtime.js";
export type { Precision } from "./training/onnx/precision.js";
