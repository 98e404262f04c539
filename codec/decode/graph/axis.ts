import { axisFeatures, TIME_FEATURES } from "../../network/definition.js";

/** The separable layer's part along one axis: of its argument, in turns, sine and cosine as [outputs, positions]. */
export interface AxisPart {
  readonly sine: Float32Array;
  readonly cosine: Float32Array;
}

/** Where samples lie along an axis of a tile. */
export interface AxisSamples {
  /** Tile-local. */
  readonly positions: Float32Array;
  /** Displacement of the tile, tile-local. */
  readonly shift: number;
  /** Width over which the layer is averaged, tile-local; 0: not at all. */
  readonly blur: number;
}

/**
 * As the kernel's axisFeatures and axisLayer. weights: [features, outputs] in turns; `offset`: what time and bias
 * add to the argument, by output, or undefined where the other axis has it.
 */
export function axisPart(
  weights: Float32Array,
  offset: Float64Array | undefined,
  outputs: number,
  { positions, shift, blur }: AxisSamples,
): AxisPart {
  const count = positions.length;
  const features = weights.length / outputs;
  const sine = new Float32Array(outputs * count);
  const cosine = new Float32Array(outputs * count);
  const values = new Float64Array(features);
  const slopes = new Float64Array(features);
  for (let i = 0; i < count; i++) {
    const x = positions[i] + shift;
    values[0] = x;
    slopes[0] = 1;
    for (let f = 1, frequency = Math.PI / 2; f < features; f += 2, frequency *= 2) {
      const damping = sinc((frequency / (2 * Math.PI)) * blur);
      values[f] = Math.sin(frequency * x) * damping;
      values[f + 1] = Math.cos(frequency * x) * damping;
      slopes[f] = frequency * values[f + 1];
      slopes[f + 1] = -frequency * values[f];
    }
    for (let o = 0; o < outputs; o++) {
      let turns = offset?.[o] ?? 0;
      let slope = 0;
      for (let f = 0, at = o; f < features; f++, at += outputs) {
        turns += values[f] * weights[at];
        slope += slopes[f] * weights[at];
      }
      const damping = blur === 0 ? 1 : damped(slope * blur);
      sine[o * count + i] = damping * Math.sin(2 * Math.PI * turns);
      cosine[o * count + i] = damping * Math.cos(2 * Math.PI * turns);
    }
  }
  return { sine, cosine };
}

/** A folded first layer's parts: [features, outputs] along x and along y, and what `time` and bias add, in turns. */
export function splitFirstLayer(
  network: { frequencies: number },
  first: Float32Array,
  outputs: number,
  t: number,
): { x: Float32Array; y: Float32Array; offset: Float64Array } {
  const axis = axisFeatures(network) * outputs;
  const time = [t, Math.sin((Math.PI * t) / 2), Math.cos((Math.PI * t) / 2)];
  const bias = 2 * axis + TIME_FEATURES * outputs;
  const offset = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    offset[o] = first[bias + o];
    for (let f = 0; f < TIME_FEATURES; f++) offset[o] += first[2 * axis + f * outputs + o] * time[f];
  }
  return { x: first.subarray(0, axis), y: first.subarray(axis, 2 * axis), offset };
}

/** sin(pi x) / (pi x) up to its first zero, 0 beyond. */
function sinc(x: number): number {
  if (x >= 1) return 0;
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** About sinc(turns) without its lobes: exp(-(pi turns)^2 / 6), as (1 + q / 4)^-4. */
const damped = (turns: number): number => (1 + (Math.PI * turns) ** 2 / 24) ** -4;
