import { CHANNELS, decoderInputs, inputFeatures, type TileNetwork } from "../../../codec/internal.js";
import type { TrainingWeights } from "../../tile/weights.js";

/** Rounded up to whole vectors. */
export const roundUpTo4 = (count: number): number => Math.ceil(count / 4) * 4;

/** One named array of a tile, [rows][columns], and where it lies among the tile's numbers: rows are padded with zeros. */
export interface Part {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** Floats from row to row. */
  readonly stride: number;
  /** Index of its first number. */
  readonly at: number;
}

/** The numbers that are trained, in the order in which the kernel keeps them. */
export interface ParameterLayout {
  readonly parts: readonly Part[];
  /** Floats in all. */
  readonly size: number;
}

/** A sine layer or the head: rows that come in and columns that go out, as they are and padded. */
export interface LayerShape {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly paddedInputs: number;
  readonly paddedOutputs: number;
}

/** The layers of a tile's decoder, the head last. */
export function decoderLayers(network: TileNetwork, width: number): LayerShape[] {
  const padded = roundUpTo4(width);
  const first = decoderInputs(network);
  const hidden = Array.from({ length: network.hiddenLayers }, (_, l) => ({
    name: `hidden${l}`,
    inputs: l === 0 ? first : width,
    outputs: width,
    paddedInputs: l > 0 ? padded : network.encoderWidth > 0 ? roundUpTo4(first) : first,
    paddedOutputs: padded,
  }));
  const head = { name: "head", inputs: width, outputs: CHANNELS, paddedInputs: padded, paddedOutputs: 4 };
  return [...hidden, head];
}

/** The shared encoder's one layer; undefined where there is none. */
export function encoderLayer(network: TileNetwork): LayerShape | undefined {
  const inputs = inputFeatures(network);
  const outputs = network.encoderWidth;
  if (outputs === 0) return undefined;
  return { name: "encoder0", inputs, outputs, paddedInputs: inputs, paddedOutputs: roundUpTo4(outputs) };
}

function numbersOf(shapes: readonly (Omit<Part, "at"> & { readonly reserved: number })[]): ParameterLayout {
  let size = 0;
  const parts = shapes.map(({ reserved, ...shape }) => {
    const part = { ...shape, at: size };
    size += reserved * shape.stride;
    return part;
  });
  return { parts, size };
}

const matrix = ({ name, inputs, outputs, paddedInputs, paddedOutputs }: LayerShape) => ({
  name,
  rows: inputs,
  columns: outputs,
  stride: paddedOutputs,
  reserved: paddedInputs,
});

const bias = ({ name, outputs, paddedOutputs }: LayerShape) => ({
  name: `${name}_bias`,
  rows: 1,
  columns: outputs,
  stride: paddedOutputs,
  reserved: 1,
});

/** A tile's numbers: matrices, then biases and head, then displacements. */
export function tileParameterLayout(network: TileNetwork, width: number, frames: number): ParameterLayout {
  const layers = decoderLayers(network, width);
  const hidden = layers.slice(0, -1);
  const head = layers[layers.length - 1];
  const motion = { name: "motion", rows: 2, columns: frames, stride: roundUpTo4(frames), reserved: 2 };
  return numbersOf([...hidden.map(matrix), ...hidden.map(bias), matrix(head), bias(head), motion]);
}

/** The shared encoder's numbers. */
export function encoderParameterLayout(layer: LayerShape): ParameterLayout {
  return numbersOf([matrix(layer), bias(layer)]);
}

/** Where a part begins. */
export function partOf(numbers: ParameterLayout, name: string): Part {
  const part = numbers.parts.find((candidate) => candidate.name === name);
  if (part === undefined) throw new RangeError(`no numbers named ${name}`);
  return part;
}

/** Writes tile `tile` of `weights` into the kernel's numbers. */
export function writeParameters(
  numbers: ParameterLayout,
  weights: TrainingWeights,
  tile: number,
  out: Float32Array,
): void {
  for (const { name, rows, columns, stride, at } of numbers.parts) {
    const values = weights.get(name);
    if (values === undefined) throw new RangeError(`no weights named ${name}`);
    const first = tile * rows * columns;
    for (let row = 0; row < rows; row++) {
      const from = first + row * columns;
      out.set(values.subarray(from, from + columns), at + row * stride);
    }
  }
}

/** The inverse of `writeNumbers`; the arrays in `weights` are written to. */
export function readParameters(
  numbers: ParameterLayout,
  from: Float32Array,
  weights: TrainingWeights,
  tile: number,
): void {
  for (const { name, rows, columns, stride, at } of numbers.parts) {
    const values = weights.get(name);
    const first = tile * rows * columns;
    for (let row = 0; row < rows; row++) {
      values?.set(from.subarray(at + row * stride, at + row * stride + columns), first + row * columns);
    }
  }
}
