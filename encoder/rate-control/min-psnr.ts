import type { EncodeEvent } from "../events.js";
import type { TileOptions, TileTrainingSettings } from "../options.js";
import { planFor, planTiles, type TilePlan, UTILIZATION, type VideoShape } from "../plan/capacity.js";
import type { PlannedGroup } from "../plan/groups.js";
import { type Capacity, exceedsCapacity, type PassResult, type Target } from "./targets.js";

// Videos that a preset draws below its floor are noise, or near it: a doubling of the bits brings them less than it
// brings others, and as little of a frame is in the next one, groups may as well be short.

/** dB a doubling of the bits, and dB a bit a pixel, of noise: what takes fewer bits (docs/design.md, "The floor"). */
const DECIBELS_PER_DOUBLING = 1.5;
const DECIBELS_PER_BIT = 2.3;
/** dB above the floor that training goes on to, so that what meets its target is not below the floor. */
const MARGIN_DB = 0.2;
/** Shortest groups, in seconds: a group is a segment of a stream, and each takes a request. */
const SHORTEST_SECONDS = 0.25;
/**
 * Share of the preset's steps at least, and their number, where decoders have fewer samples to learn: a third of these
 * steps gave noise 3 dB less for more bits.
 */
const MIN_SHARE = 0.3;
const MIN_STEPS = 1000;

/** Decoders, and the groups that they draw. */
export interface MinPsnrPlan {
  readonly tiles: TilePlan;
  readonly groups: readonly PlannedGroup[];
}

/** A video that may be cut into shorter groups. */
export interface MinPsnrJob extends VideoShape {
  /** Frames a second. */
  readonly rate: number;
  readonly preset: TileTrainingSettings;
  /** About a second each, or as long as was asked for. */
  readonly groups: readonly PlannedGroup[];
  regroup(frames: number): readonly PlannedGroup[];
  readonly options: Pick<TileOptions, "fixedWidth" | "groupFrames">;
}

/** Bits a pixel at which a video of noise that came to `round` has `floor` dB, about. */
export function bppForMinPsnr({ psnr, bpp }: Pick<PassResult, "psnr" | "bpp">, floor: number): number {
  const missing = Math.max(0, floor + MARGIN_DB - psnr);
  return Math.min(bpp * 2 ** (missing / DECIBELS_PER_DOUBLING), bpp + missing / DECIBELS_PER_BIT);
}

/** The video's own groups, then halves and quarters of them; those that were asked for stay. */
function groupings(job: MinPsnrJob): (readonly PlannedGroup[])[] {
  const longest = job.groups.reduce((max, { frameCount }) => Math.max(max, frameCount), 0);
  const all = [job.groups];
  if (job.options.groupFrames !== undefined) return all;
  for (let parts = 2; longest / parts >= SHORTEST_SECONDS * job.rate && longest / parts >= 1; parts *= 2) {
    all.push(job.regroup(Math.ceil(longest / parts)));
  }
  return all;
}

/** Bits a pixel that decoders of the preset hold, and the largest ones in the shortest groups. */
function floorRoom(job: MinPsnrJob): Capacity {
  const of = (groups: readonly PlannedGroup[]) =>
    planTiles({ ...job, groups }, job.preset, { target: undefined, fixedWidth: job.options.fixedWidth });
  const rooms = groupings(job).map(of);
  return {
    currentBpp: rooms[0].currentBpp,
    maxBpp: Math.max(...rooms.map(({ maxBpp: largest }) => largest)),
  };
}

/** The longest groups, and the smallest decoders, that hold `bpp` bits a pixel; undefined where none do. */
function planFloor(job: MinPsnrJob, bpp: number): MinPsnrPlan | undefined {
  const { maxBpp: largest } = floorRoom(job);
  for (const groups of groupings(job)) {
    const shape = { ...job, groups };
    const tiles = planFor(shape, job.preset, bpp, job.options);
    // Longer groups that this fills to the brim are passed over, where there are shorter ones.
    if (tiles === undefined || (bpp > UTILIZATION * tiles.maxBpp && tiles.maxBpp < largest)) continue;
    return { groups, tiles: { ...tiles, maxBpp: largest, training: forFewerSamples(job, groups, tiles) } };
  }
  return undefined;
}

/** Steps fall by the root of the samples that a decoder has to learn. */
function forFewerSamples(
  job: MinPsnrJob,
  groups: readonly PlannedGroup[],
  { network, training }: TilePlan,
): TileTrainingSettings {
  const usual = planTiles(job, job.preset, { target: undefined, fixedWidth: true }).network;
  const decoders = (of: { rows: number; columns: number }, count: number) => of.rows * of.columns * count;
  const fewer = decoders(usual, job.groups.length) / decoders(network, groups.length);
  const share = Math.max(MIN_SHARE, Math.sqrt(fewer));
  const of = (steps: number) => Math.min(steps, Math.max(MIN_STEPS, Math.ceil(share * steps)));
  return { ...training, steps: of(training.steps), phase1Steps: of(training.phase1Steps) };
}

/** What a video below its floor goes on to. */
export class MinPsnrControl {
  readonly #job: MinPsnrJob;
  readonly #floor: number;
  readonly #room: Capacity;
  readonly #emit: (event: EncodeEvent) => void;
  /** Of a video that came out below: its training aims at this from then on. */
  readonly target: Target;

  /** `floor`: dB. */
  constructor(job: MinPsnrJob, floor: number, emit: (event: EncodeEvent) => void) {
    this.#job = job;
    this.#floor = floor;
    this.#room = floorRoom(job);
    this.#emit = emit;
    this.target = { kind: "psnr", value: floor + MARGIN_DB };
  }

  /** What decoders that hold `most` bits a pixel may be replaced by. */
  capacity({ currentBpp: max }: Capacity): Capacity {
    return { currentBpp: max, maxBpp: this.#room.maxBpp };
  }

  /** The target of a video that came to `round`, and says so; undefined where none is needed, or beyond reach. */
  raiseTarget(pass: PassResult): Target | undefined {
    if (pass.psnr >= this.#floor) return undefined;
    const bpp = bppForMinPsnr(pass, this.#floor);
    if (exceedsCapacity(bpp, this.#room)) return undefined;
    this.#say(pass, bpp);
    return this.target;
  }

  /** Larger decoders, in shorter groups where need be, for a video whose training asks for more bits. */
  planLargerDecoders(trained: Came, stage: number): MinPsnrPlan | undefined {
    if (trained.requiredBpp === undefined) return undefined;
    const bpp = Math.max(trained.requiredBpp, bppForMinPsnr(trained, this.#floor));
    const plan = planFloor(this.#job, bpp);
    if (plan !== undefined && stage > 0) this.#say(trained, bpp);
    return plan;
  }

  /** A video that stays below, as one sentence; undefined where it does not. */
  missedTargetMessage(pass: Pick<PassResult, "psnr" | "bpp">): string | undefined {
    if (pass.psnr >= this.#floor) return undefined;
    return (
      `${pass.psnr.toFixed(1)} dB, below the floor of ${this.#floor} dB: that would take about ` +
      `${bppForMinPsnr(pass, this.#floor).toPrecision(2)} bits a pixel, and decoders hold ` +
      `${this.#room.maxBpp.toPrecision(2)} at most; this video is noise, or changes in more than networks can follow`
    );
  }

  /** More bits are never a surprise: how many, and what leaves them out. */
  #say({ psnr, bpp }: Pick<PassResult, "psnr" | "bpp">, expectedBpp: number): void {
    const { width, height, frameCount } = this.#job;
    const [bytes, expectedBytes] = [bpp, expectedBpp].map((bits) =>
      Math.round((bits * width * height * frameCount) / 8),
    );
    const message =
      `${psnr.toFixed(1)} dB is below the floor of ${this.#floor} dB: training goes on, for about ` +
      `${kilobytes(expectedBytes)} instead of ${kilobytes(bytes)} (${expectedBpp.toPrecision(2)} bits a pixel instead of ` +
      `${bpp.toPrecision(2)}) and at least as many times the time; --min-psnr 0 leaves it out`;
    this.#emit({
      type: "min-psnr",
      psnr,
      minPsnr: this.#floor,
      bpp,
      expectedBpp,
      bytes,
      expectedBytes,
      message,
    });
  }
}

/** What training came to, as far as the floor depends on it. */
interface Came {
  /** dB. */
  readonly psnr: number;
  /** Bits a pixel, and as many as larger decoders should have. */
  readonly bpp: number;
  readonly requiredBpp?: number;
}

const kilobytes = (bytes: number): string =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toPrecision(3)} MB`;
