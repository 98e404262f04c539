import {
  CHANNELS,
  concatenate,
  dequantize,
  type GroupEntry,
  type GroupSample,
  locateParts,
  type PartSize,
  type PartWeights,
  type QuantizationSteps,
  quantize,
  readParts,
  type TileNetwork,
  writeGroup,
  writeParts,
} from "../../codec/internal.js";
import { diverged } from "../errors.js";
import type { TrainedSpan } from "./spans.js";
import { toGroupMotion, toTileWeights, toTrainingWeights } from "./weights.js";

/** The decoders of a block's groups, which share a network and a width. */
export interface DecoderShape {
  readonly network: TileNetwork;
  /** Width of the decoders. */
  readonly width: number;
  readonly steps: QuantizationSteps;
}

/** A group of a block. */
export interface BlockGroup {
  readonly frameCount: number;
  readonly startsScene: boolean;
}

/** The spans of some tiles: ranges of tiles are trained apart. */
export type SpanPart = Omit<TrainedSpan, "group">;

/**
 * Returns the sample of every group of a block: its spans, quantized and entropy-coded.
 * @param spans the spans of the block, in any order
 * @throws EncoderError `diverged` if weights are not finite
 */
export function groupSamples(
  shape: DecoderShape,
  groups: readonly BlockGroup[],
  spans: readonly TrainedSpan[],
): GroupSample[] {
  return groups.map((group, index) => {
    const own = spans.filter((span) => span.group === index);
    const isCovered = spans.some(({ level, group: first }) => {
      return level > 0 && first <= index && index < first + 2 ** level;
    });
    return isCovered ? sampleOfParts(shape, group, own) : sampleOfGroup(shape, group, own);
  });
}

/** Returns the sample of a group whose networks cover only this group. */
export function sampleOfGroup(
  shape: DecoderShape,
  { startsScene }: BlockGroup,
  spans: readonly SpanPart[],
): GroupSample {
  const group = quantize({ ...joinTiles(shape, spans), startsScene }, shape.steps);
  return { bytes: writeGroup(shape.network, group), longParts: [] };
}

function sampleOfParts(
  shape: DecoderShape,
  { frameCount, startsScene }: BlockGroup,
  spans: readonly TrainedSpan[],
): GroupSample {
  const levels = new Set(spans.map(({ level }) => level).filter((level) => level > 0));
  const parts = [...levels]
    .sort((a, b) => b - a)
    .map((level) =>
      quantize(
        joinTiles(
          shape,
          spans.filter((span) => span.level === level),
        ),
        shape.steps,
      ),
    );
  const rest = spans.filter(({ level }) => level === 0);
  const own = rest.length > 0 ? joinTiles(shape, rest) : noTiles(frameCount);
  return writeParts(shape.network, [...parts, quantize({ ...own, startsScene }, shape.steps)]);
}

/** Joins the tiles of equal spans in ascending order. */
function joinTiles({ network, width }: DecoderShape, spans: readonly SpanPart[]): PartWeights<Float32Array> {
  for (const { weights } of spans) {
    for (const values of weights.values()) if (!values.every(Number.isFinite)) throw diverged();
  }
  const [{ level, frameCount, normalization }] = spans;
  const motionLength = 2 * frameCount;
  const joined = spans
    .flatMap(({ tiles, weights }) => {
      const motion = toGroupMotion(weights, tiles.length);
      return toTileWeights({ network, tiles: tiles.length, width }, weights).map((decoder, i) => ({
        index: tiles[i],
        decoder,
        motion: motion.subarray(i * motionLength, (i + 1) * motionLength),
      }));
    })
    .sort((a, b) => a.index - b.index);
  const motion = new Float32Array(joined.length * motionLength);
  for (const [i, tile] of joined.entries()) motion.set(tile.motion, i * motionLength);
  return {
    level,
    indices: joined.map(({ index }) => index),
    frameCount,
    mean: new Array<number>(CHANNELS).fill(normalization.mean),
    deviation: new Array<number>(CHANNELS).fill(normalization.deviation),
    tiles: joined.map(({ decoder }) => decoder),
    motion,
  };
}

/** Returns the part of a group whose tiles are all covered by longer spans. */
function noTiles(frameCount: number): PartWeights<Float32Array> {
  const [mean, deviation] = [new Array<number>(CHANNELS).fill(0), new Array<number>(CHANNELS).fill(1)];
  return { level: 0, indices: [], frameCount, mean, deviation, tiles: [], motion: new Float32Array(0) };
}

/** The sample of a group as the checkpoints store it. */
export interface StoredSample {
  readonly payload: Uint8Array;
  readonly longParts?: readonly PartSize[];
}

/** Returns the index entries of a block's groups, as if the block were the entire video. */
export function blockEntries(groups: readonly BlockGroup[], samples: readonly StoredSample[]): GroupEntry[] {
  let [firstFrame, offset] = [0, 0];
  const entries = groups.map(({ frameCount }, index) => {
    const { length: size } = samples[index].payload;
    const entry = { index, firstFrame, frameCount, offset, size };
    firstFrame += frameCount;
    offset += size;
    return entry;
  });
  return locateParts(
    entries,
    samples.map(({ longParts = [] }, position) => ({ position, longParts })),
  );
}

/** Returns what `asset.readGroup` returns for a group of a block: the parts that it needs, longest first. */
export function groupPayload(
  { index, parts = [] }: GroupEntry,
  entries: readonly GroupEntry[],
  samples: readonly StoredSample[],
): Uint8Array {
  const earlier = parts
    .filter(({ group }) => group !== index)
    .map(({ group, offset, size }) => {
      const start = offset - entries[group].offset;
      return samples[group].payload.subarray(start, start + size);
    });
  return concatenate([...earlier, samples[index].payload]);
}

/** Reads the spans of a block from its samples. */
export function readSpans(
  network: TileNetwork,
  groups: readonly BlockGroup[],
  samples: readonly StoredSample[],
): TrainedSpan[] {
  const entries = blockEntries(groups, samples);
  return entries.flatMap((entry) => {
    const parts = readParts(network, entry, groupPayload(entry, entries, samples), (part) =>
      dequantize(part),
    );
    const own = entry.parts ?? [{ group: entry.index }];
    return parts.flatMap((part, i) =>
      own[i].group === entry.index && part.indices.length > 0 ? [toSpan(network, part, entry.index)] : [],
    );
  });
}

function toSpan(network: TileNetwork, part: PartWeights<Float32Array>, group: number): TrainedSpan {
  const { level, indices: tiles, frameCount } = part;
  const weights = toTrainingWeights(network, part, { first: 0, count: tiles.length });
  const normalization = { mean: part.mean[0], deviation: part.deviation[0] };
  return { level, group, tiles, frameCount, normalization, weights };
}
