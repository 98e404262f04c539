/** What the whole video should come to: quality, or bits. */
export type Target =
  | { readonly kind: "psnr" /** dB. */; readonly value: number }
  | {
      readonly kind: "bpp" /** Bits a source pixel and frame, of all but the sound. */;
      readonly value: number;
    };

/** One round over the video: the worth of a nat it was trained with, and what came out. */
export interface PassResult {
  readonly lambda: number;
  readonly psnr: number;
  readonly bpp: number;
}

/** Rounds after the first at most; each trains on from the one before. */
export const MAX_PASSES = 4;
/** A round is done when it is this near: half of what is promised. */
const NEAR_DB = 0.15;
const NEAR_SHARE = 0.025;
/** Per doubling of the worth, before two rounds tell: dB lost, and log2 of the bits saved. */
const DECIBELS_PER_DOUBLING = 0.5;
const BITS_PER_DOUBLING = 0.3;
const SMALLEST_WORTH = 20;
const LARGEST_WORTH = 2e6;
/** The worth changes by at most this factor from round to round. */
const LARGEST_CHANGE = 16;

/** How far a round is from the target, in doublings' units: dB, or log2 of bits; above 0 is too good or too large. */
const excess = (target: Target, pass: PassResult): number =>
  target.kind === "psnr" ? pass.psnr - target.value : Math.log2(pass.bpp / target.value);

/** Whether a round meets the target. */
export function meetsTarget(target: Target, pass: PassResult): boolean {
  const near = target.kind === "psnr" ? NEAR_DB : Math.log2(1 + NEAR_SHARE);
  return Math.abs(excess(target, pass)) <= near;
}

/**
 * The worth to train the next round with, from the decoders of the nearest one: between the nearest rounds on both
 * sides of the target, else by the slope between the last two rounds, or the usual one. Undefined when a round meets the
 * target, when no rounds are left, or when the worth is at its bound already.
 */
export function nextLambda(target: Target, rounds: readonly PassResult[]): number | undefined {
  const from = rounds[closestPass(target, rounds)];
  if (from === undefined || meetsTarget(target, from) || rounds.length > MAX_PASSES) return undefined;
  const usual = target.kind === "psnr" ? DECIBELS_PER_DOUBLING : BITS_PER_DOUBLING;
  const doublings = between(target, rounds) ?? excess(target, from) / slope(target, rounds, usual);
  const max = Math.log2(LARGEST_CHANGE);
  const lambda = from.lambda * 2 ** Math.max(-max, Math.min(max, doublings));
  const bounded = Math.max(SMALLEST_WORTH, Math.min(LARGEST_WORTH, lambda));
  return Math.abs(Math.log2(bounded / from.lambda)) < 0.01 ? undefined : bounded;
}

/**
 * Doublings from the nearest round's worth to where a line through the nearest rounds on both sides meets the target;
 * undefined where all are on one side. What a round gives also depends on those before it, so that slopes of two rounds
 * on the same side may mislead.
 */
function between(target: Target, rounds: readonly PassResult[]): number | undefined {
  const nearest = (side: number): PassResult | undefined =>
    rounds
      .filter((pass) => Math.sign(excess(target, pass)) === side)
      .sort((a, b) => Math.abs(excess(target, a)) - Math.abs(excess(target, b)))[0];
  const [above, below] = [nearest(1), nearest(-1)];
  if (above === undefined || below === undefined) return undefined;
  if (above.lambda >= below.lambda) return undefined;
  const share = excess(target, above) / (excess(target, above) - excess(target, below));
  const lambda = Math.log2(above.lambda) + share * Math.log2(below.lambda / above.lambda);
  return lambda - Math.log2(rounds[closestPass(target, rounds)].lambda);
}

/** The round that comes nearest to the target. */
export function closestPass(target: Target, rounds: readonly PassResult[]): number {
  const distances = rounds.map((pass) => Math.abs(excess(target, pass)));
  return distances.indexOf(Math.min(...distances));
}

/** What a doubling of the worth takes away, kept within half and four times the usual. */
function slope(target: Target, rounds: readonly PassResult[], usual: number): number {
  const [before, last] = rounds.slice(-2);
  if (before === undefined || last === undefined) return usual;
  const measured = (excess(target, before) - excess(target, last)) / Math.log2(last.lambda / before.lambda);
  // Rounds that hardly differ may go the wrong way, which tells nothing.
  return measured > 0 ? Math.max(usual / 2, Math.min(usual * 4, measured)) : usual;
}

/** Bits a pixel that decoders hold at most: those in training, and the largest possible ones. */
export interface Capacity {
  readonly currentBpp: number;
  readonly maxBpp: number;
}

/** What a doubling of the bits brings, dB, with decoders to match: bunny's 2.3 and less (docs/design.md, "Targets"). */
const DECIBELS_PER_BIT = 2;
/** Share of the most from which on larger decoders draw better. */
const FULL = 0.85;
/** Share of the largest that is not tried: what is expected is not exact. */
const BEYOND = 1.15;

/** Whether no decoders hold so many bits a pixel, as far as can be told. */
export const exceedsCapacity = (bpp: number, { maxBpp: largest }: Capacity): boolean =>
  bpp > BEYOND * largest;

/** Bits a pixel that the PSNR asked for may take; undefined where it is reached, or bits are what is asked for. */
function bitsWanted(target: Target, last: PassResult): number | undefined {
  if (target.kind === "bpp" || excess(target, last) >= -TOLERANCE_DB) return undefined;
  return last.bpp * 2 ** (-excess(target, last) / DECIBELS_PER_BIT);
}

/** What comes after a round. */
export type PassDecision =
  | {
      /** Another round, with this worth. */
      readonly lambda: number;
      /** Whether it trains as long as the first: decoders that lose many of their bits have to learn the picture anew. */
      readonly fullLength: boolean;
    }
  | {
      /** All anew, with decoders that hold so many bits a pixel. */
      readonly requiredBpp: number;
    };

/** Above the target by more than this, decoders lose many of their bits: dB, and a share of the bits. */
const FAR_DB = 1;
const FAR_SHARE = 0.1;

/** Undefined when the target is met, or nothing comes nearer. Without `room` decoders stay as they are. */
export function decideNextPass(
  target: Target,
  rounds: readonly PassResult[],
  capacity?: Capacity,
): PassDecision | undefined {
  const from = rounds[closestPass(target, rounds)];
  const bpp = from && bitsWanted(target, from);
  const within = rounds.some((pass) => excess(target, pass) >= 0);
  if (bpp !== undefined && !within && capacity !== undefined) {
    if (exceedsCapacity(bpp, capacity)) return undefined;
    if (bpp > FULL * capacity.currentBpp && capacity.maxBpp > capacity.currentBpp)
      return { requiredBpp: bpp };
  }
  const lambda = nextLambda(target, rounds);
  if (lambda === undefined) return undefined;
  const far = target.kind === "psnr" ? FAR_DB : Math.log2(1 + FAR_SHARE);
  return { lambda, fullLength: excess(target, from) > far };
}

const TOLERANCE_DB = 0.3;
const TOLERANCE_SHARE = 0.05;

/** A target that the last round misses, as one sentence; undefined where it is met. */
export function missedTargetMessage(
  target: Target,
  last: PassResult,
  capacity?: Capacity,
): string | undefined {
  const tolerance = target.kind === "psnr" ? TOLERANCE_DB : Math.log2(1 + TOLERANCE_SHARE);
  if (Math.abs(excess(target, last)) <= tolerance) return undefined;
  const bpp = bitsWanted(target, last);
  if (bpp !== undefined && capacity !== undefined && exceedsCapacity(bpp, capacity)) {
    const max = last.psnr + DECIBELS_PER_BIT * Math.log2(capacity.maxBpp / last.bpp);
    return (
      `asked for ${target.value} dB, reached ${last.psnr.toFixed(2)} dB; it would take about ${bpp.toPrecision(2)} bits ` +
      `a pixel, and decoders hold ${capacity.maxBpp.toPrecision(2)} at most: ask for about ${Math.floor(max)} dB or less`
    );
  }
  const [asked, reached] =
    target.kind === "psnr"
      ? [`${target.value} dB`, `${last.psnr.toFixed(2)} dB`]
      : [`${target.value} bits a pixel`, `${last.bpp.toFixed(4)}`];
  const advice =
    target.kind === "psnr" && last.psnr < target.value
      ? "more --steps, --preset quality or a larger --width come nearer"
      : "another --preset or --width comes nearer";
  return `asked for ${asked}, reached ${reached}; ${advice}`;
}

/** Below this mean PSNR, dB, pictures look wrong rather than soft. */
const POOR_DB = 27;

/** A video that a preset draws badly, as one sentence; undefined where it does not. */
export function lowQualityMessage(psnr: number): string | undefined {
  if (psnr >= POOR_DB) return undefined;
  return (
    `${psnr.toFixed(1)} dB: this video has more detail and change than so little can hold; ` +
    "--preset quality, --width 32 and --group-frames 8 draw it better, for more bits"
  );
}
