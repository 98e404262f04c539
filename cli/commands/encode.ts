import { rm } from "node:fs/promises";
import { Command, Option } from "commander";
import { MAX_PAPER_WIDTH, MIN_PAPER_WIDTH, PATCHES, TILE_WIDTHS } from "../../codec/internal.js";
import {
  type EncodeEvent,
  type EncodeOptions,
  type EncodePhase,
  EncoderError,
  type EncodeSummary,
  encode,
} from "../../encoder/index.js";
import { TILE_PRESETS } from "../../encoder/options.js";
import { CommandError, UsageError } from "../errors.js";
import { nameFlags } from "../input/flags.js";
import {
  decimal,
  integer,
  oneOf,
  parseAnchorChoice,
  parseFile,
  parseFraction,
  parseLearningRate,
  parseSeconds,
  parseSize,
} from "../input/parsers.js";
import { isPipe, openVideoInput } from "../input/video-input.js";
import { type Io, print } from "../io.js";
import { formatBytes, formatCount, formatDuration } from "../output/format.js";
import { jsonLine, type Progress, showProgress } from "../output/progress.js";
import { batchError, describeBatch, encodeBatch, planBatch } from "./encode-batch.js";

/** Flags of `siedd encode`. All except `json` are encoder options with the same names. */
type EncodeFlags = Omit<EncodeOptions, "input" | "output" | "signal" | "onEvent"> & {
  readonly output: string;
  readonly json?: boolean;
};

const PAPER_PRESETS = ["s", "m", "l"] as const;

const EXAMPLES = `
Examples:
  siedd encode movie.mp4 -o movie.siedd --preset fast
  siedd encode videos/*.mp4 -o assets/
  siedd encode movie.mp4 -o clip.siedd --from 1:30 --to 2:00 --size 640x360 --target-psnr 34`;

export function encodeCommand(io: Io): Command {
  const command = new Command("encode")
    .description("encode videos to .siedd assets")
    .argument(
      "<video...>",
      "videos in any format that ffmpeg reads, folders of videos, or - for standard input",
      (value: string, previous: readonly string[] = []) => [...previous, parseFile(value)],
    );
  addVideoOptions(command);
  addQualityOptions(command);
  addTrainingOptions(command);
  addPaperOptions(command);
  command.addHelpText("after", EXAMPLES);
  return command.action(
    async (inputs: readonly string[], { json = false, output, ...flags }: EncodeFlags) => {
      const items = await planBatch(inputs, output);
      if (items === undefined) {
        const summary = await encodeInput({ ...flags, input: inputs[0], output }, io, json);
        await print(io, json ? JSON.stringify(summary) : describeEncode(output, summary));
        return;
      }
      const encodeOne = (item: EncodeOptions) => encodeInput({ ...flags, ...item }, io, json);
      const results = await encodeBatch(items, encodeOne, io);
      await print(io, json ? JSON.stringify(results) : describeBatch(results));
      const error = batchError(results);
      if (error !== undefined) throw error;
    },
  );
}

/** Encodes a video, or a temporary copy of a pipe, which cannot be resumed. */
async function encodeInput(options: EncodeOptions, io: Io, json: boolean): Promise<EncodeSummary> {
  if (options.resume && (await isPipe(options.input))) {
    throw new UsageError(
      `--resume requires a video file, but ${options.input} is a pipe; save it to a file and choose that file`,
    );
  }
  await using input = await openVideoInput(options.input, io, json);
  try {
    return await encodeWithProgress({ ...options, input: input.path }, io, json);
  } catch (error) {
    const isInterrupted = error instanceof EncoderError && error.code === "interrupted";
    if (!isInterrupted || !input.temporary) throw error;
    await rm(`${options.output}.work`, { recursive: true, force: true });
    throw new CommandError("interrupted; the encode of a pipe cannot be resumed", { cause: error });
  }
}

function addVideoOptions(command: Command): void {
  command
    .requiredOption(
      "-o, --output <asset>",
      "output file, whose name ends in .siedd; a folder for several videos",
    )
    .option("--size <WxH>", "size to encode at, in pixels (default: the video's size)", parseSize)
    .option("--from <time>", "start time (default: 0)", parseSeconds)
    .option("--to <time>", "end time (default: the end of the video)", parseSeconds)
    .option(
      "--video-stream <n>",
      "video stream to encode, counted from 0 (default: the main one)",
      integer(0, 999),
    )
    .option("--resume", "resume an interrupted encode from its checkpoints")
    .option("--json", "print progress as JSON lines on stderr, and the result as JSON on stdout");
}

/** Returns a parser of a PSNR from `min` to `max` dB, or 0. */
const zeroOrPsnr = (min: number, max: number) => (text: string) =>
  /^0+(\.0*)?$/.test(text) ? 0 : decimal(min, max, "dB, or 0")(text);

function addQualityOptions(command: Command): void {
  command
    .addOption(
      new Option(
        "--profile <name>",
        "network: tile (one small network per tile) or paper (the published network)",
      )
        .choices(["tile", "paper"])
        .default("tile"),
    )
    .addOption(
      new Option(
        "--preset <name>",
        "trade-off between speed and quality (default: balanced); paper: width of the network (default: s)",
      ).choices([...TILE_PRESETS, ...PAPER_PRESETS]),
    )
    .optionsGroup("Rate control options:")
    .option("--target-psnr <dB>", "target mean PSNR, 10 to 60 dB; met within 0.3 dB", decimal(10, 60, "dB"))
    .option(
      "--target-bpp <bits>",
      "target bits per pixel without audio, 0.001 to 10; met within 5%",
      decimal(0.001, 10, "bits per pixel"),
    )
    .option(
      "--min-psnr <dB>",
      "minimum mean PSNR, 10 to 40 dB; videos below it get more bits; 0 disables it (default: 27 with balanced and quality)",
      zeroOrPsnr(10, 40),
    );
}

function addTrainingOptions(command: Command): void {
  const widths = TILE_WIDTHS.filter((width) => width > 0);
  command
    .optionsGroup("Expert options:")
    .option("--steps <n>", "training steps per group", integer(1, 1_000_000))
    .option("--phase1-steps <n>", "training steps per anchor group", integer(1, 1_000_000))
    .option(
      "--points <n>",
      "sample points per tile per step; paper: per frame per step (default: 1/1024 of the frame)",
      integer(16, 65536),
    )
    .option(
      "--width <n>",
      `neurons per layer of each tile: ${widths.join(", ")}; paper: ${MIN_PAPER_WIDTH} to ${MAX_PAPER_WIDTH}`,
      integer(MIN_PAPER_WIDTH, MAX_PAPER_WIDTH),
    )
    .option("--hidden-layers <n>", "sine layers per tile; paper: per group", integer(1, 8))
    .option(
      "--group-frames <n>",
      "maximum number of frames per group (default: about one second; paper: 20)",
      integer(1, 600),
    )
    .option(
      "--max-span <n>",
      "maximum number of groups that a tile's network covers: 1, 2, 4 or 8 (default: 8)",
      integer(1, 8),
    )
    .option("--anchors <n>", "maximum number of anchor groups; paper: of anchor frames", integer(1, 64))
    .option(
      "--anchor-choice <method>",
      "uniform (evenly spaced), scenes (middle of each scene), content (most similar to the others), or indices such as 0,7 (default: uniform)",
      parseAnchorChoice,
    )
    .addOption(
      new Option(
        "--trainer <name>",
        "training backend (default: auto; kernel on the CPU, onnx on a GPU and for the paper profile)",
      ).choices(["auto", "kernel", "onnx", "tfjs"]),
    )
    .addOption(
      new Option(
        "--kernel <name>",
        "variant of the training kernel, with the same bytes (default: auto; the faster one on this machine)",
      ).choices(["auto", "plain", "wide"]),
    )
    .addOption(
      new Option("--device <name>", "device to train on (default: auto)").choices(["auto", "cpu", "cuda"]),
    )
    .addOption(
      new Option(
        "--precision <name>",
        "matrix-multiply precision during training, with onnx (default: auto; may choose float16 on a GPU)",
      ).choices(["auto", "float32", "float16"]),
    )
    .option("--workers <n>", "number of groups to train in parallel (default: one per core)", integer(1, 64))
    .option("--seed <n>", "random seed (default: 0)", integer(0, Number.MAX_SAFE_INTEGER));
}

function addPaperOptions(command: Command): void {
  command
    .optionsGroup("Options of --profile paper:")
    .option(
      "--patch <n>",
      "side of the patch that one evaluation of the network outputs, in source pixels: 1, 3 or 6 (default: 1)",
      oneOf(PATCHES),
    )
    .addOption(
      new Option(
        "--decoder <kind>",
        "hidden matrices: full, low-rank (a product of two factors), or the sine of such a product (default: full)",
      ).choices(["full", "low-rank", "sine-low-rank"]),
    )
    .option(
      "--rank <n>",
      "rank of low-rank matrices, 1 to half the width (default: an eighth of the width)",
      integer(1, MAX_PAPER_WIDTH / 2),
    )
    .option(
      "--fraction <ratio>",
      "sample points per step as a fraction of the frame's pixels, such as 1/512 (default: 1/1024)",
      parseFraction,
    )
    .addOption(
      new Option("--optimizer <name>", "optimizer (default: schedule-free)").choices([
        "schedule-free",
        "adam-onecycle",
      ]),
    )
    .option(
      "--lr <rate>",
      "learning rate, or the peak of the one-cycle schedule (default: 1e-4)",
      parseLearningRate,
    )
    .addOption(
      new Option(
        "--sampling <name>",
        "draw sample points without or with replacement (default: without)",
      ).choices(["without", "replacement"]),
    )
    .addOption(
      new Option("--loss <name>", "mean squared error or mean absolute error (default: mse)").choices([
        "mse",
        "l1",
      ]),
    )
    .addOption(
      new Option(
        "--noise <kind>",
        "add noise to one pixel in 41 before training; PSNR is measured against the clean frames",
      ).choices(["white", "black", "salt-pepper", "random", "all"]),
    )
    .option("--shared-encoder <asset>", "use the shared encoder of this asset instead of training one");
}

/** Encodes a video and prints the encoder's events, as JSON lines if `json` is set. */
export async function encodeWithProgress(
  options: EncodeOptions,
  io: Io,
  json: boolean,
): Promise<EncodeSummary> {
  const progress = showProgress(io);
  const onEvent = (event: EncodeEvent): void => {
    if (json) jsonLine(io, event);
    else showEvent(event, progress);
  };
  try {
    return await encode({ ...options, signal: io.signal, onEvent });
  } finally {
    progress.stop();
  }
}

const PHASE_LABELS: Record<EncodePhase, string> = {
  analyze: "analyzing",
  audio: "encoding audio",
  phase1: "training anchors (1/2)",
  phase2: "training groups (2/2)",
  write: "writing",
};

/** @param name of the video, if there are several */
export function showEvent(event: EncodeEvent, progress: Progress, name?: string): void {
  const prefix = name === undefined ? "" : `${name}: `;
  if (event.type === "progress") {
    progress.update(
      `${prefix}${PHASE_LABELS[event.phase]}`,
      event.done,
      event.remainingSeconds,
      event.detail,
    );
  } else if (event.type === "analyzed") {
    const { frames, width, height, scenes, groups } = event;
    const counts = [formatCount(scenes, "scene"), formatCount(groups, "group")].join(", ");
    progress.note(`${prefix}${formatCount(frames, "frame")} of ${width} x ${height}, ${counts}`);
  } else if ("message" in event) {
    progress.note(`${prefix}${nameFlags(event.message)}`);
  }
}

/** Formats the result of an encode as one line. */
export function describeEncode(output: string, summary: EncodeSummary): string {
  const { frames, groups, psnr, bpp, bytes, seconds } = summary;
  return [
    `${output}: ${formatCount(frames, "frame")} in ${formatCount(groups, "group")}`,
    formatBytes(bytes),
    `${psnr.toFixed(1)} dB`,
    `${bpp.toFixed(3)} bits per pixel`,
    `encoded in ${formatDuration(seconds)}`,
  ].join(", ");
}
