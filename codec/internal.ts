/** All that our other folders use of the codec: the public exports, and these. The package does not export this file. */

export {
  type AssetLayout,
  type GroupHeader,
  type TextTrackContents,
  writeAssetHeader,
} from "./asset/header.js";
export { IDENTITY_BYTES } from "./asset/identity.js";
export { MAX_METADATA_BYTES, writeMetadata } from "./asset/metadata.js";
export { MAX_SIDE, MIN_SIDE } from "./asset/parse.js";
export { greatestCommonDivisor } from "./asset/rational.js";
export { segmentStarts } from "./asset/segment-grid.js";
export { type GroupSpans, locateParts, MAX_LEVEL, payloadRanges } from "./asset/spans.js";
export { concatenate } from "./bytes/concatenate.js";
export { crc32c } from "./bytes/crc32c.js";
export { ByteWriter } from "./bytes/writer.js";
export { planAxis } from "./decode/decode-plan.js";
export { KernelDecoder, type TileDecoderAsset } from "./decode/kernel-decoder.js";
export { PaperDecoder } from "./decode/paper/decoder.js";
export { type GroupSample, type PartSize, readParts, writeParts } from "./group/parts.js";
export { readGroup, writeGroup } from "./group/payload.js";
export {
  dequantize,
  type QuantizationSteps,
  type QuantizedPart,
  quantize,
} from "./group/quantize.js";
export {
  allocateTile,
  type GroupWeights,
  type PartWeights,
  parameterCount,
  sharedEncoderSize,
  type TileWeights,
} from "./group/weights.js";
export * from "./index.js";
export { AdtsIndexer, type AdtsStream, indexAdts, writeAdts } from "./iso/adts.js";
export { type ChapterSpan, chapterSpans, MAX_CHAPTERS, normalizeChapters } from "./iso/chapters.js";
export { padWithSilence } from "./iso/silence.js";
export { writeTextSamples } from "./iso/text-track.js";
export type { TrackLabelFields } from "./iso/track-labels.js";
export { hasRelaxedSimd } from "./kernel/kernel.js";
export {
  MAX_CHILD_BOXES,
  MAX_FRAME_RATE,
  MAX_GROUP_VALUES,
  MAX_GROUPS,
  MAX_MOOV_BYTES,
  MAX_TEXT_BYTES,
  MAX_TEXT_SAMPLES,
  MAX_VIDEO_SECONDS,
  MIN_FRAME_RATE,
} from "./limits.js";
export {
  CHANNELS,
  decoderInputs,
  inputFeatures,
  MAX_TILES,
  type PaperFactors,
  type PaperNetwork,
  TILE_WIDTHS,
  type TileNetwork,
} from "./network/definition.js";
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
  headOutputs,
  type PaperEncoder,
  type PaperLayer,
  type QuantizedPaperGroup,
  type ScaledIntegers,
  ZERO_POINT_SCALE,
} from "./paper/weights.js";
