import type { ByteReader } from "../bytes/reader.js";
import type { ByteWriter } from "../bytes/writer.js";
import { IntegerModels } from "../entropy/integer.js";
import { SieddError } from "../errors.js";
import type { IntegerCoder } from "../group/coding.js";
import {
  allocateBlocks,
  type BlockMatrix,
  type PaperLayer,
  type ScaledIntegers,
  ZERO_POINT_SCALE,
} from "./weights.js";

/*
 * A sequence of layers is stored as its fixed fields (steps and units), followed by the range-coded integers of all
 * layers. Writer and reader share the walk* functions, so that they cannot disagree.
 */
const MIN_STEP = 1e-12;
const MAX_STEP = 1e6;
const MAX_BITS = 12;
const MAX_BLOCK = 4096;

/** Writes bits per level and inputs per block, which all layers share, then a unit and a step per layer. */
export function writeLayerHeaders(writer: ByteWriter, layers: readonly PaperLayer[]): void {
  writer.u8(layers[0].weights.bits).u16(layers[0].weights.block);
  for (const { weights, right, bias } of layers) {
    writer.f32(weights.unit);
    if (right !== undefined) writer.f32(right.unit);
    writer.f32(bias.step);
  }
}

/**
 * Reads the fixed fields of a sequence of layers and allocates their integers.
 * @param inputs number of inputs of each layer
 * @param outputs number of outputs of every layer
 * @param rank rank of factored matrices; undefined if they are stored in full
 */
export function readLayerHeaders(
  reader: ByteReader,
  inputs: readonly number[],
  outputs: number,
  rank?: number,
): PaperLayer[] {
  const bits = reader.checkRange(reader.u8(), 1, MAX_BITS, "the bits per weight");
  const block = reader.checkRange(reader.u16(), 1, MAX_BLOCK, "the weights per block");
  const matrix = (rows: number, columns: number) =>
    allocateBlocks({
      inputs: rows,
      outputs: columns,
      bits,
      block,
      unit: readStep(reader, "the unit of the scales"),
    });
  return inputs.map((rows) => {
    const weights = matrix(rows, rank ?? outputs);
    const right = rank === undefined ? {} : { right: matrix(outputs, rank) };
    const step = readStep(reader, "a quantization step");
    return { weights, ...right, bias: { step, integers: new Int32Array(outputs) } };
  });
}

/** Reads a step or unit. `what` is its name in errors. */
export const readStep = (reader: ByteReader, what: string): number =>
  reader.checkRange(reader.f32(), MIN_STEP, MAX_STEP, what);

/** Visits all integers of a sequence of layers in file order. */
export function walkLayers(layers: readonly PaperLayer[], code: IntegerCoder): void {
  for (const { weights, right, bias } of layers) {
    walkBlocks(weights, code);
    if (right !== undefined) walkBlocks(right, code);
    walkIntegers(bias, 1, code);
  }
}

/** Predicts scale and zero point from the previous block, and levels from the zero point: most weights are small. */
function walkBlocks(matrix: BlockMatrix, code: IntegerCoder): void {
  const { inputs, outputs, block, bits, scales, zeros, levels } = matrix;
  const blockModels = new IntegerModels(2);
  const levelModels = new IntegerModels(1);
  const maxLevel = 2 ** bits - 1;
  let scale = 128;
  let zero = (ZERO_POINT_SCALE * maxLevel) >> 1;
  for (let first = 0; first < inputs; first += block) {
    const end = Math.min(inputs, first + block);
    for (let o = 0; o < outputs; o++) {
      const at = (first / block) * outputs + o;
      code(blockModels, 0, scales, at, scale);
      code(blockModels, 1, zeros, at, zero);
      if (scales[at] < 1 || scales[at] > 255) throw outOfRange();
      scale = scales[at];
      zero = zeros[at];
      const predicted = Math.max(0, Math.min(maxLevel, Math.round(zero / ZERO_POINT_SCALE)));
      for (let i = first; i < end; i++) {
        const index = i * outputs + o;
        code(levelModels, 0, levels, index, predicted);
        if (levels[index] < 0 || levels[index] > maxLevel) throw outOfRange();
      }
    }
  }
}

/** Visits integers in storage order, cycling through `contexts` statistics. */
export function walkIntegers({ integers }: ScaledIntegers, contexts: number, code: IntegerCoder): void {
  const models = new IntegerModels(contexts);
  for (let i = 0; i < integers.length; i++) code(models, i % contexts, integers, i, 0);
}

const outOfRange = (): SieddError => new SieddError("corrupt-group", "a coded weight is out of range");
