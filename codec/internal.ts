/** Everything that the other folders use of the codec. Not exported from the package: see index.ts for that. */
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
export { type AssetInfo, assetInfo } from "./asset/asset-info.js";
export {
  type AssetHeader,
  type AssetLayout,
  type HeaderFields,
  type TextTrackContents,
  writeAssetHeader,
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
export type { KernelGroup } from "./decode/fold.js";
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
export { decodeFrameAt, type FramePosition, type GroupLoader, locateFrame } from "./decode/frame-position.js";
export { TileGraphDecoder } from "./decode/graph/decoder.js";
export type { GraphTile, TileGraphGroup } from "./decode/graph/fold.js";
export { KernelDecoder, type TileDecoderAsset } from "./decode/kernel-decoder.js";
export { PaperDecoder, type PaperDecoderAsset } from "./decode/paper/decoder.js";
export type { PaperGroup } from "./decode/paper/fold.js";
export type { ProgressiveFrame } from "./decode/progressive.js";
export {
  checkViewport,
  type DecoderMetadata,
  fullRegion,
  type Region,
  type Viewport,
} from "./decode/viewport.js";
export { SieddError, type SieddErrorCode } from "./errors.js";
export { MAX_VALUES, readGroup, writeGroup } from "./group/payload.js";
export { dequantize, type QuantizationSteps, type QuantizedGroup, quantize } from "./group/quantize.js";
export {
  allocateTile,
  type GroupWeights,
  layerInputs,
  parameterCount,
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
export type { OnnxRuntime, OnnxSession, OnnxSessionOptions, OnnxTensor } from "./onnx/runtime.js";
export type { FoldedLayer } from "./onnx/session.js";
export { MAX_PAPER_WIDTH, MIN_PAPER_WIDTH, maxRank, PATCHES } from "./paper/network.js";
export { readPaperGroup, writePaperGroup } from "./paper/payload.js";
export {
  type BlockMatrix,
  dequantizeBlocks,
  dequantizeIntegers,
  dequantizePaper,
  dequantizePaperEncoder,
  encoderInputs,
  type FloatLayer,
  factorProduct,
  headOutputs,
  type PaperEncoder,
  type PaperGroupWeights,
  type PaperLayer,
  type QuantizedPaperGroup,
  type ScaledIntegers,
  ZERO_POINT_SCALE,
} from "./paper/weights.js";
