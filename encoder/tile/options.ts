import { TILE_WIDTHS } from "../../codec/internal.js";
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
  resolveCommonOptions,
  type TilePreset,
} from "../options.js";
import type { TileTrainingSettings } from "../plan/tile-grid.js";
import type { Target } from "../rate-control/targets.js";
import type { TileTrainerName } from "../training/create-trainer.js";
import type { KernelVariant } from "../training/kernel/kernel.js";
import { hasCudaProvider } from "../training/onnx/cuda-provider.js";

/** Options of the tile profile, with defaults filled in and values checked. */
export interface TileOptions extends CommonOptions {
  readonly profile: "tile";
  readonly trainer: TileTrainerName;
  readonly kernel: "auto" | KernelVariant;
  /** Settings of the preset, overridden by options. */
  readonly training: TileTrainingSettings;
  /** Whether the option `width` is set. Targets then keep this width. */
  readonly fixedWidth: boolean;
  /** Frames per group; undefined: about one second. */
  readonly groupFrames: number | undefined;
  /** Maximum number of groups that a tile's network covers. */
  readonly maxSpan: number;
  /** Maximum number of anchor groups. */
  readonly anchors: number;
  readonly target: Target | undefined;
  /** Minimum mean PSNR in dB; undefined: off. */
  readonly minPsnr: number | undefined;
}

const PRESETS: Record<TilePreset, TileTrainingSettings> = {
  draft: {
    steps: 350,
    phase1Steps: 300,
    points: 256,
    width: 16,
    hiddenLayers: 3,
    quantizationStep: 2e-3,
    lambda: 8000,
  },
  fast: {
    steps: 1000,
    phase1Steps: 900,
    points: 256,
    width: 16,
    hiddenLayers: 3,
    quantizationStep: 2e-3,
    lambda: 8000,
  },
  balanced: {
    steps: 3500,
    phase1Steps: 2400,
    points: 256,
    width: 16,
    hiddenLayers: 3,
    quantizationStep: 2e-3,
    lambda: 4500,
    largeTiles: { width: 24, lambda: 9000 },
  },
  quality: {
    steps: 6000,
    phase1Steps: 3000,
    points: 256,
    width: 24,
    hiddenLayers: 3,
    quantizationStep: 1.5e-3,
    lambda: 2200,
  },
};

const DEFAULT_ANCHORS = 8;
const MAX_SPANS = [1, 2, 4, 8];
const DEFAULT_MAX_SPAN = 8;

const PAPER_ONLY = [
  "optimizer",
  "lr",
  "sampling",
  "loss",
  "sharedEncoder",
  "noise",
  "patch",
  "decoder",
  "rank",
  "fraction",
] as const satisfies readonly (keyof EncodeOptions)[];

/**
 * Resolves the options of the tile profile.
 * @throws EncoderError `bad-option`
 */
export function resolveTileOptions(options: EncodeOptions): TileOptions {
  const preset = PRESETS[(options.preset ?? "balanced") as TilePreset];
  if (preset === undefined)
    throw invalidOption("preset", `one of ${Object.keys(PRESETS).join(", ")}`, options.preset);
  for (const option of PAPER_ONLY) {
    if (options[option] !== undefined) throw badOption(option, `${option} requires \`profile: "paper"\``);
  }
  const common = resolveCommonOptions(options);
  const trainer = resolveTrainer(options);
  return {
    ...common,
    profile: "tile",
    trainer,
    kernel: resolveKernel(options, trainer),
    training: resolveTraining(options, preset),
    fixedWidth: options.width !== undefined,
    groupFrames: checkInteger("groupFrames", options.groupFrames, 1, MAX_GROUP_FRAMES),
    maxSpan: checkChoice("maxSpan", options.maxSpan, MAX_SPANS) ?? DEFAULT_MAX_SPAN,
    anchors: checkInteger("anchors", options.anchors, 1, MAX_ANCHORS) ?? DEFAULT_ANCHORS,
    target: resolveTarget(options),
    minPsnr: resolveMinPsnr(options),
  };
}

function resolveTraining(options: EncodeOptions, preset: TileTrainingSettings): TileTrainingSettings {
  const widths = TILE_WIDTHS.filter((width) => width > 0);
  return {
    steps: checkInteger("steps", options.steps, 1, MAX_STEPS) ?? preset.steps,
    phase1Steps: checkInteger("phase1Steps", options.phase1Steps, 1, MAX_STEPS) ?? preset.phase1Steps,
    points: checkInteger("points", options.points, MIN_POINTS, MAX_POINTS) ?? preset.points,
    width: checkChoice("width", options.width, widths) ?? preset.width,
    hiddenLayers:
      checkInteger("hiddenLayers", options.hiddenLayers, 1, MAX_HIDDEN_LAYERS) ?? preset.hiddenLayers,
    quantizationStep: preset.quantizationStep,
    lambda: preset.lambda,
    // An explicit width applies to tiles of any size.
    largeTiles: options.width === undefined ? preset.largeTiles : undefined,
  };
}

/** Resolves "auto" to onnxruntime on a GPU and for float16, otherwise to the kernel (docs/how-it-works.md, "Trainers"). */
function resolveTrainer(options: EncodeOptions): TileTrainerName {
  const trainer = checkChoice("trainer", options.trainer, ["auto", "kernel", "onnx", "tfjs"]) ?? "auto";
  const { device = "auto", precision } = options;
  if (trainer === "kernel" && device === "cuda") {
    throw badOption(
      "trainer",
      'trainer must not be "kernel" with `device: "cuda"`: the kernel runs on the CPU; use `trainer: "onnx"`',
    );
  }
  checkPrecision(options);
  if (trainer !== "auto") return trainer;
  const onGpu = device === "cuda" || (device === "auto" && hasCudaProvider());
  return onGpu || precision === "float16" ? "onnx" : "kernel";
}

function resolveKernel({ kernel }: EncodeOptions, trainer: TileTrainerName): "auto" | KernelVariant {
  const variant = checkChoice("kernel", kernel, ["auto", "plain", "wide"]) ?? "auto";
  if (variant !== "auto" && trainer !== "kernel")
    throw badOption("kernel", 'kernel requires `trainer: "kernel"`, which trains on the CPU');
  return variant;
}

/** Default `minPsnr` in dB of the presets for final encodes. The other presets have none. */
const DEFAULT_MIN_PSNR: Partial<Record<TilePreset, number>> = { balanced: 27, quality: 27 };

function resolveMinPsnr(options: EncodeOptions): number | undefined {
  const { minPsnr, preset = "balanced", targetPsnr, targetBpp } = options;
  const hasTarget = targetPsnr !== undefined || targetBpp !== undefined;
  if (minPsnr === 0) return undefined;
  if (minPsnr !== undefined) {
    if (!(minPsnr >= 10 && minPsnr <= 40)) throw invalidOption("minPsnr", "0 or from 10 to 40 dB", minPsnr);
    if (!hasTarget) return minPsnr;
    throw badOption(
      "minPsnr",
      "minPsnr and a target (targetPsnr or targetBpp) are mutually exclusive; set only one",
    );
  }
  const { steps, phase1Steps, points, width, hiddenLayers, groupFrames } = options;
  const overrides = [steps, phase1Steps, points, width, hiddenLayers, groupFrames];
  if (hasTarget || overrides.some((value) => value !== undefined)) return undefined;
  return DEFAULT_MIN_PSNR[preset as TilePreset];
}

function resolveTarget({ targetPsnr, targetBpp }: EncodeOptions): Target | undefined {
  if (targetPsnr !== undefined && targetBpp !== undefined) {
    throw badOption("targetBpp", "targetPsnr and targetBpp are mutually exclusive; set only one");
  }
  if (targetPsnr !== undefined) {
    if (!(targetPsnr >= 10 && targetPsnr <= 60))
      throw invalidOption("targetPsnr", "from 10 to 60 dB", targetPsnr);
    return { kind: "psnr", value: targetPsnr };
  }
  if (targetBpp === undefined) return undefined;
  if (!(targetBpp >= 0.001 && targetBpp <= 10)) {
    throw invalidOption("targetBpp", "from 0.001 to 10 bits per pixel", targetBpp);
  }
  return { kind: "bpp", value: targetBpp };
}
