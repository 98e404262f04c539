/** Opens assets and decodes their frames, in Node.js and in browsers: the entry point `siedd/codec`. */
export {
  type Asset,
  type AudioTrack,
  type BaseAsset,
  type GroupEntry,
  openAsset,
  type PaperAsset,
  type TextTrack,
  type TileAsset,
} from "./asset/asset.js";
export { type AssetInfo, assetInfo, type GroupInfo } from "./asset/asset-info.js";
export type { AssetMetadata } from "./asset/metadata.js";
export type { Model, PaperModel, TileModel } from "./asset/model.js";
export { frameSeconds, type Rational } from "./asset/rational.js";
export type { PartEntry } from "./asset/spans.js";
export { type ByteSource, memorySource } from "./bytes/byte-source.js";
export type { PixelFormat, YuvMatrix, YuvTarget } from "./decode/color.js";
export type { ExpectedFrames } from "./decode/expected-frames.js";
export {
  chooseEngine,
  createFrameDecoder,
  DECODER_ENGINES,
  type DecoderAsset,
  type DecoderEngine,
  type DecoderEngineChoice,
  type DecoderGroup,
  type FrameDecoder,
  type FrameDecoderOptions,
} from "./decode/frame-decoder.js";
export {
  decodeFrameAt,
  type FramePosition,
  type FrameRequest,
  type GroupLoader,
  locateFrame,
} from "./decode/frame-position.js";
export type { ProgressiveFrame } from "./decode/progressive.js";
export { fullRegion, type Region, type Viewport } from "./decode/viewport.js";
export { SieddError, type SieddErrorCode } from "./errors.js";
export type { Chapter } from "./iso/chapters.js";
export type { TextCue } from "./iso/text-track.js";
export type { TrackLabels } from "./iso/track-labels.js";
export type { Profile } from "./network/definition.js";
export type { OnnxRuntime, OnnxSession, OnnxSessionOptions, OnnxTensor } from "./onnx/runtime.js";
