import { axisFeatures, TIME_FEATURES } from "../../network/definition.js";

/** Sine and cosine of the separable layer's argument along one axis, [outputs, positions]. */
export interface AxisPart {
  readonly sine: Float32Array;
  readonly cosine: Float32Array;
}

/** The samples along one axis of a tile, in tile-local units. */
export interface AxisSamples {
  readonly positions: Float32Array;
  /** Displacement of the tile. */
  readonly shift: number;
  /** Width of the box over which the layer is averaged; 0 for none. */
  readonly blur: number;
}

/**
 * Computes the separable layer along one axis, as axisFeatures and axisLayer of the kernel do.
 * @param weights [features, outputs], in turns
 * @param offset [outputs], the contribution of time and bias; undefined if the other axis includes it
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

/**
 * Splits a folded first layer into its weights along x and y, [features, outputs] each, and the offset [outputs]
 * that time and bias add, in turns.
 * @param time the time features
 */
export function splitFirstLayer(
  network: { frequencies: number },
  first: Float32Array,
  outputs: number,
  time: readonly number[],
): { x: Float32Array; y: Float32Array; offset: Float64Array } {
  const axis = axisFeatures(network) * outputs;
  const bias = 2 * axis + TIME_FEATURES * outputs;
  const offset = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    offset[o] = first[bias + o];
    for (let f = 0; f < TIME_FEATURES; f++) offset[o] += first[2 * axis + f * outputs + o] * time[f];
  }
  return { x: first.subarray(0, axis), y: first.subarray(axis, 2 * axis), offset };
}

/** Returns sin(pi x) / (pi x) up to its first zero, 0 beyond. */
function sinc(x: number): number {
  if (x >= 1) return 0;
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Approximates sinc(turns) without its side lobes: exp(-(pi turns)^2 / 6), computed as (1 + q / 4)^-4. */
const damped = (turns: number): number => (1 + (Math.PI * turns) ** 2 / 24) ** -4;
