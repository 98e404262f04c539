import { MAX_PAPER_WIDTH, MIN_PAPER_WIDTH, maxRank, PATCHES } from "../../codec/internal.js";
import { EncoderError, invalidOption } from "../errors.js";
import { type EncodeOptions, resolveTileOptions, type TileOptions } from "../options.js";
import type { TrainerName } from "../training/choose-trainer.js";
import { NOISE_KINDS, type PaperNoise } from "./noise.js";
import { patchCount } from "./sampler.js";

/** Sizes of the published network. */
export type PaperPreset = "s" | "m" | "l";
/** How the paper profile descends. */
export type PaperOptimizer = "schedule-free" | "adam-onecycle";
/** Whether a coordinate may be drawn twice in a step. */
export type PaperSampling = "without" | "replacement";
/** Mean of squared or of absolute differences. */
export type PaperLoss = "mse" | "l1";

/** Whole hidden matrices, products of two factors, or a sine about such a product. */
export type PaperDecoderKind = "full" | "low-rank" | "sine-low-rank";

/** Numbers that decide what is trained in the paper profile. */
export interface PaperTrainingSettings {
  readonly width: number;
  readonly hiddenLayers: number;
  readonly steps: number;
  readonly phase1Steps: number;
  /** Source pixels a side that one evaluation gives. */
  readonly patch: number;
  readonly decoder: PaperDecoderKind;
  /** Of the factors of hidden matrices, unless they are whole. */
  readonly rank: number;
  /** Coordinates a step; undefined: a share of the picture. */
  readonly points: number | undefined;
  /** Coordinates a step as a share of the picture's pixels; undefined: 1/1024. */
  readonly fraction: number | undefined;
  readonly optimizer: PaperOptimizer;
  /** Learning rate: constant after the warm-up, or the peak of the cycle. */
  readonly learningRate: number;
  readonly sampling: PaperSampling;
  readonly loss: PaperLoss;
  /** Path of an asset whose shared encoder is taken as it is. */
  readonly sharedEncoder: string | undefined;
  /** Added to the frames before training, which are measured without it. */
  readonly noise: PaperNoise | undefined;
}

/** Options of the paper profile with every default filled in and every value checked. */
export interface PaperOptions
  extends Omit<TileOptions, "training" | "groupFrames" | "anchors" | "target" | "minPsnr" | "trainer"> {
  readonly profile: "paper";
  readonly trainer: TrainerName;
  readonly training: PaperTrainingSettings;
  readonly groupFrames: number;
  /** Anchor frames; undefined: one a group, at most 8. */
  readonly anchors: number | undefined;
}

const WIDTHS: Record<PaperPreset, number> = { s: 512, m: 768, l: 1024 };
const STEPS = 20_000;
const GROUP_FRAMES = 20;
const RATE = 1e-4;
/** A share of 1 / 1024 of the pixels a step, and enough of them in small pictures. */
const SHARE = 1024;
const FEWEST_POINTS = 64;
/** Factors of this share of the width are a quarter of the numbers of a whole matrix. */
const RANK_SHARE = 8;

/** Coordinates a step for a picture. */
export function pointsPerStep(
  settings: PaperTrainingSettings,
  frame: { readonly width: number; readonly height: number },
): number {
  const pixels = frame.width * frame.height;
  const share =
    settings.fraction === undefined
      ? Math.max(FEWEST_POINTS, Math.ceil(pixels / SHARE))
      : Math.max(1, Math.round(settings.fraction * pixels));
  const wanted = settings.points ?? share;
  return settings.sampling === "without" ? Math.min(patchCount(frame, settings.patch), wanted) : wanted;
}

/** Throws EncoderError `bad-option`, naming the option, the rule and the value. */
export function resolvePaperOptions(options: EncodeOptions): PaperOptions {
  const preset = options.preset ?? "s";
  if (!(preset in WIDTHS)) {
    throw invalidOption("--preset", `one of ${Object.keys(WIDTHS).join(", ")} with --profile paper`, preset);
  }
  const number = (name: string, value: number | undefined, low: number, high: number): number | undefined => {
    if (value !== undefined && (!Number.isInteger(value) || value < low || value > high)) {
      throw invalidOption(name, `a whole number from ${low} to ${high}`, value);
    }
    return value;
  };
  const choice = <T extends string>(name: string, value: T | undefined, all: readonly T[]): T => {
    if (value !== undefined && !all.includes(value))
      throw invalidOption(name, `one of ${all.join(", ")}`, value);
    return value ?? all[0];
  };
  if (options.targetPsnr !== undefined || options.targetBpp !== undefined) {
    throw new EncoderError(
      "bad-option",
      "--target-psnr and --target-bpp are options of --profile tile alone",
    );
  }
  if (options.minPsnr !== undefined) {
    throw new EncoderError("bad-option", "--min-psnr is an option of --profile tile alone");
  }
  const rate = options.lr ?? RATE;
  if (!(rate > 0 && rate <= 1)) throw invalidOption("--lr", "more than 0 and at most 1", rate);
  const width =
    number("--width", options.width, MIN_PAPER_WIDTH, MAX_PAPER_WIDTH) ?? WIDTHS[preset as PaperPreset];
  const { patch = 1, fraction } = options;
  if (!PATCHES.includes(patch)) throw invalidOption("--patch", `one of ${PATCHES.join(", ")}`, patch);
  const decoder = choice("--decoder", options.decoder, ["full", "low-rank", "sine-low-rank"]);
  if (options.rank !== undefined && decoder === "full") {
    throw new EncoderError("bad-option", "--rank is an option of --decoder low-rank or sine-low-rank alone");
  }
  const rank = number("--rank", options.rank, 1, maxRank(width));
  if (fraction !== undefined && !(fraction > 0 && fraction <= 1)) {
    throw invalidOption("--fraction", "more than 0 and at most 1", fraction);
  }
  if (fraction !== undefined && options.points !== undefined) {
    throw new EncoderError("bad-option", "--points and --fraction say the same thing: give one of them");
  }
  if (options.trainer === "kernel") {
    throw new EncoderError("bad-option", "--trainer kernel is for the tile profile: take onnx or tfjs");
  }
  // What both profiles have in common is checked in one place; what only one has is left out of it.
  const {
    training: _,
    groupFrames: __,
    anchors: ___,
    target: ____,
    minPsnr: _____,
    ...common
  } = resolveTileOptions({
    ...options,
    profile: "tile",
    preset: undefined,
    width: undefined,
    optimizer: undefined,
    lr: undefined,
    sampling: undefined,
    loss: undefined,
    sharedEncoder: undefined,
    noise: undefined,
    patch: undefined,
    decoder: undefined,
    rank: undefined,
    fraction: undefined,
  });
  return {
    ...common,
    profile: "paper",
    trainer: options.trainer === "tfjs" ? "tfjs" : "onnx",
    groupFrames: options.groupFrames ?? GROUP_FRAMES,
    anchors: options.anchors,
    training: {
      width,
      hiddenLayers: options.hiddenLayers ?? 3,
      steps: options.steps ?? STEPS,
      phase1Steps: options.phase1Steps ?? STEPS,
      patch,
      decoder,
      rank: rank ?? Math.max(1, Math.floor(width / RANK_SHARE)),
      points: options.points,
      fraction,
      optimizer: choice("--optimizer", options.optimizer, ["schedule-free", "adam-onecycle"]),
      learningRate: rate,
      sampling: choice("--sampling", options.sampling, ["without", "replacement"]),
      loss: choice("--loss", options.loss, ["mse", "l1"]),
      sharedEncoder: options.sharedEncoder,
      noise: options.noise === undefined ? undefined : choice("--noise", options.noise, NOISE_KINDS),
    },
  };
}
