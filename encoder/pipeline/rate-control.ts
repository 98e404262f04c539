/** What the whole film should come to: quality, or bits. */
export type Target =
  | { readonly kind: "psnr" /** dB. */; readonly value: number }
  | {
      readonly kind: "bpp" /** Bits a source pixel and frame, of all but the sound. */;
      readonly value: number;
    };

/** One round over the film: the worth of a nat it was trained with, and what came out. */
export interface Round {
  readonly worth: number;
  readonly psnr: number;
  readonly bpp: number;
}

/** Rounds after the first at most; each trains on from the one before. */
export const MOST_ROUNDS = 4;
/** A round is done when it is this near: half of what is promised. */
const NEAR_DB = 0.15;
const NEAR_SHARE = 0.025;
/** Per doubling of the worth, before two rounds tell: dB lost, and log2 of the bits saved. */
const DECIBELS_A_DOUBLING = 0.5;
const BITS_A_DOUBLING = 0.3;
const SMALLEST_WORTH = 20;
const LARGEST_WORTH = 2e6;
/** The worth changes by at most this factor from round to round. */
const LARGEST_CHANGE = 16;

/** How far a round is from the target, in doublings' units: dB, or log2 of bits; above 0 is too good or too large. */
const excess = (target: Target, round: Round): number =>
  target.kind === "psnr" ? round.psnr - target.value : Math.log2(round.bpp / target.value);

/** Whether a round meets the target. */
export function meets(target: Target, round: Round): boolean {
  const near = target.kind === "psnr" ? NEAR_DB : Math.log2(1 + NEAR_SHARE);
  return Math.abs(excess(target, round)) <= near;
}

/**
 * The worth to train the next round with: by the slope between the last two rounds, or the usual one. Undefined
 * when the last round meets the target, when no rounds are left, or when the worth is at its bound already.
 */
export function nextWorth(target: Target, rounds: readonly Round[]): number | undefined {
  const last = rounds.at(-1);
  if (last === undefined || meets(target, last) || rounds.length > MOST_ROUNDS) return undefined;
  const usual = target.kind === "psnr" ? DECIBELS_A_DOUBLING : BITS_A_DOUBLING;
  const doublings = excess(target, last) / slope(target, rounds, usual);
  const most = Math.log2(LARGEST_CHANGE);
  const worth = last.worth * 2 ** Math.max(-most, Math.min(most, doublings));
  const bounded = Math.max(SMALLEST_WORTH, Math.min(LARGEST_WORTH, worth));
  return Math.abs(Math.log2(bounded / last.worth)) < 0.01 ? undefined : bounded;
}

/** What a doubling of the worth takes away, kept within a factor of four of the usual. */
function slope(target: Target, rounds: readonly Round[], usual: number): number {
  const [before, last] = rounds.slice(-2);
  if (before === undefined || last === undefined) return usual;
  const measured = (excess(target, before) - excess(target, last)) / Math.log2(last.worth / before.worth);
  return Math.max(usual / 4, Math.min(usual * 4, measured));
}

/** A target that the last round misses, as one sentence; undefined where it is met. */
export function missed(target: Target, last: Round): string | undefined {
  const tolerance = target.kind === "psnr" ? 0.3 : Math.log2(1.05);
  if (Math.abs(excess(target, last)) <= tolerance) return undefined;
  const [asked, reached] =
    target.kind === "psnr"
      ? [`${target.value} dB`, `${last.psnr.toFixed(2)} dB`]
      : [`${target.value} bits a pixel`, `${last.bpp.toFixed(4)}`];
  const advice =
    target.kind === "psnr" && last.psnr < target.value
      ? "a larger --width, more --steps or --preset quality come nearer"
      : "another --width or --preset comes nearer";
  return `asked for ${asked}, reached ${reached}; ${advice}`;
}

/** Below this mean PSNR, dB, pictures look wrong rather than soft. */
const POOR_DB = 27;

/** A film that a preset draws badly, as one sentence; undefined where it does not. */
export function poor(psnr: number): string | undefined {
  if (psnr >= POOR_DB) return undefined;
  return (
    `${psnr.toFixed(1)} dB: this film has more detail and change than so little can hold; ` +
    "--preset quality, --width 32 and --group-frames 8 draw it better, for more bits"
  );
}
