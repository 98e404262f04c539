export { encode } from "./encode.js";
export { EncoderError, type EncoderErrorCode } from "./errors.js";
export type { EncodeEvent, EncodePhase, EncodeSummary } from "./events.js";
export type { EncodeOptions, Preset } from "./options.js";
