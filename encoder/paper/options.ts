import { MAX_PAPER_WIDTH, MIN_PAPER_WIDTH, maxRank, PATCHES } from "../../codec/internal.js";
import { badOption, invalidOption } from "../errors.js";
import {
  type CommonOptions,
  checkChoice,
  checkInteger,
  checkPrecision,
  type EncodeOptions,
  MAX_ANCHORS,
  MAX_GROUP_FRAMES,
  MAX_HIDDEN_LAYERS,
  MAX_POINTS,
  MAX_STEPS,
  MIN_POINTS,
  type PaperDecoderKind,
  type PaperLoss,
  type PaperNoise,
  type PaperOptimizer,
  type PaperPreset,
  type PaperSampling,
  resolveCommonOptions,
} from "../options.js";
import type { TrainerName } from "../training/create-trainer.js";
import { NOISE_KINDS } from "./noise.js";
import { patchCount } from "./sampler.js";

/** Settings that decide what the paper profile trains. */
export interface PaperTrainingSettings {
  readonly width: number;
  readonly hiddenLayers: number;
  readonly steps: number;
  readonly phase1Steps: number;
  /** Side of the patch that one network evaluation outputs, source pixels. */
  readonly patch: number;
  readonly decoder: PaperDecoderKind;
  /** Rank of factored hidden matrices. */
  readonly rank: number;
  /** Points sampled per step; undefined: a share of the pixels. */
  readonly points: number | undefined;
  /** Points sampled per step as a share of the pixels; undefined: 1/1024. */
  readonly fraction: number | undefined;
  readonly optimizer: PaperOptimizer;
  /** Learning rate after the warm-up, or at the peak of the cycle. */
  readonly learningRate: number;
  readonly sampling: PaperSampling;
  readonly loss: PaperLoss;
  /** Path of an asset whose shared encoder is reused. */
  readonly sharedEncoder: string | undefined;
  /** Noise that is added to the frames before training. */
  readonly noise: PaperNoise | undefined;
}

/** Options of the paper profile, with defaults filled in and values checked. */
export interface PaperOptions extends CommonOptions {
  readonly profile: "paper";
  readonly trainer: TrainerName;
  readonly training: PaperTrainingSettings;
  readonly groupFrames: number;
  /** Number of anchor frames; undefined: one per 20 frames, at most 8. */
  readonly anchors: number | undefined;
}

const WIDTHS: Record<PaperPreset, number> = { s: 512, m: 768, l: 1024 };
const DEFAULT_HIDDEN_LAYERS = 3;
const DEFAULT_STEPS = 20_000;
const DEFAULT_GROUP_FRAMES = 20;
const DEFAULT_LEARNING_RATE = 1e-4;
/** By default, a step samples one pixel in 1024, but at least 64. */
const PIXELS_PER_POINT = 1024;
const MIN_DEFAULT_POINTS = 64;
/** The default rank is an eighth of the width: two factors then have a quarter of the values of a full matrix. */
const WIDTH_PER_RANK = 8;

const TILE_ONLY = [
  "targetPsnr",
  "targetBpp",
  "minPsnr",
  "kernel",
  "maxSpan",
] as const satisfies readonly (keyof EncodeOptions)[];

/** Returns the number of points that a step samples from frames of the given size. */
export function pointsPerStep(
  { points, fraction, sampling, patch }: PaperTrainingSettings,
  frame: { readonly width: number; readonly height: number },
): number {
  const pixels = frame.width * frame.height;
  const share =
    fraction === undefined
      ? Math.max(MIN_DEFAULT_POINTS, Math.ceil(pixels / PIXELS_PER_POINT))
      : Math.max(1, Math.round(fraction * pixels));
  const count = points ?? share;
  return sampling === "without" ? Math.min(patchCount(frame, patch), count) : count;
}

/**
 * Resolves the options of the paper profile.
 * @throws EncoderError `bad-option`
 */
export function resolvePaperOptions(options: EncodeOptions): PaperOptions {
  const { preset = "s" } = options;
  if (!Object.hasOwn(WIDTHS, preset)) {
    throw invalidOption(
      "preset",
      `one of ${Object.keys(WIDTHS).join(", ")} with \`profile: "paper"\``,
      preset,
    );
  }
  for (const option of TILE_ONLY) {
    if (options[option] !== undefined) throw badOption(option, `${option} requires \`profile: "tile"\``);
  }
  const common = resolveCommonOptions(options);
  return {
    ...common,
    profile: "paper",
    trainer: resolveTrainer(options),
    groupFrames:
      checkInteger("groupFrames", options.groupFrames, 1, MAX_GROUP_FRAMES) ?? DEFAULT_GROUP_FRAMES,
    anchors: checkInteger("anchors", options.anchors, 1, MAX_ANCHORS),
    training: resolveTraining(options, WIDTHS[preset as PaperPreset]),
  };
}

function resolveTrainer(options: EncodeOptions): TrainerName {
  if (options.trainer === "kernel") {
    throw badOption("trainer", 'trainer must be "onnx" or "tfjs" with `profile: "paper"`, got "kernel"');
  }
  checkPrecision(options);
  const trainer = checkChoice("trainer", options.trainer, ["auto", "onnx", "tfjs"]);
  return trainer === "tfjs" ? "tfjs" : "onnx";
}

function resolveTraining(options: EncodeOptions, defaultWidth: number): PaperTrainingSettings {
  const { points, fraction, lr: learningRate = DEFAULT_LEARNING_RATE } = options;
  if (!(learningRate > 0 && learningRate <= 1)) throw invalidOption("lr", "> 0 and <= 1", learningRate);
  if (fraction !== undefined && !(fraction > 0 && fraction <= 1)) {
    throw invalidOption("fraction", "> 0 and <= 1", fraction);
  }
  if (fraction !== undefined && points !== undefined) {
    throw badOption("fraction", "points and fraction are mutually exclusive; set only one");
  }
  const width = checkInteger("width", options.width, MIN_PAPER_WIDTH, MAX_PAPER_WIDTH) ?? defaultWidth;
  const decoder = checkChoice("decoder", options.decoder, ["full", "low-rank", "sine-low-rank"]) ?? "full";
  return {
    width,
    hiddenLayers:
      checkInteger("hiddenLayers", options.hiddenLayers, 1, MAX_HIDDEN_LAYERS) ?? DEFAULT_HIDDEN_LAYERS,
    steps: checkInteger("steps", options.steps, 1, MAX_STEPS) ?? DEFAULT_STEPS,
    phase1Steps: checkInteger("phase1Steps", options.phase1Steps, 1, MAX_STEPS) ?? DEFAULT_STEPS,
    patch: checkChoice("patch", options.patch, PATCHES) ?? 1,
    decoder,
    rank: resolveRank(options, decoder, width),
    points: checkInteger("points", points, MIN_POINTS, MAX_POINTS),
    fraction,
    optimizer:
      checkChoice("optimizer", options.optimizer, ["schedule-free", "adam-onecycle"]) ?? "schedule-free",
    learningRate,
    sampling: checkChoice("sampling", options.sampling, ["without", "replacement"]) ?? "without",
    loss: checkChoice("loss", options.loss, ["mse", "l1"]) ?? "mse",
    sharedEncoder: options.sharedEncoder,
    noise: checkChoice("noise", options.noise, NOISE_KINDS),
  };
}

function resolveRank({ rank }: EncodeOptions, decoder: PaperDecoderKind, width: number): number {
  if (rank !== undefined && decoder === "full") {
    throw badOption("rank", 'rank requires `decoder: "low-rank"` or `decoder: "sine-low-rank"`');
  }
  return checkInteger("rank", rank, 1, maxRank(width)) ?? Math.max(1, Math.floor(width / WIDTH_PER_RANK));
}
