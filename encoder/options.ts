import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { MAX_SIDE, MIN_SIDE } from "../codec/internal.js";
import { badOption, invalidOption } from "./errors.js";
import type { EncodeEvent } from "./events.js";
import type { AnchorChoice } from "./plan/anchors.js";
import type { TileTrainerName } from "./training/create-trainer.js";
import type { KernelVariant } from "./training/kernel/kernel.js";
import type { Device } from "./training/onnx/onnx-runtime.js";
import type { Precision } from "./training/onnx/precision.js";

/**
 * Presets of the tile profile: points on the curve of time against quality (docs/how-it-works.md, "Presets and rate
 * control").
 */
export type TilePreset = "draft" | "fast" | "balanced" | "quality";
/** The presets of the tile profile, from the fastest to the best. */
export const TILE_PRESETS: readonly TilePreset[] = ["draft", "fast", "balanced", "quality"];
/** Presets of the paper profile: sizes of the published network. */
export type PaperPreset = "s" | "m" | "l";
/** Presets of both profiles. */
export type Preset = TilePreset | PaperPreset;

/** Optimizers of the paper profile. */
export type PaperOptimizer = "schedule-free" | "adam-onecycle";
/** Sampling of the paper profile: without replacement, or with it, so that a step may contain a coordinate twice. */
export type PaperSampling = "without" | "replacement";
/** Losses of the paper profile: mean squared or mean absolute error. */
export type PaperLoss = "mse" | "l1";
/** Hidden matrices of the paper profile: full, a product of two factors, or a sine of such a product. */
export type PaperDecoderKind = "full" | "low-rank" | "sine-low-rank";
/** Noise of the paper profile: pixels become white, black, either of the two, or a random color; "all" mixes all kinds. */
export type PaperNoise = "white" | "black" | "salt-pepper" | "random" | "all";

/** Options of `encode`. All except `input` and `output` have defaults. */
export interface EncodeOptions {
  /** Path of the video. */
  readonly input: string;
  /** Path of the asset to write, ending in ".siedd". An existing file is replaced. */
  readonly output: string;
  /** Default "tile". */
  readonly profile?: "tile" | "paper";
  /** Default "balanced"; "s" in the paper profile. */
  readonly preset?: Preset;
  /** Size of the asset in pixels, 16 to 8192 per side. Default: the size of the video. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Start in seconds, >= 0. Default: the start of the video. */
  readonly from?: number;
  /** End in seconds, > `from`. Default: the end of the video. */
  readonly to?: number;
  /**
   * Video stream to encode: its index among the video streams, from 0. Default: the main one, which is not marked as an
   * image, then marked as default, then the longest, then the largest.
   */
  readonly videoStream?: number;
  /** Training steps per group in phase 2, 1 to 1,000,000. */
  readonly steps?: number;
  /** Training steps per anchor in phase 1, 1 to 1,000,000. */
  readonly phase1Steps?: number;
  /** Points sampled per step, 16 to 65,536: per tile, or per frame in the paper profile (default 1/1024 of its pixels). */
  readonly points?: number;
  /** Width of the tiles' decoders: 4, 8, 12, 16, 24 or 32. Paper profile: width of the network, 4 to 2048. */
  readonly width?: number;
  /** Sine layers per decoder, 1 to 8. */
  readonly hiddenLayers?: number;
  /** Frames per group, 1 to 600. Default: about one second; 20 in the paper profile. */
  readonly groupFrames?: number;
  /**
   * Tile profile: maximum number of groups that the network of a tile covers: 1, 2, 4 or 8, default 8. Tiles that change
   * little share one network over several groups, which takes fewer bytes and less training.
   */
  readonly maxSpan?: number;
  /**
   * Maximum number of anchor groups, 1 to 64, default 8. Paper profile: number of anchor frames, default one per 20
   * frames, at most 8.
   */
  readonly anchors?: number;
  /** How anchors are chosen, or their indices. Default "uniform" (docs/how-it-works.md, "Groups and anchors"). */
  readonly anchorChoice?: AnchorChoice;
  /** Paper profile only. Default "schedule-free". */
  readonly optimizer?: PaperOptimizer;
  /** Paper profile only: learning rate, > 0 and <= 1. Default 1e-4. */
  readonly lr?: number;
  /** Paper profile only: whether points are sampled with replacement. Default "without". */
  readonly sampling?: PaperSampling;
  /** Paper profile only. Default "mse". */
  readonly loss?: PaperLoss;
  /** Paper profile only: path of an asset whose shared encoder is reused instead of training one. */
  readonly sharedEncoder?: string;
  /** Paper profile only: adds noise to one pixel in 41 before training; PSNR is measured without it. Default: no noise. */
  readonly noise?: PaperNoise;
  /** Paper profile only: side of the patch that one network evaluation outputs, 1, 3 or 6 source pixels. Default 1. */
  readonly patch?: number;
  /** Paper profile only: form of a group's hidden matrices. Default "full". */
  readonly decoder?: PaperDecoderKind;
  /** Paper profile only: rank of factored matrices, 1 to half the width. Default: an eighth of the width. */
  readonly rank?: number;
  /** Paper profile only: points sampled per step as a share of the pixels, > 0 and <= 1. Default 1/1024. */
  readonly fraction?: number;
  /** Tile profile only: mean PSNR to aim at, 10 to 60 dB. Met within 0.3 dB, or `onEvent` reports `target-missed`. */
  readonly targetPsnr?: number;
  /**
   * Tile profile only: bits per pixel to aim at, audio excluded, 0.001 to 10. Met within 5 %, or `onEvent` reports
   * `target-missed`.
   */
  readonly targetBpp?: number;
  /**
   * Tile profile only: minimum mean PSNR, 10 to 40 dB. A video below it is trained further with more bits. 0 turns this
   * off. Default: 27 with the presets "balanced" and "quality", unless a target is set or an option overrides a number of
   * the preset; otherwise off.
   */
  readonly minPsnr?: number;
  /**
   * Runs the training steps: the training kernel (tile profile, on the CPU), onnxruntime, or TensorFlow.js, which must be
   * installed. Default "auto": the kernel on the CPU, onnxruntime on a GPU and for the paper profile.
   */
  readonly trainer?: "auto" | TileTrainerName;
  /**
   * Tile profile only: variant of the training kernel. Both give the same bytes. "wide" is faster where V8 can merge vectors
   * into 256 bits (Node.js 24 and later on x64 with AVX2), and slower elsewhere. Default "auto": the faster one, measured
   * once per process.
   */
  readonly kernel?: "auto" | KernelVariant;
  /** Default "auto": the GPU if the CUDA execution provider is installed, else the CPU. */
  readonly device?: Device;
  /**
   * Matrix-multiply precision of onnxruntime during training; everything else is float32. Default "auto": on a GPU a
   * short trial decides and `onEvent` reports the result; float32 on the CPU, which only emulates half precision.
   */
  readonly precision?: "auto" | Precision;
  /** Training threads, 1 to 64. The bytes do not depend on it. Default: one per core. */
  readonly workers?: number;
  /** An integer >= 0. The same seed gives the same bytes on the same machine. */
  readonly seed?: number;
  /** Continues from the checkpoints of an interrupted encode, if there are any. */
  readonly resume?: boolean;
  /**
   * Folder for the checkpoints of this encode alone, which is removed when the encode is done. It must hold nothing else.
   * Checkpoints of the same encode in the default folder are moved here. Default: `<output>.work`.
   */
  readonly workDir?: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: EncodeEvent) => void;
}

/** Options of both profiles, with defaults filled in and values checked. */
export interface CommonOptions {
  /** Absolute path of the video. */
  readonly input: string;
  /** Absolute path of the asset. */
  readonly output: string;
  /** Size of the asset in pixels; undefined: the size of the video. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Index among the video streams; undefined: the main one. */
  readonly videoStream: number | undefined;
  readonly anchorChoice: AnchorChoice;
  readonly device: Device;
  readonly precision: "auto" | Precision;
  readonly workers: number;
  readonly seed: number;
  readonly resume: boolean;
  /** Absolute path. */
  readonly workDir: string;
}

/** Returns the default of the option `workDir`. */
export const defaultWorkDir = (output: string): string => `${output}.work`;

/** Bounds of the options that both profiles share. Each profile has its own defaults. */
export const MAX_STEPS = 1_000_000;
export const MAX_HIDDEN_LAYERS = 8;
export const MAX_GROUP_FRAMES = 600;
export const MAX_ANCHORS = 64;
export const MIN_POINTS = 16;
export const MAX_POINTS = 65_536;

const MAX_WORKERS = 64;
const MAX_VIDEO_STREAM = 999;

/**
 * Resolves the options that do not depend on the profile.
 * @throws EncoderError `bad-option`
 */
export function resolveCommonOptions(options: EncodeOptions): CommonOptions {
  const { size, from, to } = options;
  if (!options.output.endsWith(".siedd"))
    throw invalidOption("output", 'a path that ends in ".siedd"', options.output);
  if (size !== undefined) {
    checkInteger("size", size.width, MIN_SIDE, MAX_SIDE);
    checkInteger("size", size.height, MIN_SIDE, MAX_SIDE);
  }
  if (from !== undefined && !(from >= 0)) throw invalidOption("from", ">= 0 seconds", from);
  if (to !== undefined && !(to > (from ?? 0))) throw invalidOption("to", `> ${from ?? 0} seconds`, to);
  return {
    input: resolve(options.input),
    output: resolve(options.output),
    size,
    from,
    to,
    videoStream: checkInteger("videoStream", options.videoStream, 0, MAX_VIDEO_STREAM),
    anchorChoice: resolveAnchorChoice(options),
    device: checkChoice("device", options.device, ["auto", "cpu", "cuda"]) ?? "auto",
    precision: checkChoice("precision", options.precision, ["auto", "float32", "float16"]) ?? "auto",
    workers:
      checkInteger("workers", options.workers, 1, MAX_WORKERS) ??
      Math.min(MAX_WORKERS, availableParallelism()),
    seed: checkInteger("seed", options.seed, 0, Number.MAX_SAFE_INTEGER) ?? 0,
    resume: options.resume ?? false,
    workDir: resolve(options.workDir ?? defaultWorkDir(options.output)),
  };
}

/** Returns `value`. @throws EncoderError `bad-option` if it is neither undefined nor an integer from `min` to `max` */
export function checkInteger(
  option: keyof EncodeOptions,
  value: number | undefined,
  min: number,
  max: number,
): number | undefined {
  if (value !== undefined && !(Number.isInteger(value) && value >= min && value <= max)) {
    throw invalidOption(option, `an integer from ${min} to ${max}`, value);
  }
  return value;
}

/** Returns `value`. @throws EncoderError `bad-option` if it is neither undefined nor one of `choices` */
export function checkChoice<T extends string | number>(
  option: keyof EncodeOptions,
  value: T | undefined,
  choices: readonly T[],
): T | undefined {
  if (value !== undefined && !choices.includes(value)) {
    throw invalidOption(option, `one of ${choices.join(", ")}`, value);
  }
  return value;
}

/**
 * Checks that the trainer supports the precision: only onnxruntime multiplies in float16.
 * @throws EncoderError `bad-option`
 */
export function checkPrecision({ trainer = "auto", precision }: EncodeOptions): void {
  if (precision !== "float16" || trainer === "auto" || trainer === "onnx") return;
  throw badOption(
    "precision",
    `precision must not be "float16" with \`trainer: "${trainer}"\`, which trains in float32; use \`trainer: "onnx"\``,
  );
}

const ANCHOR_CHOICES: readonly unknown[] = ["uniform", "scenes", "content"];

function resolveAnchorChoice({ anchorChoice = "uniform", anchors }: EncodeOptions): AnchorChoice {
  if (ANCHOR_CHOICES.includes(anchorChoice)) return anchorChoice;
  const isList = Array.isArray(anchorChoice) && anchorChoice.every((i) => Number.isInteger(i) && i >= 0);
  if (!isList || anchorChoice.length < 1 || anchorChoice.length > MAX_ANCHORS) {
    throw invalidOption(
      "anchorChoice",
      `uniform, scenes, content or a list of 1 to ${MAX_ANCHORS} integers >= 0`,
      anchorChoice,
    );
  }
  if (anchors !== undefined) {
    throw badOption("anchors", "anchors and a list for anchorChoice are mutually exclusive; set only one");
  }
  return anchorChoice;
}
