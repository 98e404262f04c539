import { CHANNELS, decoderInputs, inputFeatures, type TileNetwork } from "../../../codec/internal.js";
import type { TrainingWeights } from "../weights.js";

/** Rounds up to a multiple of 4, the lanes of a vector. */
export const roundUpTo4 = (count: number): number => Math.ceil(count / 4) * 4;

/** Position of a named array [rows][columns] within the parameters of a tile or encoder. Rows are padded with zeros. */
export interface ParameterSlice {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** Floats from one row to the next. */
  readonly stride: number;
  /** Index of its first float. */
  readonly offset: number;
}

/** The trained parameters in the order in which the kernel stores them. */
export interface ParameterLayout {
  readonly slices: readonly ParameterSlice[];
  /** Total size in floats. */
  readonly size: number;
}

/** Number of inputs and outputs of a sine layer or head, without and with the padding of the kernel. */
export interface LayerShape {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly paddedInputs: number;
  readonly paddedOutputs: number;
}

/** Returns the layers of a tile's decoder, the head last. */
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

/** Returns the single layer of the shared encoder, or undefined if the network has none. */
export function encoderLayer(network: TileNetwork): LayerShape | undefined {
  const inputs = inputFeatures(network);
  const outputs = network.encoderWidth;
  if (outputs === 0) return undefined;
  return { name: "encoder0", inputs, outputs, paddedInputs: inputs, paddedOutputs: roundUpTo4(outputs) };
}

/** A slice before it has an offset; `reservedRows` counts the padding rows too. */
interface UnplacedSlice extends Omit<ParameterSlice, "offset"> {
  readonly reservedRows: number;
}

/** Lays out slices one after the other. */
function layoutParameters(unplaced: readonly UnplacedSlice[]): ParameterLayout {
  let size = 0;
  const slices = unplaced.map(({ reservedRows, ...shape }) => {
    const slice = { ...shape, offset: size };
    size += reservedRows * shape.stride;
    return slice;
  });
  return { slices, size };
}

const weightSlice = ({ name, inputs, outputs, paddedInputs, paddedOutputs }: LayerShape): UnplacedSlice => ({
  name,
  rows: inputs,
  columns: outputs,
  stride: paddedOutputs,
  reservedRows: paddedInputs,
});

const biasSlice = ({ name, outputs, paddedOutputs }: LayerShape): UnplacedSlice => ({
  name: `${name}_bias`,
  rows: 1,
  columns: outputs,
  stride: paddedOutputs,
  reservedRows: 1,
});

/** Returns the layout of a tile: hidden weights, then hidden biases and the head, then displacements. */
export function tileParameterLayout(network: TileNetwork, width: number, frames: number): ParameterLayout {
  const layers = decoderLayers(network, width);
  const hidden = layers.slice(0, -1);
  const head = layers[layers.length - 1];
  const motion = { name: "motion", rows: 2, columns: frames, stride: roundUpTo4(frames), reservedRows: 2 };
  return layoutParameters([
    ...hidden.map(weightSlice),
    ...hidden.map(biasSlice),
    weightSlice(head),
    biasSlice(head),
    motion,
  ]);
}

/** Returns the layout of the shared encoder: weights, then bias. */
export function encoderParameterLayout(layer: LayerShape): ParameterLayout {
  return layoutParameters([weightSlice(layer), biasSlice(layer)]);
}

/** Returns the slice with a name. @throws RangeError if the layout has no such slice */
export function findSlice(layout: ParameterLayout, name: string): ParameterSlice {
  const slice = layout.slices.find((candidate) => candidate.name === name);
  if (slice === undefined) throw new RangeError(`no parameters named ${name}`);
  return slice;
}

/**
 * Copies tile `tile` of `weights` into the kernel's memory.
 *
 * @throws RangeError if a parameter is missing in `weights`
 */
export function writeParameters(
  layout: ParameterLayout,
  weights: TrainingWeights,
  tile: number,
  out: Float32Array,
): void {
  for (const { name, rows, columns, stride, offset } of layout.slices) {
    const values = weights.get(name);
    if (values === undefined) throw new RangeError(`no weights named ${name}`);
    const first = tile * rows * columns;
    for (let row = 0; row < rows; row++) {
      const from = first + row * columns;
      out.set(values.subarray(from, from + columns), offset + row * stride);
    }
  }
}

/** Copies tile `tile` from the kernel's memory into the arrays of `weights`: the inverse of `writeParameters`. */
export function readParameters(
  layout: ParameterLayout,
  from: Float32Array,
  weights: TrainingWeights,
  tile: number,
): void {
  for (const { name, rows, columns, stride, offset } of layout.slices) {
    const values = weights.get(name);
    const first = tile * rows * columns;
    for (let row = 0; row < rows; row++) {
      const at = offset + row * stride;
      values?.set(from.subarray(at, at + columns), first + row * columns);
    }
  }
}
