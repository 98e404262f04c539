import type { EncodeOptions, Preset } from "../../encoder/index.js";

/** The clip of a row: a file without audio, so that every codec gets the same pixels. */
export interface RowClip {
  readonly path: string;
  /** Modifications of the source, for the report. */
  readonly notes: readonly string[];
}

/** The input of a measurement. */
export interface Measurement {
  readonly row: Row;
  readonly clip: RowClip;
  readonly settings: Settings;
  /** Folder of the assets, as in `assetPath`. */
  readonly folder: string;
  /** Prints a line of progress. */
  readonly log: (line: string) => void;
}

/** A clip that all codecs encode. */
export interface Row {
  readonly name: string;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
}

/** Settings of one run of the benchmark. */
export interface Settings {
  readonly rows: readonly Row[];
  /** Whether SIRENs are trained too, and all codecs are compared at equal bytes. */
  readonly baselines: boolean;
  /** Options of the paper profile. Its PSNR is the target of the others. */
  readonly paper: Partial<EncodeOptions>;
  /** Preset of the tile profile: its networks and its lambda. */
  readonly tilePreset: Preset;
  /** Training steps per phase of the tile profile, tried in this order until the PSNR is reached. */
  readonly tileSteps: readonly number[];
  /** CPU seconds after which the training of a baseline stops, even below the target PSNR. */
  readonly baselineSeconds: number;
  /** Coordinates per step of the SIREN over (x, y, t), and of each SIREN per frame. */
  readonly points: { readonly siren: number; readonly coin: number };
  /** Number of frames that COIN is trained on; its time for all frames is extrapolated. */
  readonly coinFrames: number;
  /** Name of the row that is encoded at equal bytes. */
  readonly equalBytes: string;
  /** Name of the row whose assets are decoded at several sizes. */
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
 * The published preset: 20,000 steps per phase, 1/1024 of the coordinates per step. Uses one thread, because a second
 * thread increases the CPU time by half.
 */
const published = { profile: "paper", preset: "s", workers: 1, steps: 20_000, phase1Steps: 20_000 } as const;
const STEPS = [80, 120, 160, 200, 240, 320, 480, 600, 700, 1000, 1500, 3000];
const sd = { width: 640, height: 360 };
const hd = { width: 1280, height: 720 };
const uhd = { width: 3840, height: 2160 };

/** Full run: takes about 25 minutes on two idle cores. */
const full: Settings = {
  rows: [
    { name: "20 frames", frames: 20, ...sd },
    { name: "40 frames", frames: 40, ...sd },
    { name: "80 frames", frames: 80, ...sd },
    { name: "132 frames", frames: 132, ...sd },
    { name: "200 frames", frames: 200, ...sd },
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

/** Short run with small frames: takes two or three minutes on shared cores. */
const small: Settings = {
  rows: [
    { name: "20 frames", frames: 20, width: 160, height: 90 },
    { name: "40 frames", frames: 40, width: 160, height: 90 },
    { name: "20 frames, double size", frames: 20, width: 320, height: 180 },
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
    row: "20 frames, double size",
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
 * Reads the settings from environment variables:
 *
 * - SIEDD_BENCH_SCALE=full|small (default full)
 * - SIEDD_BENCH_ROWS="20 frames;40 frames": only these rows
 * - SIEDD_BENCH_PAPER=short|published (default short): the paper profile with width 256 and few steps, or preset s as
 *   published, which takes 15 minutes for 20 frames on an idle machine
 * - SIEDD_BENCH_STEPS: training steps of the paper profile; phase 1 has half as many, or the same number if published
 * - SIEDD_BENCH_BASELINES=yes|no (default yes): whether SIRENs are trained too
 * - SIEDD_BENCH_CAP: CPU seconds per baseline
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings & { readonly scale: string } {
  const scale = environment.SIEDD_BENCH_SCALE ?? "full";
  const scaleSettings = SCALES[scale];
  if (scaleSettings === undefined)
    throw new Error(`SIEDD_BENCH_SCALE must be ${Object.keys(SCALES).join(" or ")}, got "${scale}"`);
  const choice = <T extends string>(name: string, values: readonly T[]): T => {
    const value = values.find((candidate) => candidate === (environment[name] ?? values[0]));
    if (value === undefined)
      throw new Error(`${name} must be ${values.join(" or ")}, got "${environment[name]}"`);
    return value;
  };
  const number = (name: string, defaultValue: number): number => {
    const value = Number(environment[name] ?? defaultValue);
    if (!(value >= 1)) throw new Error(`${name} must be a number >= 1, got "${environment[name]}"`);
    return value;
  };
  const names = environment.SIEDD_BENCH_ROWS?.split(";").map((name) => name.trim());
  const rows = scaleSettings.rows.filter(({ name }) => names === undefined || names.includes(name));
  if (rows.length === 0)
    throw new Error(
      `SIEDD_BENCH_ROWS must list some of: ${scaleSettings.rows.map((row) => row.name).join("; ")}`,
    );
  const isPublished = choice("SIEDD_BENCH_PAPER", ["short", "published"]) === "published";
  const paperOptions = isPublished ? published : scaleSettings.paper;
  const steps = Math.round(number("SIEDD_BENCH_STEPS", paperOptions.steps ?? 1));
  const phase1Steps = isPublished ? steps : Math.max(1, Math.round(steps / 2));
  return {
    ...scaleSettings,
    scale,
    rows,
    baselines: choice("SIEDD_BENCH_BASELINES", ["yes", "no"]) === "yes",
    paper: { ...paperOptions, steps, phase1Steps },
    // The networks of the preset "draft" never reach the PSNR of 20,000 steps, however long they are trained.
    tilePreset: isPublished ? "quality" : scaleSettings.tilePreset,
    baselineSeconds: number("SIEDD_BENCH_CAP", scaleSettings.baselineSeconds),
  };
}
