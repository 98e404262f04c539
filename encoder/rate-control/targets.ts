import type { Capacity } from "../plan/capacity.js";

/** Quality or size that the video should reach. */
export type Target =
  | {
      readonly kind: "psnr";
      /** Mean over the frames, dB. */
      readonly value: number;
    }
  | {
      readonly kind: "bpp";
      /** Bits per source pixel and frame, counting all bytes except the audio. */
      readonly value: number;
    };

/** Result of a pass over the video. */
export interface PassResult {
  /** The rate-distortion lambda of the pass. */
  readonly lambda: number;
  /** Mean over the frames, dB. */
  readonly psnr: number;
  readonly bpp: number;
}

/** Maximum number of passes after the first. Each starts from the weights of an earlier one. */
export const MAX_PASSES = 4;
/** The search ends with a pass within this distance of the target, which is half of the tolerance. */
const STOP_DB = 0.15;
const STOP_SHARE = 0.025;
/** Tolerance: a target is reported as missed if the result is further away. */
const TOLERANCE_DB = 0.3;
const TOLERANCE_SHARE = 0.05;
/** Expected effect of doubling lambda until two passes have measured it: dB lost, and log2 of the ratio of bits saved. */
const DB_PER_LAMBDA_DOUBLING = 0.5;
const BITS_PER_LAMBDA_DOUBLING = 0.3;
const MIN_LAMBDA = 20;
const MAX_LAMBDA = 2e6;
/** Largest ratio between the lambdas of two passes. */
const MAX_LAMBDA_RATIO = 16;

/** Returns the distance of a result from the target, in dB or in log2 of the bits. Positive: too good or too large. */
const excess = (target: Target, result: PassResult): number =>
  target.kind === "psnr" ? result.psnr - target.value : Math.log2(result.bpp / target.value);

/** Converts a distance from the target to the unit of `excess`. */
const tolerance = (target: Target, db: number, share: number): number =>
  target.kind === "psnr" ? db : Math.log2(1 + share);

/** Returns whether a pass is close enough to the target to end the search. */
export function meetsTarget(target: Target, result: PassResult): boolean {
  return Math.abs(excess(target, result)) <= tolerance(target, STOP_DB, STOP_SHARE);
}

/** Returns the index of the pass that is closest to the target. */
export function closestPass(target: Target, passes: readonly PassResult[]): number {
  const distances = passes.map((result) => Math.abs(excess(target, result)));
  return distances.indexOf(Math.min(...distances));
}

/**
 * Returns the lambda of the next pass, which starts from the weights of the closest pass. Interpolates between the
 * closest passes on both sides of the target; if all are on one side, extrapolates by the slope of the last two passes,
 * or by the expected slope. Returns undefined if a pass meets the target, no passes are left, or lambda is at its bound.
 */
export function nextLambda(target: Target, passes: readonly PassResult[]): number | undefined {
  const closest = passes[closestPass(target, passes)];
  if (closest === undefined || meetsTarget(target, closest) || passes.length > MAX_PASSES) return undefined;
  const doublings =
    interpolateDoublings(target, passes) ?? excess(target, closest) / slopePerDoubling(target, passes);
  const maxDoublings = Math.log2(MAX_LAMBDA_RATIO);
  const lambda = closest.lambda * 2 ** Math.max(-maxDoublings, Math.min(maxDoublings, doublings));
  const bounded = Math.max(MIN_LAMBDA, Math.min(MAX_LAMBDA, lambda));
  return Math.abs(Math.log2(bounded / closest.lambda)) < 0.01 ? undefined : bounded;
}

/**
 * Returns the doublings of lambda from the closest pass to where a line through the closest passes on both sides meets
 * the target; undefined if all passes are on one side. Interpolation is preferred to slopes: a result also depends on
 * the earlier passes, so the slope between two passes on the same side may mislead.
 */
function interpolateDoublings(target: Target, passes: readonly PassResult[]): number | undefined {
  const closestOn = (side: number): PassResult | undefined =>
    passes
      .filter((result) => Math.sign(excess(target, result)) === side)
      .sort((a, b) => Math.abs(excess(target, a)) - Math.abs(excess(target, b)))[0];
  const [above, below] = [closestOn(1), closestOn(-1)];
  if (above === undefined || below === undefined) return undefined;
  if (above.lambda >= below.lambda) return undefined;
  const share = excess(target, above) / (excess(target, above) - excess(target, below));
  const lambda = Math.log2(above.lambda) + share * Math.log2(below.lambda / above.lambda);
  return lambda - Math.log2(passes[closestPass(target, passes)].lambda);
}

/**
 * Returns the decrease of `excess` per doubling of lambda, bounded to between half and four times the expected decrease.
 */
function slopePerDoubling(target: Target, passes: readonly PassResult[]): number {
  const expected = target.kind === "psnr" ? DB_PER_LAMBDA_DOUBLING : BITS_PER_LAMBDA_DOUBLING;
  const [previous, last] = passes.slice(-2);
  if (previous === undefined || last === undefined) return expected;
  // If the last passes were no closer to the target, their measured slope is noise. A smaller slope changes lambda by more,
  // so that the next pass does not repeat a failed one.
  const failed = passes.length - 1 - closestPass(target, passes);
  if (failed > 0) return expected / 2 ** failed;
  const measured =
    (excess(target, previous) - excess(target, last)) / Math.log2(last.lambda / previous.lambda);
  return measured > 0 ? Math.max(expected / 2, Math.min(expected * 4, measured)) : expected;
}

/**
 * PSNR gain in dB per doubling of the bits, with larger decoders; up to 2.3 for bunny
 * (docs/decisions/0007-rate-control.md).
 */
const DB_PER_BITS_DOUBLING = 2;
/** Utilization above which larger decoders give better quality. */
const FULL_SHARE = 0.85;
/** Maximum share of the maximum capacity to attempt. Above 1, because the capacity is an estimate. */
const MAX_ATTEMPTED_SHARE = 1.15;

/** Returns whether `bpp` bits per pixel clearly exceed the estimated capacity of the largest decoders. */
export const exceedsCapacity = (bpp: number, { maxBpp }: Capacity): boolean =>
  bpp > MAX_ATTEMPTED_SHARE * maxBpp;

/**
 * Estimates the bits per pixel that a PSNR target requires. Returns undefined if it is reached, or if the target is bits.
 */
function estimateRequiredBpp(target: Target, last: PassResult): number | undefined {
  if (target.kind === "bpp" || excess(target, last) >= -TOLERANCE_DB) return undefined;
  return last.bpp * 2 ** (-excess(target, last) / DB_PER_BITS_DOUBLING);
}

/** The next action after a pass: another pass, or a restart with larger decoders. */
export type PassDecision =
  | {
      readonly lambda: number;
      /** Whether to train as long as in the first pass. Decoders that lose many of their bits must relearn the video. */
      readonly fullLength: boolean;
    }
  | {
      /** Bits per pixel that the larger decoders must store. */
      readonly requiredBpp: number;
    };

/** A result this far above the target makes the next pass full length. */
const FULL_LENGTH_DB = 1;
const FULL_LENGTH_SHARE = 0.1;

/**
 * Decides what to do after the last pass. Returns undefined if the target is met, or no further pass would come closer.
 * @param capacity capacity of the decoders; undefined: larger decoders may not replace them
 */
export function decideNextPass(
  target: Target,
  passes: readonly PassResult[],
  capacity?: Capacity,
): PassDecision | undefined {
  const closest = passes[closestPass(target, passes)];
  const requiredBpp = closest && estimateRequiredBpp(target, closest);
  const wasReached = passes.some((result) => excess(target, result) >= 0);
  if (requiredBpp !== undefined && !wasReached && capacity !== undefined) {
    const { currentBpp, maxBpp } = capacity;
    if (exceedsCapacity(requiredBpp, capacity)) return undefined;
    if (requiredBpp > FULL_SHARE * currentBpp && maxBpp > currentBpp) return { requiredBpp };
  }
  const lambda = nextLambda(target, passes);
  if (lambda === undefined) return undefined;
  return {
    lambda,
    fullLength: excess(target, closest) > tolerance(target, FULL_LENGTH_DB, FULL_LENGTH_SHARE),
  };
}

/** Returns a message if a result misses the target, else undefined. */
export function missedTargetMessage(
  target: Target,
  result: PassResult,
  capacity?: Capacity,
): string | undefined {
  if (Math.abs(excess(target, result)) <= tolerance(target, TOLERANCE_DB, TOLERANCE_SHARE)) return undefined;
  if (target.kind === "bpp") {
    return `missed targetBpp ${target.value}: reached ${result.bpp.toFixed(4)} bits per pixel; try another \`preset\` or \`width\``;
  }
  const missed = `missed targetPsnr ${target.value} dB: reached ${result.psnr.toFixed(2)} dB`;
  const requiredBpp = estimateRequiredBpp(target, result);
  if (requiredBpp !== undefined && capacity !== undefined && exceedsCapacity(requiredBpp, capacity)) {
    const maxPsnr = result.psnr + DB_PER_BITS_DOUBLING * Math.log2(capacity.maxBpp / result.bpp);
    return (
      `${missed}; it takes about ${requiredBpp.toPrecision(2)} bits per pixel, but the largest decoders hold ` +
      `${capacity.maxBpp.toPrecision(2)}: lower targetPsnr to about ${Math.floor(maxPsnr)} dB`
    );
  }
  return result.psnr < target.value
    ? `${missed}; try more \`steps\`, \`preset: "quality"\` or a larger \`width\``
    : `${missed}; try another \`preset\` or \`width\``;
}

/** Mean PSNR in dB below which frames look broken rather than soft. */
const LOW_QUALITY_DB = 27;

/** Returns a message if the quality of a video is low, else undefined. */
export function lowQualityMessage(psnr: number): string | undefined {
  if (psnr >= LOW_QUALITY_DB) return undefined;
  return (
    `low quality: ${psnr.toFixed(1)} dB; the video has more detail and motion than the decoders can store; ` +
    '`preset: "quality"`, a `width` of 32 and a groupFrames of 8 give better quality for more bits'
  );
}
