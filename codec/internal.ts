/** Everything that the other folders use of the codec. Not exported from the package: see index.ts for that. */
export {
  type Asset,
  type AssetFacts,
  type AudioTrack,
  type GroupEntry,
  openAsset,
  type PaperAsset,
  type TextTrack,
  type TileAsset,
} from "./asset/asset.js";
export { type AssetInfo, assetInfo } from "./asset/asset-info.js";
export {
  type AssetContents,
  type AssetHead,
  type HeadFacts,
  layoutAsset,
  type TextContents,
} from "./asset/header.js";
export type { AudioTiming, Chunk } from "./asset/layout.js";
export type { Model, PaperModel, TileModel } from "./asset/model.js";
export { MAX_SIDE, MIN_SIDE } from "./asset/parse.js";
export { frameSeconds, type Rational } from "./asset/rational.js";
export { type ByteSource, memorySource } from "./bytes/byte-source.js";
export { crc32c } from "./bytes/crc32c.js";
export { ByteReader } from "./bytes/reader.js";
export { ByteWriter } from "./bytes/writer.js";
export { outputTransform, type PixelFormat, type YuvMatrix } from "./decode/color.js";
export { planAxis, type Span } from "./decode/decode-plan.js";
export {
  chooseBackend,
  createFrameDecoder,
  DECODER_BACKENDS,
  type DecoderAsset,
  type DecoderBackend,
  type DecoderBackendChoice,
  type DecoderGroup,
  type FrameDecoder,
  type FrameDecoderOptions,
} from "./decode/frame-decoder.js";
export { decodeFrameAt, type FramePosition, type GroupLoader, locateFrame } from "./decode/frame-position.js";
export { TileGraphDecoder } from "./decode/graph/decoder.js";
export type { GraphTile, TileGraphGroup } from "./decode/graph/fold.js";
export {
  type DecoderFacts,
  KernelDecoder,
  type LoadedGroup,
  type TileDecoderAsset,
} from "./decode/kernel-decoder.js";
export type { ProgressiveFrame } from "./decode/progressive.js";
export { checkRequest, fullRegion, type Region, type Viewport } from "./decode/viewport.js";
export { SieddError, type SieddErrorCode } from "./errors.js";
export { MAX_VALUES, readGroup, writeGroup } from "./group/payload.js";
export { dequantize, type QuantizationSteps, type QuantizedGroup, quantize } from "./group/quantize.js";
export {
  allocateTile,
  decoderSize,
  type GroupDecoders,
  layerInputs,
  type SharedEncoder,
  sharedEncoderSize,
  type TileWeights,
} from "./group/weights.js";
export { type AacConfiguration, writeAacSampleEntry } from "./iso/aac.js";
export { AdtsIndexer, type AdtsStream, indexAdts } from "./iso/adts.js";
export { type BoxSlice, box, fullBox, onlyBox, readBoxes, versionAndFlags } from "./iso/box.js";
export type { TextCue } from "./iso/text-track.js";
export { hasRelaxedSimd } from "./kernel/kernel.js";
export {
  axisFeatures,
  CHANNELS,
  decoderInputs,
  inputFeatures,
  MAX_TILES,
  type Network,
  type PaperFactors,
  type PaperNetwork,
  type Profile,
  TILE_WIDTHS,
  TIME_FEATURES,
  type TileNetwork,
} from "./network/definition.js";
export type { FoldedLayer } from "./onnx/layer.js";
export type { OnnxRuntime, OnnxSession, OnnxSessionOptions, OnnxTensor } from "./onnx/runtime.js";
export { PaperDecoder, type PaperDecoderAsset } from "./paper/decoder.js";
export type { PaperGroup } from "./paper/fold.js";
export { MAX_PAPER_WIDTH, MIN_PAPER_WIDTH, maxRank, PATCHES } from "./paper/network.js";
export { readPaperGroup, writePaperGroup } from "./paper/payload.js";
export {
  type BlockMatrix,
  blockValues,
  dequantizePaper,
  encoderInputs,
  type FloatLayer,
  factorProduct,
  headOutputs,
  type PaperDecoders,
  type PaperEncoder,
  type PaperLayer,
  paperEncoderValues,
  type QuantizedPaperGroup,
  type ScaledIntegers,
  scaledValues,
  ZERO_STEPS,
} from "./paper/weights.js";
