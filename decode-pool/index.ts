/** Decodes assets to frames on a pool of worker threads. */
export {
  type DecodableSource,
  type DecodeFramesOptions,
  decodeFrames,
  type OpenedAsset,
} from "./decode-frames.js";
export { WorkerCrashedError } from "./errors.js";
export { type FileSource, fileSource, readFailed } from "./file-source.js";
export type { FrameFormat } from "./messages.js";
export { DecodePool, type DecodePoolOptions } from "./pool.js";
