import type { EncodeEvent } from "../events.js";
import type { ResolvedOptions, TrainingSettings } from "../options.js";
import { FILLED, type FilmShape, planFor, planTiles, type TilePlan } from "../plan/capacity.js";
import type { PlannedGroup } from "../plan/groups.js";
import { isBeyond, type Room, type Round, type Target } from "./targets.js";

// Films that a preset draws below its floor are noise, or near it: a doubling of the bits brings them less than it
// brings others, and as little of a frame is in the next one, groups may as well be short.

/** dB a doubling of the bits, and dB a bit a pixel, of noise: what takes fewer bits (docs/design.md, "The floor"). */
const DECIBELS_A_DOUBLING = 1.5;
const DECIBELS_A_BIT = 2.3;
/** dB above the floor that training goes on to, so that what meets its target is not below the floor. */
const MARGIN_DB = 0.2;
/** Shortest groups, in seconds: a group is a segment of a stream, and each takes a request. */
const SHORTEST_SECONDS = 0.25;
/**
 * Share of the preset's steps at least, and their number, where decoders have fewer samples to learn: a third of these
 * steps gave noise 3 dB less for more bits.
 */
const LEAST_SHARE = 0.3;
const LEAST_STEPS = 1000;

/** Decoders, and the groups that they draw. */
export interface FloorPlan {
  readonly tiles: TilePlan;
  readonly groups: readonly PlannedGroup[];
}

/** A film that may be cut into shorter groups. */
export interface FloorFilm extends FilmShape {
  /** Frames a second. */
  readonly rate: number;
  readonly preset: TrainingSettings;
  /** About a second each, or as long as was asked for. */
  readonly groups: readonly PlannedGroup[];
  regroup(frames: number): readonly PlannedGroup[];
  readonly options: Pick<ResolvedOptions, "widthAsked" | "groupFrames">;
}

/** Bits a pixel at which a film of noise that came to `round` has `floor` dB, about. */
export function bitsForFloor({ psnr, bpp }: Pick<Round, "psnr" | "bpp">, floor: number): number {
  const missing = Math.max(0, floor + MARGIN_DB - psnr);
  return Math.min(bpp * 2 ** (missing / DECIBELS_A_DOUBLING), bpp + missing / DECIBELS_A_BIT);
}

/** The film's own groups, then halves and quarters of them; those that were asked for stay. */
function groupings(film: FloorFilm): (readonly PlannedGroup[])[] {
  const longest = film.groups.reduce((most, { frameCount }) => Math.max(most, frameCount), 0);
  const all = [film.groups];
  if (film.options.groupFrames !== undefined) return all;
  for (let parts = 2; longest / parts >= SHORTEST_SECONDS * film.rate && longest / parts >= 1; parts *= 2) {
    all.push(film.regroup(Math.ceil(longest / parts)));
  }
  return all;
}

/** Bits a pixel that decoders of the preset hold, and the largest ones in the shortest groups. */
function floorRoom(film: FloorFilm): Room {
  const of = (groups: readonly PlannedGroup[]) =>
    planTiles({ ...film, groups }, film.preset, { target: undefined, widthAsked: film.options.widthAsked });
  const rooms = groupings(film).map(of);
  return { most: rooms[0].most, largest: Math.max(...rooms.map(({ largest }) => largest)) };
}

/** The longest groups, and the smallest decoders, that hold `bpp` bits a pixel; undefined where none do. */
function planFloor(film: FloorFilm, bpp: number): FloorPlan | undefined {
  const { largest } = floorRoom(film);
  for (const groups of groupings(film)) {
    const shape = { ...film, groups };
    const tiles = planFor(shape, film.preset, bpp, film.options);
    // Longer groups that this fills to the brim are passed over, where there are shorter ones.
    if (tiles === undefined || (bpp > FILLED * tiles.largest && tiles.largest < largest)) continue;
    return { groups, tiles: { ...tiles, largest, training: forFewerSamples(film, groups, tiles) } };
  }
  return undefined;
}

/** Steps fall by the root of the samples that a decoder has to learn. */
function forFewerSamples(
  film: FloorFilm,
  groups: readonly PlannedGroup[],
  { network, training }: TilePlan,
): TrainingSettings {
  const usual = planTiles(film, film.preset, { target: undefined, widthAsked: true }).network;
  const decoders = (of: { rows: number; columns: number }, count: number) => of.rows * of.columns * count;
  const fewer = decoders(usual, film.groups.length) / decoders(network, groups.length);
  const share = Math.max(LEAST_SHARE, Math.sqrt(fewer));
  const of = (steps: number) => Math.min(steps, Math.max(LEAST_STEPS, Math.ceil(share * steps)));
  return { ...training, steps: of(training.steps), phase1Steps: of(training.phase1Steps) };
}

/** What a film below its floor goes on to. */
export class Floor {
  readonly #film: FloorFilm;
  readonly #floor: number;
  readonly #room: Room;
  readonly #emit: (event: EncodeEvent) => void;
  /** Of a film that came out below: its training aims at this from then on. */
  readonly target: Target;

  /** `floor`: dB. */
  constructor(film: FloorFilm, floor: number, emit: (event: EncodeEvent) => void) {
    this.#film = film;
    this.#floor = floor;
    this.#room = floorRoom(film);
    this.#emit = emit;
    this.target = { kind: "psnr", value: floor + MARGIN_DB };
  }

  /** What decoders that hold `most` bits a pixel may be replaced by. */
  room({ most }: Room): Room {
    return { most, largest: this.#room.largest };
  }

  /** The target of a film that came to `round`, and says so; undefined where none is needed, or beyond reach. */
  below(round: Round): Target | undefined {
    if (round.psnr >= this.#floor) return undefined;
    const bpp = bitsForFloor(round, this.#floor);
    if (isBeyond(bpp, this.#room)) return undefined;
    this.#say(round, bpp);
    return this.target;
  }

  /** Larger decoders, in shorter groups where need be, for a film whose training asks for more bits. */
  larger(trained: Came, stage: number): FloorPlan | undefined {
    if (trained.largerFor === undefined) return undefined;
    const bpp = Math.max(trained.largerFor, bitsForFloor(trained, this.#floor));
    const plan = planFloor(this.#film, bpp);
    if (plan !== undefined && stage > 0) this.#say(trained, bpp);
    return plan;
  }

  /** A film that stays below, as one sentence; undefined where it does not. */
  missed(round: Pick<Round, "psnr" | "bpp">): string | undefined {
    if (round.psnr >= this.#floor) return undefined;
    return (
      `${round.psnr.toFixed(1)} dB, below the floor of ${this.#floor} dB: that would take about ` +
      `${bitsForFloor(round, this.#floor).toPrecision(2)} bits a pixel, and decoders hold ` +
      `${this.#room.largest.toPrecision(2)} at most; this film is noise, or changes in more than networks can follow`
    );
  }

  /** More bits are never a surprise: how many, and what leaves them out. */
  #say({ psnr, bpp }: Pick<Round, "psnr" | "bpp">, expectedBpp: number): void {
    const { width, height, frameCount } = this.#film;
    const [bytes, expectedBytes] = [bpp, expectedBpp].map((bits) =>
      Math.round((bits * width * height * frameCount) / 8),
    );
    const message =
      `${psnr.toFixed(1)} dB is below the floor of ${this.#floor} dB: training goes on, for about ` +
      `${kilobytes(expectedBytes)} instead of ${kilobytes(bytes)} (${expectedBpp.toPrecision(2)} bits a pixel instead of ` +
      `${bpp.toPrecision(2)}) and at least as many times the time; --floor-psnr 0 leaves it out`;
    this.#emit({
      type: "floor",
      psnr,
      floorPsnr: this.#floor,
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
  readonly largerFor?: number | undefined;
}

const kilobytes = (bytes: number): string =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toPrecision(3)} MB`;
