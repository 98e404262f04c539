import { MAX_MAGNITUDE } from "../entropy/integer.js";
import type { TileNetwork } from "../network/definition.js";
import { allocateTile, type GroupDecoders, type TileWeights } from "./weights.js";

/** Step sizes of uniform quantization, one a kind of number: value = integer * step. */
export interface QuantizationSteps {
  /** A step a sine layer. */
  readonly hidden: readonly number[];
  readonly hiddenBias: readonly number[];
  readonly head: number;
  readonly headBias: number;
  /** Tile-local units. */
  readonly motion: number;
}

/** Decoders as integers, with the steps that give them their values back. */
export interface QuantizedGroup extends GroupDecoders<Int32Array> {
  readonly steps: QuantizationSteps;
}

function rounded(values: Float32Array, step: number): Int32Array {
  const integers = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const q = Math.round(values[i] / step);
    integers[i] = Math.max(-MAX_MAGNITUDE, Math.min(MAX_MAGNITUDE, q));
  }
  return integers;
}

function scaled(integers: Int32Array, step: number): Float32Array {
  const values = new Float32Array(integers.length);
  for (let i = 0; i < integers.length; i++) values[i] = integers[i] * step;
  return values;
}

/** Rounds every number to its nearest multiple of its step. */
export function quantize(group: GroupDecoders<Float32Array>, steps: QuantizationSteps): QuantizedGroup {
  return {
    ...group,
    steps,
    motion: rounded(group.motion, steps.motion),
    tiles: group.tiles.map((tile) => convert(tile, steps, rounded)),
  };
}

/** The numbers that a decoder computes with. */
export function dequantize(group: QuantizedGroup): GroupDecoders<Float32Array> {
  const { steps, ...rest } = group;
  return {
    ...rest,
    motion: scaled(group.motion, steps.motion),
    tiles: group.tiles.map((tile) => convert(tile, steps, scaled)),
  };
}

function convert<A extends Float32Array | Int32Array, B extends Float32Array | Int32Array>(
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

/** Integers to be filled by a reader. */
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
