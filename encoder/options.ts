import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { MAX_SIDE, MIN_SIDE, TILE_WIDTHS } from "../codec/internal.js";
import { EncoderError, invalidOption } from "./errors.js";
import type { EncodeEvent } from "./events.js";
import type { PaperNoise } from "./paper/noise.js";
import type {
  PaperDecoderKind,
  PaperLoss,
  PaperOptimizer,
  PaperPreset,
  PaperSampling,
} from "./paper/options.js";
import type { AnchorChoice } from "./plan/anchors.js";
import type { Target } from "./rate-control/targets.js";
import type { TileTrainerName } from "./training/choose-trainer.js";
import { hasCudaProvider } from "./training/onnx/cuda-provider.js";
import type { Device } from "./training/onnx/onnx-runtime.js";
import type { Precision } from "./training/onnx/precision.js";

/** Points on the curve of time against quality (docs/design.md, "Presets"). */
export type TilePreset = "draft" | "fast" | "balanced" | "quality";
/** Presets of either profile. */
export type Preset = TilePreset | PaperPreset;

/** What `encode` takes; all but `input` and `output` have defaults. */
export interface EncodeOptions {
  /** Path of the video. */
  readonly input: string;
  /** Path of the asset to write; replaced where it exists. */
  readonly output: string;
  /** Default "tile". */
  readonly profile?: "tile" | "paper";
  /** Default "balanced", or "s" in the paper profile. */
  readonly preset?: Preset;
  /** Pixels of the asset, 16 to 8192 a side; default: the video's own size. */
  readonly size?: { readonly width: number; readonly height: number } | undefined;
  /** Seconds; default: the whole video. */
  readonly from?: number;
  readonly to?: number;
  /** Training steps a group in phase 2, 1 to 1,000,000. */
  readonly steps?: number;
  /** Training steps an anchor group in phase 1, 1 to 1,000,000. */
  readonly phase1Steps?: number;
  /** Sampled positions a step, of each tile or of the picture, 16 to 65,536; paper: default 1/1024 of the picture. */
  readonly points?: number;
  /** Width of a tile's decoder: 4, 8, 12, 16, 24 or 32; or of the paper's network, 4 to 2048. */
  readonly width?: number;
  /** Sine layers of a decoder, 1 to 8. */
  readonly hiddenLayers?: number;
  /** Frames a group, 1 to 600; default: about a second, 20 in the paper profile. */
  readonly groupFrames?: number;
  /** Anchor groups at most, 1 to 64; in the paper profile anchor frames, default one a group and at most 8. */
  readonly anchors?: number;
  /** How anchors are chosen, or which they are; default "uniform" (docs/design.md, "Anchors"). */
  readonly anchorChoice?: AnchorChoice;
  /** Paper profile: default "schedule-free". */
  readonly optimizer?: PaperOptimizer;
  /** Paper profile: learning rate, above 0 and at most 1; default 1e-4. */
  readonly lr?: number;
  /** Paper profile: whether a step may draw a coordinate twice; default "without". */
  readonly sampling?: PaperSampling;
  /** Paper profile: default "mse". */
  readonly loss?: PaperLoss;
  /** Paper profile: path of an asset whose shared encoder is taken instead of training one. */
  readonly sharedEncoder?: string;
  /** Paper profile: spoils one pixel in 41 before training, to be measured against the frames without; default: none. */
  readonly noise?: PaperNoise;
  /** Paper profile: source pixels a side that one evaluation gives, 1, 3 or 6; default 1. */
  readonly patch?: number;
  /** Paper profile: whether the hidden matrices of a group are whole or factored; default "full". */
  readonly decoder?: PaperDecoderKind;
  /** Paper profile: rank of factored matrices, 1 to half the width; default an eighth of the width. */
  readonly rank?: number;
  /** Paper profile: coordinates a step as a share of the picture's pixels, above 0 and at most 1; default 1/1024. */
  readonly fraction?: number;
  /** Tile profile: mean PSNR that the video should come to, 10 to 60 dB; met within 0.3 dB, or `onEvent` says. */
  readonly targetPsnr?: number;
  /** Tile profile: bits a pixel, of all but the sound, 0.001 to 10; met within 5 %, or `onEvent` says. */
  readonly targetBpp?: number;
  /**
   * Tile profile: mean PSNR below which a video goes on with more bits, 10 to 40 dB, 0: none. Default: 27 with "balanced"
   * and "quality" where no other number of theirs is replaced and there is no target, else none.
   */
  readonly minPsnr?: number;
  /**
   * What runs the training steps: our own kernel (tile profile, on the processor), onnxruntime, or TensorFlow.js, which
   * must be installed. Default "auto": the kernel on the processor, onnxruntime on a GPU and for the paper profile.
   */
  readonly trainer?: "auto" | TileTrainerName;
  /** Default "auto": the GPU where the CUDA execution provider is there, else the CPU. */
  readonly device?: Device;
  /**
   * What networks multiply in while onnxruntime trains them; the rest is float32 always. Default "auto": a short trial
   * on the GPU decides and `onEvent` says what; float32 on the processor, which has no half precision and imitates it.
   */
  readonly precision?: "auto" | Precision;
  /** Training threads, 1 to 64; the bytes do not depend on it. Default: one a core. */
  readonly workers?: number;
  /** A whole number from 0; the same seed gives the same bytes on the same machine. */
  readonly seed?: number;
  /** Goes on from the checkpoints of an interrupted encode, where there are any. */
  readonly resume?: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: EncodeEvent) => void;
}

/** Numbers that decide what is trained. */
export interface TileTrainingSettings {
  readonly steps: number;
  readonly phase1Steps: number;
  readonly points: number;
  readonly width: number;
  readonly hiddenLayers: number;
  /** Quantization step of the first layer's weights; the others follow from it. */
  readonly quantizer: number;
  /** Squared error of 8-bit samples that may be added to save a nat of the file. */
  readonly lambda: number;
  /** What replaces the numbers above where tiles are large: those of pictures from about 900 pixels on. */
  readonly largeTiles?: { readonly width: number; readonly lambda: number } | undefined;
}

const PRESETS: Record<TilePreset, TileTrainingSettings> = {
  draft: {
    steps: 350,
    phase1Steps: 300,
    points: 256,
    width: 16,
    hiddenLayers: 3,
    quantizer: 2e-3,
    lambda: 8000,
  },
  fast: {
    steps: 1000,
    phase1Steps: 900,
    points: 256,
    width: 16,
    hiddenLayers: 3,
    quantizer: 2e-3,
    lambda: 8000,
  },
  balanced: {
    steps: 3500,
    phase1Steps: 2400,
    points: 256,
    width: 16,
    hiddenLayers: 3,
    quantizer: 2e-3,
    lambda: 4500,
    largeTiles: { width: 24, lambda: 9000 },
  },
  quality: {
    steps: 6000,
    phase1Steps: 3000,
    points: 256,
    width: 24,
    hiddenLayers: 3,
    quantizer: 1.5e-3,
    lambda: 2200,
  },
};

export { invalidOption };

const PAPER_ONLY = {
  "--optimizer": "optimizer",
  "--lr": "lr",
  "--sampling": "sampling",
  "--loss": "loss",
  "--shared-encoder": "sharedEncoder",
  "--noise": "noise",
  "--patch": "patch",
  "--decoder": "decoder",
  "--rank": "rank",
  "--fraction": "fraction",
} as const;

/** Options with every default filled in and every value checked. */
export interface TileOptions {
  readonly input: string;
  readonly output: string;
  readonly size: { readonly width: number; readonly height: number } | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly training: TileTrainingSettings;
  /** Whether the width was asked for: a target then leaves it alone. */
  readonly fixedWidth: boolean;
  readonly groupFrames: number | undefined;
  readonly anchors: number;
  readonly anchorChoice: AnchorChoice;
  readonly target: Target | undefined;
  /** dB; undefined: none. */
  readonly minPsnr: number | undefined;
  readonly trainer: TileTrainerName;
  readonly device: Device;
  readonly precision: "auto" | Precision;
  readonly workers: number;
  readonly seed: number;
  readonly resume: boolean;
}

/** Throws EncoderError `bad-option`, naming the option, the rule and the value. */
export function resolveTileOptions(options: EncodeOptions): TileOptions {
  const preset = PRESETS[(options.preset ?? "balanced") as TilePreset];
  if (preset === undefined)
    throw invalidOption("--preset", `one of ${Object.keys(PRESETS).join(", ")}`, options.preset);
  if ((options.profile ?? "tile") !== "tile")
    throw invalidOption("--profile", "tile or paper", options.profile);
  for (const [name, option] of Object.entries(PAPER_ONLY)) {
    if (options[option] !== undefined)
      throw new EncoderError("bad-option", `${name} is an option of --profile paper alone`);
  }
  const integer = (
    name: string,
    value: number | undefined,
    low: number,
    high: number,
    otherwise: number,
  ): number => {
    if (value === undefined) return otherwise;
    if (!Number.isInteger(value) || value < low || value > high) {
      throw invalidOption(name, `a whole number from ${low} to ${high}`, value);
    }
    return value;
  };
  const width = options.width ?? preset.width;
  const widths = TILE_WIDTHS.filter((candidate) => candidate > 0);
  if (!widths.includes(width)) throw invalidOption("--width", `one of ${widths.join(", ")}`, width);
  if (options.size !== undefined) {
    integer("--size", options.size.width, MIN_SIDE, MAX_SIDE, 0);
    integer("--size", options.size.height, MIN_SIDE, MAX_SIDE, 0);
  }
  const { from, to, trainer = "auto" } = options;
  if (!["auto", "kernel", "onnx", "tfjs"].includes(trainer)) {
    throw invalidOption("--trainer", "auto, kernel, onnx or tfjs", trainer);
  }
  const { device = "auto" } = options;
  if (trainer === "kernel" && device === "cuda") {
    throw new EncoderError(
      "bad-option",
      "--trainer kernel runs on the processor: leave --device cuda out, or take --trainer onnx",
    );
  }
  const { precision = "auto" } = options;
  if (!["auto", "float32", "float16"].includes(precision)) {
    throw invalidOption("--precision", "auto, float32 or float16", precision);
  }
  if (precision === "float16" && trainer !== "auto" && trainer !== "onnx") {
    throw new EncoderError(
      "bad-option",
      `--trainer ${trainer} trains in float32: leave --precision float16 out, or take --trainer onnx`,
    );
  }
  if (from !== undefined && !(from >= 0)) throw invalidOption("--from", "0 seconds or more", from);
  if (to !== undefined && !(to > (from ?? 0)))
    throw invalidOption("--to", `more than ${from ?? 0} seconds`, to);
  return {
    input: resolve(options.input),
    output: resolve(options.output),
    size: options.size,
    from,
    to,
    training: {
      steps: integer("--steps", options.steps, 1, 1_000_000, preset.steps),
      phase1Steps: integer("--phase1-steps", options.phase1Steps, 1, 1_000_000, preset.phase1Steps),
      points: integer("--points", options.points, 16, 65_536, preset.points),
      width,
      hiddenLayers: integer("--hidden-layers", options.hiddenLayers, 1, 8, preset.hiddenLayers),
      quantizer: preset.quantizer,
      lambda: preset.lambda,
      // A width that was asked for holds for pictures of any size.
      largeTiles: options.width === undefined ? preset.largeTiles : undefined,
    },
    fixedWidth: options.width !== undefined,
    groupFrames:
      options.groupFrames === undefined
        ? undefined
        : integer("--group-frames", options.groupFrames, 1, 600, 0),
    anchors: integer("--anchors", options.anchors, 1, 64, 8),
    anchorChoice: anchorChoiceOf(options),
    target: targetOf(options),
    minPsnr: floorOf(options),
    trainer: trainer !== "auto" ? trainer : precision === "float16" ? "onnx" : quickest(device),
    device,
    precision,
    workers: integer("--workers", options.workers, 1, 64, Math.min(64, availableParallelism())),
    seed: integer("--seed", options.seed, 0, Number.MAX_SAFE_INTEGER, 0),
    resume: options.resume ?? false,
  };
}

const ANCHOR_CHOICES: readonly unknown[] = ["uniform", "scenes", "content"];

function anchorChoiceOf({ anchorChoice = "uniform", anchors }: EncodeOptions): AnchorChoice {
  if (ANCHOR_CHOICES.includes(anchorChoice)) return anchorChoice;
  const named = Array.isArray(anchorChoice) && anchorChoice.every((i) => Number.isInteger(i) && i >= 0);
  if (!named || anchorChoice.length < 1 || anchorChoice.length > 64) {
    throw invalidOption(
      "--anchor-choice",
      "uniform, scenes, content or 1 to 64 numbers from 0",
      anchorChoice,
    );
  }
  if (anchors !== undefined) {
    throw new EncoderError(
      "bad-option",
      "--anchors and a list for --anchor-choice exclude each other: choose one",
    );
  }
  return anchorChoice;
}

/** On a GPU onnxruntime, on the processor our own kernel (docs/design.md, "The kernel"). */
function quickest(device: Device): TileTrainerName {
  return device === "cuda" || (device === "auto" && hasCudaProvider()) ? "onnx" : "kernel";
}

/** dB that presets made for watching do not go below. */
const FLOORS: Partial<Record<Preset, number>> = { balanced: 27, quality: 27 };

function floorOf(options: EncodeOptions): number | undefined {
  const { minPsnr, preset = "balanced" } = options;
  const targeted = options.targetPsnr !== undefined || options.targetBpp !== undefined;
  if (minPsnr === 0) return undefined;
  if (minPsnr !== undefined) {
    if (!(minPsnr >= 10 && minPsnr <= 40))
      throw invalidOption("--min-psnr", "0 or from 10 to 40 dB", minPsnr);
    if (!targeted) return minPsnr;
    throw new EncoderError("bad-option", "--min-psnr and a target exclude each other: choose one");
  }
  const { steps, phase1Steps, points, width, hiddenLayers, groupFrames } = options;
  const replaced = [steps, phase1Steps, points, width, hiddenLayers, groupFrames];
  return targeted || replaced.some((number) => number !== undefined) ? undefined : FLOORS[preset];
}

function targetOf({ targetPsnr, targetBpp }: EncodeOptions): Target | undefined {
  if (targetPsnr !== undefined && targetBpp !== undefined) {
    throw new EncoderError("bad-option", "--target-psnr and --target-bpp exclude each other: choose one");
  }
  if (targetPsnr !== undefined) {
    if (!(targetPsnr >= 10 && targetPsnr <= 60))
      throw invalidOption("--target-psnr", "from 10 to 60 dB", targetPsnr);
    return { kind: "psnr", value: targetPsnr };
  }
  if (targetBpp === undefined) return undefined;
  if (!(targetBpp >= 0.001 && targetBpp <= 10)) {
    throw invalidOption("--target-bpp", "from 0.001 to 10 bits a pixel", targetBpp);
  }
  return { kind: "bpp", value: targetBpp };
}
