import type { TileNetwork } from "../../codec/internal.js";
import type { Normalization } from "../training/sampling/group-target.js";
import { requireWeights, type TrainingWeights } from "../training/weights.js";

/** Decoders over some frames, and the part of the frames that others will take over. */
export interface TimeSplit {
  readonly network: TileNetwork;
  readonly tiles: number;
  /** Frames of the decoders. */
  readonly frames: number;
  /** First frame of the part, and its number of frames. */
  readonly firstFrame: number;
  readonly frameCount: number;
  /** Normalization of the decoders and of the part. */
  readonly from: Normalization;
  readonly to: Normalization;
}

/** Points at which the sines of the shorter time are approximated. */
const FIT_POINTS = 64;

/**
 * Returns decoders for a part of the frames that compute nearly the same colors there, so that training continues from
 * what is learned. Within the part, time t is m + s t', with t' from -1 to 1. The first layer absorbs the change: sin and
 * cos of pi (m + s t') / 2 follow from the addition theorems, with sin(pi s t' / 2) approximated by t' and sin(pi t' / 2),
 * and cos(pi s t' / 2) by 1 and cos(pi t' / 2). A shared encoder is not changed.
 */
export function splitInTime(weights: TrainingWeights, split: TimeSplit): TrainingWeights {
  const { network, tiles, frames, firstFrame, frameCount, from, to } = split;
  const part = new Map(weights);
  const motion = requireWeights(weights, "motion");
  const partMotion = new Float32Array(tiles * 2 * frameCount);
  for (let row = 0; row < tiles * 2; row++) {
    const start = row * frames + firstFrame;
    partMotion.set(motion.subarray(start, start + frameCount), row * frameCount);
  }
  part.set("motion", partMotion);
  const gain = from.deviation / to.deviation;
  const shift = (from.mean - to.mean) / to.deviation;
  part.set(
    "head",
    requireWeights(weights, "head").map((value) => value * gain),
  );
  part.set(
    "head_bias",
    requireWeights(weights, "head_bias").map((value) => value * gain + shift),
  );
  if (network.encoderWidth === 0) rescaleTime(part, split);
  return part;
}

function rescaleTime(weights: Map<string, Float32Array>, split: TimeSplit): void {
  const { tiles, frames, firstFrame, frameCount } = split;
  const scale = frameCount / frames;
  const middle = (2 * firstFrame + frameCount) / frames - 1;
  const [middleSine, middleCosine] = [Math.sin((Math.PI / 2) * middle), Math.cos((Math.PI / 2) * middle)];
  const quarter = (t: number) => (Math.PI / 2) * t;
  const [sineOfT, sineOfSine] = fitPair(
    (t) => Math.sin(quarter(scale * t)),
    (t) => t,
    (t) => Math.sin(quarter(t)),
  );
  const [cosineOfOne, cosineOfCosine] = fitPair(
    (t) => Math.cos(quarter(scale * t)),
    () => 1,
    (t) => Math.cos(quarter(t)),
  );
  const matrix = Float32Array.from(requireWeights(weights, "hidden0"));
  const bias = Float32Array.from(requireWeights(weights, "hidden0_bias"));
  const width = bias.length / tiles;
  const inputs = matrix.length / bias.length;
  for (let tile = 0; tile < tiles; tile++) {
    // The rows of t, sin and cos are the last three inputs.
    const time = (tile * inputs + inputs - 3) * width;
    for (let unit = 0; unit < width; unit++) {
      const [t, sine, cosine] = [time + unit, time + width + unit, time + 2 * width + unit];
      const ofSine = matrix[sine] * middleCosine - matrix[cosine] * middleSine;
      const ofCosine = matrix[sine] * middleSine + matrix[cosine] * middleCosine;
      bias[tile * width + unit] += matrix[t] * middle + ofCosine * cosineOfOne;
      matrix[t] = matrix[t] * scale + ofSine * sineOfT;
      matrix[sine] = ofSine * sineOfSine;
      matrix[cosine] = ofCosine * cosineOfCosine;
    }
  }
  weights.set("hidden0", matrix).set("hidden0_bias", bias);
}

/** Returns the factors a and b for which a f + b g is closest to `target` from -1 to 1, by least squares. */
function fitPair(
  target: (t: number) => number,
  f: (t: number) => number,
  g: (t: number) => number,
): [a: number, b: number] {
  let [ff, fg, gg, fy, gy] = [0, 0, 0, 0, 0];
  for (let i = 0; i <= FIT_POINTS; i++) {
    const t = (2 * i) / FIT_POINTS - 1;
    const [u, v, y] = [f(t), g(t), target(t)];
    ff += u * u;
    fg += u * v;
    gg += v * v;
    fy += u * y;
    gy += v * y;
  }
  const determinant = ff * gg - fg * fg;
  return [(fy * gg - gy * fg) / determinant, (gy * ff - fy * fg) / determinant];
}
