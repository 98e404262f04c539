import type { EncodeEvent } from "../events.js";
import {
  type Capacity,
  planTiles,
  planTilesForBpp,
  type TilePlan,
  UTILIZATION,
  type VideoShape,
} from "../plan/capacity.js";
import type { PlannedGroup } from "../plan/groups.js";
import type { TileTrainingSettings } from "../plan/tile-grid.js";
import { exceedsCapacity, type PassResult, type Target } from "./targets.js";

// A video that stays below `minPsnr` with its preset is noise, or close to it. Doubling its bits gains less PSNR than for
// other videos. Successive frames have little in common, so groups may be short.

/**
 * PSNR gain of noise in dB per doubling of the bits, and in dB per bit per pixel. The lower of the two estimates is used
 * (docs/decisions/0008-minimum-psnr.md).
 */
const DB_PER_BITS_DOUBLING = 1.5;
const DB_PER_BIT = 2.3;
/** Training aims this many dB above `minPsnr`, so that a result within the tolerance is not below it. */
const MARGIN_DB = 0.2;
/** Minimum duration of a group in seconds. Each group is a segment of a stream, which costs a request. */
const MIN_GROUP_SECONDS = 0.25;
/**
 * Decoders with fewer samples to learn train for fewer steps, but at least for this share of the preset's steps and for
 * this number. With a third of that, noise had 3 dB less and used more bits.
 */
const MIN_STEP_SHARE = 0.3;
const MIN_STEPS = 1000;

/** Larger decoders, and the groups for which they store enough bits. */
export interface MinPsnrPlan {
  readonly tiles: TilePlan;
  readonly groups: readonly PlannedGroup[];
}

/** A video that can be divided into shorter groups. */
export interface MinPsnrVideo extends VideoShape {
  readonly framesPerSecond: number;
  readonly preset: TileTrainingSettings;
  readonly groups: readonly PlannedGroup[];
  /** Whether the groups must keep their length. */
  readonly fixedGroups: boolean;
  /** Whether the decoders must keep the width of the preset. */
  readonly fixedWidth: boolean;
  /** Divides the video into groups of about `frames` frames. */
  regroup(frames: number): readonly PlannedGroup[];
}

/** Result of a stage of training. */
export interface StageQuality {
  /** Mean over the frames, dB. */
  readonly psnr: number;
  readonly bpp: number;
  /** Bits per pixel that require larger decoders; undefined if the decoders are large enough. */
  readonly requiredBpp?: number;
}

/** Estimates the bits per pixel at which a video of noise reaches `minPsnr` dB, given a result. */
export function bppForMinPsnr({ psnr, bpp }: Pick<PassResult, "psnr" | "bpp">, minPsnr: number): number {
  const missingDb = Math.max(0, minPsnr + MARGIN_DB - psnr);
  return Math.min(bpp * 2 ** (missingDb / DB_PER_BITS_DOUBLING), bpp + missingDb / DB_PER_BIT);
}

/** Returns the groups of the video, then groups of half that length, a quarter and so on. */
function candidateGroupings(video: MinPsnrVideo): (readonly PlannedGroup[])[] {
  const { groups, framesPerSecond } = video;
  const longest = groups.reduce((max, { frameCount }) => Math.max(max, frameCount), 0);
  const candidates = [groups];
  if (video.fixedGroups) return candidates;
  const minFrames = Math.max(1, MIN_GROUP_SECONDS * framesPerSecond);
  for (let parts = 2; longest / parts >= minFrames; parts *= 2) {
    candidates.push(video.regroup(Math.ceil(longest / parts)));
  }
  return candidates;
}

/** Returns the capacity of the preset's decoders, and of the largest ones in the shortest groups. */
function capacityOf(video: MinPsnrVideo, groupings: readonly (readonly PlannedGroup[])[]): Capacity {
  const { preset, fixedWidth } = video;
  const plans = groupings.map((groups) => planTiles({ ...video, groups }, preset, { fixedWidth }));
  return { currentBpp: plans[0].currentBpp, maxBpp: Math.max(...plans.map(({ maxBpp }) => maxBpp)) };
}

/** Scales the steps by the square root of the samples per decoder, relative to the preset's decoders. */
function settingsForFewerSamples(
  video: MinPsnrVideo,
  groups: readonly PlannedGroup[],
  { network, training }: TilePlan,
): TileTrainingSettings {
  const presetNetwork = planTiles(video, video.preset, { fixedWidth: true }).network;
  const decoderCount = ({ rows, columns }: { rows: number; columns: number }, groupCount: number) =>
    rows * columns * groupCount;
  const sampleShare = decoderCount(presetNetwork, video.groups.length) / decoderCount(network, groups.length);
  const share = Math.max(MIN_STEP_SHARE, Math.sqrt(sampleShare));
  const reduce = (steps: number) => Math.min(steps, Math.max(MIN_STEPS, Math.ceil(share * steps)));
  return { ...training, steps: reduce(training.steps), phase1Steps: reduce(training.phase1Steps) };
}

/** Raises the bits of a video that is below `minPsnr`. */
export class MinPsnrControl {
  readonly #video: MinPsnrVideo;
  readonly #minPsnr: number;
  readonly #groupings: readonly (readonly PlannedGroup[])[];
  readonly #capacity: Capacity;
  readonly #emit: (event: EncodeEvent) => void;
  /** Target for a video that is below `minPsnr`. */
  readonly target: Target;

  /** @param minPsnr dB */
  constructor(video: MinPsnrVideo, minPsnr: number, emit: (event: EncodeEvent) => void) {
    this.#video = video;
    this.#minPsnr = minPsnr;
    this.#groupings = candidateGroupings(video);
    this.#capacity = capacityOf(video, this.#groupings);
    this.#emit = emit;
    this.target = { kind: "psnr", value: minPsnr + MARGIN_DB };
  }

  /** Returns the capacity of the current decoders, and of the largest decoders that may replace them. */
  capacity({ currentBpp }: Capacity): Capacity {
    return { currentBpp, maxBpp: this.#capacity.maxBpp };
  }

  /**
   * Emits `min-psnr` and returns a target if a result is below `minPsnr`. Returns undefined if it is not, or if no decoders
   * can store the required bits.
   */
  raiseTarget(result: PassResult): Target | undefined {
    if (result.psnr >= this.#minPsnr) return undefined;
    const bpp = bppForMinPsnr(result, this.#minPsnr);
    if (exceedsCapacity(bpp, this.#capacity)) return undefined;
    this.#emitMinPsnr(result, bpp);
    return this.target;
  }

  /**
   * Returns the longest groups, and for them the smallest decoders, that can store the required bits. Returns undefined if
   * the result does not require larger decoders, or none are large enough.
   */
  planLargerDecoders(result: StageQuality, stage: number): MinPsnrPlan | undefined {
    if (result.requiredBpp === undefined) return undefined;
    const bpp = Math.max(result.requiredBpp, bppForMinPsnr(result, this.#minPsnr));
    const plan = this.#planForBpp(bpp);
    if (plan !== undefined && stage > 0) this.#emitMinPsnr(result, bpp);
    return plan;
  }

  #planForBpp(bpp: number): MinPsnrPlan | undefined {
    const { preset, fixedWidth } = this.#video;
    const { maxBpp } = this.#capacity;
    for (const groups of this.#groupings) {
      const tiles = planTilesForBpp({ ...this.#video, groups }, preset, bpp, fixedWidth);
      if (tiles === undefined) continue;
      // Skips groups whose decoders would be full if the decoders of shorter groups can store more.
      if (bpp > UTILIZATION * tiles.maxBpp && tiles.maxBpp < maxBpp) continue;
      const training = settingsForFewerSamples(this.#video, groups, tiles);
      return { groups, tiles: { ...tiles, maxBpp, training } };
    }
    return undefined;
  }

  /** Returns a message if the result is below `minPsnr`, else undefined. */
  missedMessage(result: Pick<PassResult, "psnr" | "bpp">): string | undefined {
    if (result.psnr >= this.#minPsnr) return undefined;
    const required = bppForMinPsnr(result, this.#minPsnr).toPrecision(2);
    return (
      `${result.psnr.toFixed(1)} dB is below minPsnr ${this.#minPsnr} dB: it takes about ${required} bits per pixel, ` +
      `but the largest decoders hold ${this.#capacity.maxBpp.toPrecision(2)}; the video is noise, or changes more than ` +
      "networks can follow"
    );
  }

  #emitMinPsnr({ psnr, bpp }: Pick<PassResult, "psnr" | "bpp">, expectedBpp: number): void {
    const { width, height, frameCount } = this.#video;
    const [bytes, expectedBytes] = [bpp, expectedBpp].map((value) =>
      Math.round((value * width * height * frameCount) / 8),
    );
    const message =
      `${psnr.toFixed(1)} dB is below minPsnr ${this.#minPsnr} dB: training continues with more bits, about ` +
      `${formatBytes(expectedBytes)} instead of ${formatBytes(bytes)} (${expectedBpp.toPrecision(2)} bits per pixel ` +
      `instead of ${bpp.toPrecision(2)}), and takes longer by at least the same factor; set minPsnr to 0 to skip it`;
    this.#emit({
      type: "min-psnr",
      psnr,
      minPsnr: this.#minPsnr,
      bpp,
      expectedBpp,
      bytes,
      expectedBytes,
      message,
    });
  }
}

const formatBytes = (bytes: number): string =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toPrecision(3)} MB`;
