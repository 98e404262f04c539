import { MAX_MAGNITUDE } from "../entropy/integer.js";
import type { TileNetwork } from "../network/definition.js";
import { allocateTile, type GroupWeights, type PartWeights, type TileWeights } from "./weights.js";

/** Step sizes of uniform quantization, one per kind of parameter: value = integer * step. */
export interface QuantizationSteps {
  /** One step per sine layer. */
  readonly hidden: readonly number[];
  /** One step per sine layer. */
  readonly hiddenBias: readonly number[];
  readonly head: number;
  readonly headBias: number;
  /** Tile-local units. */
  readonly motion: number;
}

/** The quantized weights of a group and the steps that convert them back to values. */
export interface QuantizedGroup extends GroupWeights<Int32Array> {
  readonly steps: QuantizationSteps;
}

/** The quantized weights of a part and the steps that convert them back to values. */
export interface QuantizedPart extends PartWeights<Int32Array> {
  readonly steps: QuantizationSteps;
}

function quantizeValues(values: Float32Array, step: number): Int32Array {
  const integers = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const q = Math.round(values[i] / step);
    integers[i] = Math.max(-MAX_MAGNITUDE, Math.min(MAX_MAGNITUDE, q));
  }
  return integers;
}

function dequantizeValues(integers: Int32Array, step: number): Float32Array {
  const values = new Float32Array(integers.length);
  for (let i = 0; i < integers.length; i++) values[i] = integers[i] * step;
  return values;
}

/** Quantizes every parameter of a group or a part to the nearest multiple of its step. */
export function quantize(part: PartWeights<Float32Array>, steps: QuantizationSteps): QuantizedPart;
export function quantize(group: GroupWeights<Float32Array>, steps: QuantizationSteps): QuantizedGroup;
export function quantize(group: GroupWeights<Float32Array>, steps: QuantizationSteps): QuantizedGroup {
  return {
    ...group,
    steps,
    motion: quantizeValues(group.motion, steps.motion),
    tiles: group.tiles.map((tile) => mapTile(tile, steps, quantizeValues)),
  };
}

/** Returns the parameters of a group or a part that a decoder computes with. */
export function dequantize(part: QuantizedPart): PartWeights<Float32Array>;
export function dequantize(group: QuantizedGroup): GroupWeights<Float32Array>;
export function dequantize(group: QuantizedGroup): GroupWeights<Float32Array> {
  const { steps, ...rest } = group;
  return {
    ...rest,
    motion: dequantizeValues(group.motion, steps.motion),
    tiles: group.tiles.map((tile) => mapTile(tile, steps, dequantizeValues)),
  };
}

function mapTile<A extends Float32Array | Int32Array, B extends Float32Array | Int32Array>(
  tile: TileWeights<A>,
  steps: QuantizationSteps,
  apply: (values: A, step: number) => B,
): TileWeights<B> {
  return {
    width: tile.width,
    hidden: tile.hidden.map((matrix, l) => apply(matrix, steps.hidden[l])),
    hiddenBias: tile.hiddenBias.map((bias, l) => apply(bias, steps.hiddenBias[l])),
    head: apply(tile.head, steps.head),
    headBias: apply(tile.headBias, steps.headBias),
  };
}

/** Allocates the integers of a group, for a reader to fill in. */
export function allocateQuantized(
  network: TileNetwork,
  header: Pick<QuantizedGroup, "frameCount" | "startsScene" | "mean" | "deviation" | "steps">,
  widths: readonly number[],
): QuantizedGroup {
  const make = (length: number) => new Int32Array(length);
  return {
    ...header,
    tiles: widths.map((width) => allocateTile(network, width, make)),
    motion: new Int32Array(widths.length * header.frameCount * 2),
  };
}
