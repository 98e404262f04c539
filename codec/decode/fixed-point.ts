import { CHANNELS } from "../network/definition.js";

/*
 * Converts sine layers to the fixed-point format of the kernel. Activations have 15 fractional bits. The weights
 * of a layer have as many fractional bits as fit into 16 bits. A sum of products is a phase with 2^(32 - shift)
 * units per turn, so that it overflows by full turns. Two weights share a word, because the kernel multiplies two
 * channels at once.
 */
const ACTIVATION_BITS = 15;
const MAX_INT16 = 32767;

/** Shift of most trained layers. Their weights are below one turn and have 15 fractional bits. */
const MIN_SHIFT = 2;

/** Shift at which the last bit of a weight is worth one turn. Larger weights yield noise in any format. */
const MAX_SHIFT = 16;

/** Returns the number of 32-bit words in a sine layer: its shift, biases, and pairs of weights. */
export const denseLayerWords = (inputs: number, outputs: number): number =>
  1 + outputs + (inputs / 2) * outputs;

/** Returns the number of 32-bit words in a head: its scale, biases, and pairs of weights. */
export const headWords = (width: number): number => 1 + CHANNELS + (width / 2) * CHANNELS;

function maxMagnitude(values: ArrayLike<number>): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) {
    const value = Math.abs(values[i]);
    if (value > max) max = value;
  }
  return max;
}

/** Rounds to the nearest 16-bit integer, saturating. */
function toInt16(value: number): number {
  const rounded = Math.floor(value + 0.5);
  return rounded > MAX_INT16 ? MAX_INT16 : rounded < -MAX_INT16 ? -MAX_INT16 : rounded;
}

/** Packs two values into one word, `low` in the lower half. */
const packPair = (low: number, high: number): number => (toInt16(low) & 0xffff) | (toInt16(high) << 16);

/**
 * Writes a sine layer to `out` from `start` on and returns the index after it: the shift, then for every four
 * outputs their biases and inputs / 2 times four pairs of weights.
 *
 * The kernel computes cosines, so a quarter turn is subtracted from the bias. It truncates the phase to 16
 * bits, so half a unit of those bits is added for rounding.
 *
 * @param matrix [inputs, outputs]
 * @param bias [outputs]
 * @param scale converts matrix and bias to turns
 */
export function foldDenseLayer(
  { matrix, bias }: { readonly matrix: Float32Array; readonly bias: Float32Array },
  scale: number,
  out: Int32Array,
  start: number,
): number {
  const outputs = bias.length;
  const inputs = matrix.length / outputs;
  const fractionalBits = Math.floor(Math.log2(MAX_INT16 / (maxMagnitude(matrix) * scale)));
  const shift = Math.max(MIN_SHIFT, Math.min(MAX_SHIFT, 32 - ACTIVATION_BITS - fractionalBits));
  const unit = scale * 2 ** (32 - ACTIVATION_BITS - shift);
  const turn = 2 ** (32 - shift);
  let at = start;
  out[at++] = shift;
  for (let first = 0; first < outputs; first += 4) {
    for (let o = first; o < first + 4; o++) {
      const phase = bias[o] * scale - 0.25;
      out[at++] = Math.round((phase - Math.floor(phase)) * turn + 2 ** (15 - shift));
    }
    for (let i = 0; i < inputs; i += 2) {
      const row = i * outputs;
      for (let o = first; o < first + 4; o++) {
        out[at++] = packPair(matrix[row + o] * unit, matrix[row + outputs + o] * unit);
      }
    }
  }
  return at;
}

/**
 * Writes a head with outputs in 0 .. 255 to `out` from `start` on: f32 scale, f32 bias[3], then pairs of weights.
 * @param weights [width, 3]
 * @param bias [3]
 */
export function foldHead(
  weights: Float64Array,
  bias: readonly number[],
  out: Int32Array,
  start: number,
): void {
  const floats = new Float32Array(out.buffer, out.byteOffset, out.length);
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += Math.abs(weights[i]);
  // Neither a weight nor the largest possible sum may overflow.
  const fractionalBits = Math.floor(Math.log2(Math.min(MAX_INT16 / maxMagnitude(weights), 65535 / sum)));
  const bits = Math.max(-64, Math.min(30, fractionalBits));
  const unit = 2 ** bits;
  floats[start] = 2 ** -(ACTIVATION_BITS + bits);
  for (let c = 0; c < CHANNELS; c++) floats[start + 1 + c] = bias[c];
  let at = start + 1 + CHANNELS;
  for (let i = 0; i < weights.length; i += 2 * CHANNELS) {
    for (let c = 0; c < CHANNELS; c++) {
      out[at++] = packPair(weights[i + c] * unit, weights[i + CHANNELS + c] * unit);
    }
  }
}
