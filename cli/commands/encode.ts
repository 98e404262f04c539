import { Command, Option } from "commander";
import { MAX_PAPER_WIDTH, MIN_PAPER_WIDTH, PATCHES, TILE_WIDTHS } from "../../codec/internal.js";
import { type EncodeEvent, type EncodeOptions, type EncodeSummary, encode } from "../../encoder/index.js";
import {
  byteCount,
  count,
  duration,
  integer,
  oneOf,
  parseAnchorChoice,
  parseFile,
  parseFraction,
  parseLearningRate,
  parseSeconds,
  parseSize,
  within,
} from "../input/values.js";
import { type Io, print } from "../io.js";
import { jsonLine, showProgress } from "../output/progress.js";

/** What the command's flags say, in the encoder's own words. */
type EncodeFlags = Omit<EncodeOptions, "input" | "output" | "signal" | "onEvent"> & {
  readonly output: string;
  readonly json?: boolean;
};

/** 0, or a PSNR within bounds. */
const floorWithin = (low: number, high: number) => (text: string) =>
  /^0+(\.0*)?$/.test(text) ? 0 : within(low, high, "dB, or 0")(text);

const WIDTHS = TILE_WIDTHS.filter((width) => width > 0);
export const PRESETS = ["draft", "fast", "balanced", "quality"] as const;
const PAPER_PRESETS = ["s", "m", "l"] as const;

export function encodeCommand(io: Io): Command {
  return new Command("encode")
    .description("a video into an asset")
    .argument("<video>", "anything ffmpeg reads", parseFile)
    .requiredOption("-o, --output <asset>", "the .siedd file to write")
    .addOption(
      new Option("--profile <name>", "the kind of network").choices(["tile", "paper"]).default("tile"),
    )
    .addOption(
      new Option(
        "--preset <name>",
        "how much training: speed against quality; default: balanced; with --profile paper how wide, default: s",
      ).choices([...PRESETS, ...PAPER_PRESETS]),
    )
    .option("--size <WxH>", "pixels to store; default: those of the video", parseSize)
    .option("--from <seconds>", "where to begin", parseSeconds)
    .option("--to <seconds>", "where to end", parseSeconds)
    .option("--steps <n>", "training steps a group", integer(1, 1_000_000))
    .option("--phase1-steps <n>", "training steps an anchor group", integer(1, 1_000_000))
    .option(
      "--points <n>",
      "points sampled a tile and step; paper: of the picture a step, default: 1/1024",
      integer(16, 65536),
    )
    .option(
      "--width <n>",
      `neurons a layer of each tile: ${WIDTHS.join(", ")}; paper: ${MIN_PAPER_WIDTH} to ${MAX_PAPER_WIDTH}`,
      integer(MIN_PAPER_WIDTH, MAX_PAPER_WIDTH),
    )
    .option(
      "--patch <n>",
      "paper: source pixels a side that one evaluation gives: 1, 3 or 6; default: 1",
      oneOf(PATCHES),
    )
    .addOption(
      new Option(
        "--decoder <kind>",
        "paper: hidden matrices that are whole, products of two factors, or a sine about such a product; default: full",
      ).choices(["full", "low-rank", "sine-low-rank"]),
    )
    .option(
      "--rank <n>",
      "paper: columns of each factor, 1 to half the width; default: an eighth of the width",
      integer(1, MAX_PAPER_WIDTH / 2),
    )
    .option(
      "--fraction <share>",
      "paper: points a step as a share of the picture's pixels, such as 1/512; default: 1/1024",
      parseFraction,
    )
    .option("--hidden-layers <n>", "sine layers of each tile, or of each group's stack", integer(1, 8))
    .option(
      "--group-frames <n>",
      "frames a group at most; default: about a second; paper: 20",
      integer(1, 600),
    )
    .option("--anchors <n>", "groups that phase 1 trains on, at most; paper: frames", integer(1, 64))
    .option(
      "--anchor-choice <how>",
      "uniform (evenly spaced), scenes (in their middle), content (most like the others), or numbers: 0,7",
      parseAnchorChoice,
    )
    .addOption(
      new Option("--optimizer <name>", "paper: how it descends; default: schedule-free").choices([
        "schedule-free",
        "adam-onecycle",
      ]),
    )
    .option(
      "--lr <rate>",
      "paper: learning rate, or the peak of the cycle; default: 0.0001",
      parseLearningRate,
    )
    .addOption(
      new Option(
        "--sampling <name>",
        "paper: whether a step may draw a point twice (replacement); default: without",
      ).choices(["without", "replacement"]),
    )
    .addOption(
      new Option("--loss <name>", "paper: mean of squared or absolute errors; default: mse").choices([
        "mse",
        "l1",
      ]),
    )
    .option(
      "--shared-encoder <asset>",
      "paper: take the shared encoder of this asset instead of training one",
    )
    .option(
      "--target-psnr <dB>",
      "quality that the whole video should come to, within 0.3 dB",
      within(10, 60, "dB"),
    )
    .option(
      "--target-bpp <bits>",
      "bits a pixel that the picture should take, within 5 %",
      within(0.001, 10, "bits a pixel"),
    )
    .option(
      "--min-psnr <dB>",
      "quality below which a video goes on with more bits, 10 to 40 dB, 0: none; default: 27 with balanced and quality",
      floorWithin(10, 40),
    )
    .addOption(
      new Option(
        "--noise <kind>",
        "paper: spoil one pixel in 41 before training, and measure against the frames without",
      ).choices(["white", "black", "salt-pepper", "random", "all"]),
    )
    .addOption(
      new Option(
        "--trainer <name>",
        "what runs the training steps; default: on the processor our own kernel, on a GPU onnx",
      ).choices(["auto", "kernel", "onnx", "tfjs"]),
    )
    .addOption(new Option("--device <name>", "where they run").choices(["auto", "cpu", "cuda"]))
    .addOption(
      new Option(
        "--precision <name>",
        "onnx: what networks multiply in while they train; default: auto, which tries half precision on a GPU",
      ).choices(["auto", "float32", "float16"]),
    )
    .option("--workers <n>", "groups trained at the same time; default: one a core", integer(1, 64))
    .option("--seed <n>", "seed of all random numbers", integer(0, Number.MAX_SAFE_INTEGER))
    .option("--resume", "go on where an interrupted encode stopped")
    .option("--json", "progress as JSON lines on stderr, the result as JSON on stdout")
    .action(async (input: string, { json, output, ...flags }: EncodeFlags) => {
      const summary = await encodeWithProgress({ ...flags, input, output }, io, json ?? false);
      print(io, json ? JSON.stringify(summary) : describeEncode(output, summary));
    });
}

export const presetOption = (): Option =>
  new Option("--preset <name>", "how much training: speed against quality").choices(PRESETS);

/** Encodes and renders the encoder's events. */
export async function encodeWithProgress(
  options: EncodeOptions,
  io: Io,
  json: boolean,
): Promise<EncodeSummary> {
  const progress = showProgress(io);
  const onEvent = (event: EncodeEvent): void => {
    if (json) jsonLine(io, event);
    else if (event.type === "progress") {
      progress.update(PHASES[event.phase] ?? event.phase, event.done, event.remainingSeconds, event.detail);
    } else if (event.type === "analyzed") {
      const scenes = event.scenes === 1 ? "one scene" : `${event.scenes} scenes`;
      progress.note(
        `${count(event.frames, "frame")} of ${event.width} x ${event.height}, ${scenes}, ${count(event.groups, "group")}`,
      );
    } else if ("message" in event) progress.note(event.message);
  };
  try {
    return await encode({ ...options, signal: io.signal, onEvent });
  } finally {
    progress.stop();
  }
}

const PHASES: Record<string, string> = {
  analyze: "looking",
  audio: "sound",
  phase1: "learning 1/2",
  phase2: "learning 2/2",
  write: "writing",
};

function describeEncode(output: string, summary: EncodeSummary): string {
  const { frames, groups, psnr, bpp, bytes, seconds } = summary;
  return [
    `${output}: ${count(frames, "frame")} in ${count(groups, "group")}, ${byteCount(bytes)}, ${psnr.toFixed(1)} dB`,
    `${bpp.toFixed(3)} bits a pixel, in ${duration(seconds)}`,
  ].join(", ");
}
