import type { EncodeOptions, Preset } from "../../encoder/index.js";

/** A clip that all codecs are given. */
export interface Row {
  readonly name: string;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
}

/** What one run of the bench measures, and how long. */
export interface Settings {
  readonly rows: readonly Row[];
  /** Whether SIRENs are measured beside both profiles, and all of them in equal bytes. */
  readonly baselines: boolean;
  /** The paper profile; its PSNR is what the others have to reach. */
  readonly paper: Partial<EncodeOptions>;
  /** The tile profile's networks, and what their bits are worth. */
  readonly tilePreset: Preset;
  /** The tile profile's steps, in each phase, tried in this order until the PSNR is reached. */
  readonly tileSteps: readonly number[];
  /** Processor seconds of training after which a baseline that has not reached the PSNR is stopped. */
  readonly baselineSeconds: number;
  /** Coordinates a step of the SIREN over (x, y, t), and of each of one a frame. */
  readonly points: { readonly siren: number; readonly coin: number };
  /** Frames that one SIREN a frame is trained on; the time of all frames is in proportion. */
  readonly coinFrames: number;
  /** Which row's clip is stored in equal bytes, and which one's assets are decoded at all sizes. */
  readonly equalBytes: string;
  readonly sizes: {
    readonly row: string;
    readonly pixels: readonly { readonly width: number; readonly height: number }[];
  };
}

const paper = {
  profile: "paper",
  optimizer: "adam-onecycle",
  sampling: "replacement",
  lr: 3e-4,
  groupFrames: 20,
} as const;
/**
 * The published preset as it is: 20,000 steps a phase, 1/1024 of the coordinates a step. One thread, since a second one
 * makes it take half as many processor seconds again.
 */
const published = { profile: "paper", preset: "s", workers: 1, steps: 20_000, phase1Steps: 20_000 } as const;
const STEPS = [80, 120, 160, 200, 240, 320, 480, 600, 700, 1000, 1500, 3000];
const vga = { width: 640, height: 360 };
const hd = { width: 1280, height: 720 };
const uhd = { width: 3840, height: 2160 };

/** Meant for about 25 minutes on two quiet cores. */
const full: Settings = {
  rows: [
    { name: "20 frames", frames: 20, ...vga },
    { name: "40 frames", frames: 40, ...vga },
    { name: "80 frames", frames: 80, ...vga },
    { name: "132 frames", frames: 132, ...vga },
    { name: "200 frames", frames: 200, ...vga },
    { name: "20 frames, 720p", frames: 20, ...hd },
    { name: "10 frames, 4K", frames: 10, ...uhd },
  ],
  baselines: true,
  paper: { ...paper, width: 256, steps: 400, phase1Steps: 200, points: 2048 },
  tilePreset: "draft",
  tileSteps: STEPS,
  baselineSeconds: 80,
  points: { siren: 8192, coin: 2048 },
  coinFrames: 4,
  equalBytes: "20 frames",
  sizes: {
    row: "20 frames, 720p",
    pixels: [{ width: 854, height: 480 }, hd, { width: 1920, height: 1080 }, uhd],
  },
};

/** The same in small pictures: two or three minutes on cores that others use too. */
const small: Settings = {
  rows: [
    { name: "20 frames", frames: 20, width: 160, height: 90 },
    { name: "40 frames", frames: 40, width: 160, height: 90 },
    { name: "20 frames, twice the size", frames: 20, width: 320, height: 180 },
  ],
  baselines: true,
  paper: { ...paper, width: 96, steps: 300, phase1Steps: 150, points: 512 },
  tilePreset: "draft",
  tileSteps: STEPS,
  baselineSeconds: 16,
  points: { siren: 4096, coin: 1024 },
  coinFrames: 4,
  equalBytes: "20 frames",
  sizes: {
    row: "20 frames, twice the size",
    pixels: [
      { width: 214, height: 120 },
      { width: 320, height: 180 },
      { width: 480, height: 270 },
      { width: 960, height: 540 },
    ],
  },
};

const SCALES: Readonly<Record<string, Settings>> = { full, small };

/**
 * SIEDD_BENCH_SCALE=small|full (default full); SIEDD_BENCH_ROWS="20 frames;40 frames": only these rows;
 * SIEDD_BENCH_PAPER=short|published (default short): the paper profile with width 256 and few steps, or preset s as
 * published, which takes a quarter of an hour for 20 frames on a quiet machine; SIEDD_BENCH_STEPS: the paper profile's
 * steps, of which phase 1 has half, or as many where it is the published one; SIEDD_BENCH_BASELINES=yes|no (default
 * yes): whether SIRENs are trained too; SIEDD_BENCH_CAP: processor seconds a baseline has.
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings & { readonly scale: string } {
  const scale = environment.SIEDD_BENCH_SCALE ?? "full";
  const found = SCALES[scale];
  if (found === undefined)
    throw new Error(`SIEDD_BENCH_SCALE is ${scale}; it must be ${Object.keys(SCALES).join(" or ")}`);
  const choice = <T extends string>(name: string, all: readonly T[]): T => {
    const value = all.find((one) => one === (environment[name] ?? all[0]));
    if (value === undefined)
      throw new Error(`${name} is ${environment[name]}; it must be ${all.join(" or ")}`);
    return value;
  };
  const number = (name: string, otherwise: number): number => {
    const value = Number(environment[name] ?? otherwise);
    if (!(value >= 1)) throw new Error(`${name} is ${environment[name]}; it must be a number from 1`);
    return value;
  };
  const names = environment.SIEDD_BENCH_ROWS?.split(";").map((name) => name.trim());
  const rows = found.rows.filter(({ name }) => names === undefined || names.includes(name));
  if (rows.length === 0)
    throw new Error(`SIEDD_BENCH_ROWS: no row of that name; ${found.rows.map((row) => row.name).join("; ")}`);
  const asPublished = choice("SIEDD_BENCH_PAPER", ["short", "published"]) === "published";
  const trained = asPublished ? published : found.paper;
  const steps = Math.round(number("SIEDD_BENCH_STEPS", trained.steps ?? 1));
  const phase1Steps = asPublished ? steps : Math.max(1, Math.round(steps / 2));
  return {
    ...found,
    scale,
    rows,
    baselines: choice("SIEDD_BENCH_BASELINES", ["yes", "no"]) === "yes",
    paper: { ...trained, steps, phase1Steps },
    // What 20,000 steps reach, those of draft do not, however long they are trained.
    tilePreset: asPublished ? "quality" : found.tilePreset,
    baselineSeconds: number("SIEDD_BENCH_CAP", found.baselineSeconds),
  };
}
