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
  ZERO_STEPS,
} from "./weights.js";

/*
 * Fixed fields of a run of layers first (steps and units), then the integers of all layers through one
 * range coder. Writer and reader share the walks, so that they cannot disagree.
 */
const STEP = { low: 1e-12, high: 1e6 };
const MAX_BITS = 12;
const MAX_BLOCK = 4096;

/** Bits a level and inputs a block, the same for a run of layers; then a unit and a step a layer. */
export function writeLayerHeaders(writer: ByteWriter, layers: readonly PaperLayer[]): void {
  writer.u8(layers[0].weights.bits).u16(layers[0].weights.block);
  for (const { weights, right, bias } of layers) {
    writer.f32(weights.unit);
    if (right !== undefined) writer.f32(right.unit);
    writer.f32(bias.step);
  }
}

/** Layers with room for their integers; `inputs` gives each layer's, `rank` that of factored matrices. */
export function readLayerHeaders(
  reader: ByteReader,
  inputs: readonly number[],
  outputs: number,
  rank?: number,
): PaperLayer[] {
  const bits = reader.within(reader.u8(), 1, MAX_BITS, "bits a weight");
  const block = reader.within(reader.u16(), 1, MAX_BLOCK, "weights a block");
  const matrix = (rows: number, columns: number) =>
    allocateBlocks({
      inputs: rows,
      outputs: columns,
      bits,
      block,
      unit: readStep(reader, "a unit of scales"),
    });
  return inputs.map((rows) => {
    const weights = matrix(rows, rank ?? outputs);
    const right = rank === undefined ? {} : { right: matrix(outputs, rank) };
    const step = readStep(reader, "a quantization step");
    return { weights, ...right, bias: { step, integers: new Int32Array(outputs) } };
  });
}

/** A step within sane bounds. */
export const readStep = (reader: ByteReader, what: string): number =>
  reader.within(reader.f32(), STEP.low, STEP.high, what);

/** All integers of a run of layers. */
export function walkLayers(layers: readonly PaperLayer[], code: IntegerCoder): void {
  for (const { weights, right, bias } of layers) {
    walkBlocks(weights, code);
    if (right !== undefined) walkBlocks(right, code);
    walkIntegers(bias, 1, code);
  }
}

/** Scale and zero point are predicted from the block before, levels from the zero point: most weights are small. */
function walkBlocks(matrix: BlockMatrix, code: IntegerCoder): void {
  const { inputs, outputs, block, bits, scales, zeros, levels } = matrix;
  const about = new IntegerModels(2);
  const values = new IntegerModels(1);
  const top = 2 ** bits - 1;
  let scale = 128;
  let zero = (ZERO_STEPS * top) >> 1;
  for (let first = 0; first < inputs; first += block) {
    const end = Math.min(inputs, first + block);
    for (let o = 0; o < outputs; o++) {
      const at = (first / block) * outputs + o;
      code(about, 0, scales, at, scale);
      code(about, 1, zeros, at, zero);
      if (scales[at] < 1 || scales[at] > 255) throw outOfRange();
      scale = scales[at];
      zero = zeros[at];
      const middle = Math.max(0, Math.min(top, Math.round(zero / ZERO_STEPS)));
      for (let i = first; i < end; i++) {
        const index = i * outputs + o;
        code(values, 0, levels, index, middle);
        if (levels[index] < 0 || levels[index] > top) throw outOfRange();
      }
    }
  }
}

/** Integers in the order in which they lie, in `contexts` statistics by turns. */
export function walkIntegers({ integers }: ScaledIntegers, contexts: number, code: IntegerCoder): void {
  const models = new IntegerModels(contexts);
  for (let i = 0; i < integers.length; i++) code(models, i % contexts, integers, i, 0);
}

const outOfRange = (): SieddError => new SieddError("corrupt-group", "a coded weight is out of range");
