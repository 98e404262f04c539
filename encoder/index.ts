export { encode } from "./encode.js";
export { EncoderError, type EncoderErrorCode } from "./errors.js";
export { type Comparison, compareFrames } from "./evaluation/compare.js";
export { framePsnr } from "./evaluation/psnr.js";
export { Ssim } from "./evaluation/ssim.js";
export type { EncodeEvent, EncodePhase, EncodeSummary } from "./events.js";
export type { EncodeOptions, Preset } from "./options.js";
