import { CHANNELS } from "../network/definition.js";

/*
 * Sine layers in the kernel's fixed-point numbers. Activations have 15 bits behind the point. A layer's
 * weights have as many as fit, so that a sum of products is a phase of 2^(32 - shift) a turn: what
 * overflows are whole turns. Two weights share a word, for the kernel multiplies two channels at once.
 */
const ACTIVATION_BITS = 15;
const LARGEST = 32767;

/** Most weights are below one turn: 15 bits. */
const SMALLEST_SHIFT = 2;

/** Where a turn is one step of a weight: a sine of thousands of turns a step is noise anyway. */
const LARGEST_SHIFT = 16;

/** Words of a sine layer: its shift, biases, and weights in pairs. */
export const denseLayerWords = (inputs: number, outputs: number): number =>
  1 + outputs + (inputs / 2) * outputs;

/** Words of a head: its scale, biases, and weights in pairs. */
export const headWords = (width: number): number => 1 + CHANNELS + (width / 2) * CHANNELS;

function largestOf(values: ArrayLike<number>): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) {
    const value = Math.abs(values[i]);
    if (value > max) max = value;
  }
  return max;
}

/** To the nearest, kept to 16 bits. */
function word(value: number): number {
  const rounded = Math.floor(value + 0.5);
  return rounded > LARGEST ? LARGEST : rounded < -LARGEST ? -LARGEST : rounded;
}

/**
 * matrix: [inputs, outputs]; bias: [outputs]; `scale` brings both to turns. Writes the shift, then for
 * every four outputs their biases and inputs / 2 times four pairs of weights. -> the index behind them.
 *
 * The kernel computes cosines: a quarter of a turn is taken off the bias; half a unit of the 16 bits that
 * are kept of the phase is added, so that cutting the rest off rounds.
 */
export function foldDenseLayer(
  matrix: Float32Array,
  bias: Float32Array,
  scale: number,
  out: Int32Array,
  start: number,
): number {
  const outputs = bias.length;
  const inputs = matrix.length / outputs;
  const room = Math.floor(Math.log2(LARGEST / (largestOf(matrix) * scale)));
  const shift = Math.max(SMALLEST_SHIFT, Math.min(LARGEST_SHIFT, 32 - ACTIVATION_BITS - room));
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
      const upper = i * outputs;
      for (let o = first; o < first + 4; o++) {
        out[at++] =
          (word(matrix[upper + o] * unit) & 0xffff) | (word(matrix[upper + outputs + o] * unit) << 16);
      }
    }
  }
  return at;
}

/** weights: [width, 3]; bias: [3]; the output is 0 .. 255. Writes f32 scale, f32 bias[3], then pairs of weights. */
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
  const room = Math.floor(Math.log2(Math.min(LARGEST / largestOf(weights), 65535 / sum)));
  const bits = Math.max(-64, Math.min(30, room));
  const unit = 2 ** bits;
  floats[start] = 2 ** -(ACTIVATION_BITS + bits);
  for (let c = 0; c < CHANNELS; c++) floats[start + 1 + c] = bias[c];
  let at = start + 1 + CHANNELS;
  for (let i = 0; i < weights.length; i += 2 * CHANNELS) {
    for (let c = 0; c < CHANNELS; c++) {
      out[at++] = (word(weights[i + c] * unit) & 0xffff) | (word(weights[i + CHANNELS + c] * unit) << 16);
    }
  }
}
