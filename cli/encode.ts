import { Command, Option } from "commander";
import { TILE_WIDTHS } from "../codec/index.js";
import { type EncodeEvent, type EncodeOptions, type EncodeSummary, encode } from "../encoder/index.js";
import { type Io, print } from "./io.js";
import { jsonLine, showProgress } from "./progress.js";
import { byteCount, duration, oneOf, parseSeconds, parseSize, whole } from "./values.js";

/** What the command's flags say, in the encoder's own words. */
type EncodeFlags = Omit<EncodeOptions, "input" | "output" | "signal" | "onEvent"> & {
  readonly output: string;
  readonly json?: boolean;
};

const WIDTHS = TILE_WIDTHS.filter((width) => width > 0);
export const PRESETS = ["draft", "fast", "balanced", "quality"] as const;

export function encodeCommand(io: Io): Command {
  return new Command("encode")
    .description("a video into an asset")
    .argument("<video>", "anything ffmpeg reads")
    .requiredOption("-o, --output <asset>", "the .siedd file to write")
    .addOption(new Option("--profile <name>", "the kind of network").choices(["tile"]).default("tile"))
    .addOption(presetOption().default("balanced"))
    .option("--size <WxH>", "pixels to store; default: those of the video", parseSize)
    .option("--from <seconds>", "where to begin", parseSeconds)
    .option("--to <seconds>", "where to end", parseSeconds)
    .option("--steps <n>", "training steps a group", whole(1, 1_000_000))
    .option("--phase1-steps <n>", "training steps an anchor group", whole(1, 1_000_000))
    .option("--points <n>", "points sampled a tile and step", whole(16, 65536))
    .option("--width <n>", `neurons a layer of each tile: ${WIDTHS.join(", ")}`, oneOf(WIDTHS))
    .option("--hidden-layers <n>", "sine layers of each tile", whole(1, 8))
    .option("--group-frames <n>", "frames a group at most; default: about a second", whole(1, 600))
    .option("--anchors <n>", "groups that phase 1 trains on, at most", whole(1, 64))
    .addOption(
      new Option("--trainer <name>", "what runs the training steps").choices(["auto", "onnx", "tfjs"]),
    )
    .addOption(new Option("--device <name>", "where they run").choices(["auto", "cpu", "cuda"]))
    .option("--workers <n>", "groups trained at the same time; default: one a core", whole(1, 64))
    .option("--seed <n>", "seed of all random numbers", whole(0, Number.MAX_SAFE_INTEGER))
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
    } else if (event.type === "analysed") {
      const scenes = event.scenes === 1 ? "one scene" : `${event.scenes} scenes`;
      progress.note(
        `${event.frames} frames of ${event.width} x ${event.height}, ${scenes}, ${event.groups} groups`,
      );
    }
  };
  try {
    return await encode({ ...options, signal: io.signal, onEvent });
  } finally {
    progress.stop();
  }
}

const PHASES: Record<string, string> = {
  analyse: "looking",
  audio: "sound",
  phase1: "learning 1/2",
  phase2: "learning 2/2",
  write: "writing",
};

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

function describeEncode(output: string, summary: EncodeSummary): string {
  const { frames, groups, psnr, bpp, bytes, seconds } = summary;
  return [
    `${output}: ${frames} frames in ${count(groups, "group")}, ${byteCount(bytes)}, ${psnr.toFixed(1)} dB`,
    `${bpp.toFixed(3)} bits a pixel, in ${duration(seconds)}`,
  ].join(", ");
}
