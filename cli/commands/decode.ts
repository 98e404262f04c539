import { extname } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  type Asset,
  type AudioTrack,
  chooseBackend,
  DECODER_BACKENDS,
  type DecoderBackendChoice,
  fullRegion,
  type Rational,
  type Region,
  type TextTrack,
  type Viewport,
} from "../../codec/internal.js";
import { DecodePool, decodeFrames, type FrameFormat } from "../../decode-pool/index.js";
import {
  checkWritable,
  type Mp4Audio,
  type Mp4Subtitles,
  writeMp4,
  writePng,
  writeY4m,
} from "../../media/index.js";
import { CommandError, UsageError } from "../errors.js";
import { openAssetFile } from "../input/asset-file.js";
import {
  count,
  parseFile,
  parseRate,
  parseRegion,
  parseSeconds,
  parseSize,
  type Size,
} from "../input/values.js";
import { type Io, print } from "../io.js";
import { writeAdts } from "../output/adts.js";
import { jsonLine, noProgress, showProgress } from "../output/progress.js";

interface DecodeFlags {
  readonly output: Output;
  readonly size?: Size;
  readonly region?: Region;
  readonly from?: number;
  readonly to?: number;
  readonly fps?: Rational;
  readonly raw?: boolean;
  readonly engine: DecoderBackendChoice;
  readonly json?: boolean;
}

type Kind = "mp4" | "y4m" | "yuv" | "png";
interface Output {
  readonly kind: Kind;
  /** Undefined: stdout. */
  readonly path: string | undefined;
}

const FORMATS: Record<Kind, FrameFormat> = { mp4: "i420-709", y4m: "i420-601", yuv: "i420-601", png: "rgba" };

export function decodeCommand(io: Io): Command {
  return new Command("decode")
    .description("an asset back into a video or a picture, at any size")
    .argument("<asset>", "a .siedd file", parseFile)
    .requiredOption(
      "-o, --output <file>",
      ".mp4 (with sound and subtitles), .y4m, .yuv (rawvideo), .png (one frame), or - for y4m on stdout",
      parseOutput,
    )
    .option("--size <WxH>", "pixels to compute; default: those of the region", parseSize)
    .option("--region <x,y,w,h>", "part of the picture, in source pixels", parseRegion)
    .option("--from <seconds>", "where to begin", parseSeconds)
    .option("--to <seconds>", "where to end", parseSeconds)
    .option("--fps <N>", "frames a second, evaluated in between; default: the video's own", parseRate)
    .addOption(
      new Option(
        "--engine <engine>",
        "what computes the pictures; auto: the faster one for the asset's profile",
      )
        .choices([...DECODER_BACKENDS])
        .default("auto"),
    )
    .option("--raw", "with -o -: rawvideo (I420) on stdout instead of y4m")
    .option("--json", "progress as JSON lines on stderr, the result as JSON on stdout")
    .action((path: string, flags: DecodeFlags) => decode(path, flags, io));
}

function parseOutput(text: string): Output {
  if (text === "-") return { kind: "y4m", path: undefined };
  const kind = extname(text).slice(1).toLowerCase();
  if (kind !== "mp4" && kind !== "y4m" && kind !== "yuv" && kind !== "png") {
    throw new InvalidArgumentError(
      "The name must end in .mp4, .y4m, .yuv or .png, or be - for y4m on stdout.",
    );
  }
  return { kind, path: text };
}

function rawOutput({ path }: Output): Output {
  if (path !== undefined)
    throw new UsageError("--raw is for -o -; a file whose name ends in .yuv is rawvideo without it");
  return { kind: "yuv", path };
}

async function decode(path: string, flags: DecodeFlags, io: Io): Promise<void> {
  const { signal } = io;
  const { json } = flags;
  const output = flags.raw ? rawOutput(flags.output) : flags.output;
  const { asset, source } = await openAssetFile(path, signal);
  const engine = chooseBackend(asset.profile, flags.engine);
  const request = viewportOf(asset, flags);
  const span =
    output.kind === "png"
      ? { ...frameSpan(asset, { ...flags, to: undefined }), count: 1 }
      : frameSpan(asset, flags);
  if (output.path !== undefined) await checkWritable(output.path, path);
  const { width, height } = request;
  const wanted = flags.size;
  if (output.kind !== "png" && wanted && (width !== wanted.width || height !== wanted.height) && !json) {
    io.stderr.write(`Video needs even sides: decoding ${width} x ${height}.\n`);
  }
  const progress = json ? noProgress : showProgress(io);
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const pool = new DecodePool();
  const damaged = new Map<number, string>();
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    let done = 0;
    const format = FORMATS[output.kind];
    for await (const frame of decodeFrames(
      pool,
      { asset, source },
      {
        from: span.first,
        count: span.count,
        rate: flags.fps,
        onDamage: (group, error) => damaged.set(group, error.message),
        request,
        format,
        engine,
        signal,
      },
    )) {
      yield frame;
      done++;
      const remainingSeconds = (seconds() / done) * (span.count - done);
      progress.update("decoding", done / span.count, remainingSeconds, `${done} of ${span.count} frames`);
      if (json)
        jsonLine(io, { type: "progress", phase: "decode", done: done / span.count, remainingSeconds });
    }
  };
  try {
    await write(asset, output, request, span, counted(), io);
  } finally {
    progress.stop();
    await pool.close();
  }
  if (damaged.size > 0) throw damage(asset, output, damaged);
  if (output.path === undefined) return;
  const fps = span.count / seconds();
  const result = { output: output.path, frames: span.count, width, height, seconds: seconds(), fps };
  if (json) print(io, JSON.stringify(result));
  else
    print(
      io,
      `${output.path}: ${count(span.count, "frame")} of ${width} x ${height}, ${fps.toFixed(1)} frames a second`,
    );
}

/** What is still worth having was written: the frame before each damaged group stands in for it. */
function damage(asset: Asset, { path }: Output, groups: ReadonlyMap<number, string>): CommandError {
  const [[index, message]] = groups;
  const { firstFrame, frameCount } = asset.groups[index];
  const more = groups.size - 1;
  const others = more === 0 ? "" : ` and ${count(more, "more group")} ${more === 1 ? "is" : "are"} damaged`;
  return new CommandError(
    `${asset.name}: ${message}${others}; ${path ?? "the output"} repeats the frame before (frames ${firstFrame} to ${firstFrame + frameCount - 1}${more === 0 ? "" : " and more"}); copy or encode it again`,
  );
}

async function write(
  asset: Asset,
  { kind, path }: Output,
  { width, height }: Viewport,
  span: FrameSpan,
  frames: AsyncGenerator<Uint8Array>,
  io: Io,
): Promise<void> {
  const { signal } = io;
  const frameRate = span.rate;
  if (kind === "y4m" || kind === "yuv") {
    const headers = kind === "y4m";
    await writeY4m({ output: path ?? io.stdout, width, height, frameRate, frames, headers, signal });
  } else if (path === undefined) {
    throw new Error(`${kind} cannot go to stdout`);
  } else if (kind === "mp4") {
    const audio = asset.audio.flatMap((track) => audioOf(asset, track, span, signal) ?? []);
    const subtitles = await Promise.all(asset.text.map((track) => subtitlesOf(asset, track, span, signal)));
    const said = subtitles.filter(({ cues }) => cues.length > 0);
    await writeMp4({ output: path, width, height, frameRate, frames, signal, audio, subtitles: said });
  } else {
    for await (const rgba of frames) await writePng({ output: path, width, height, rgba, signal });
  }
}

/** Frames at the rate asked for. */
interface FrameSpan {
  readonly first: number;
  readonly count: number;
  readonly rate: Rational;
}

/** Frames on screen between two times. @throws CommandError where there are none. */
function frameSpan(
  asset: Asset,
  { from = 0, to, fps }: { from?: number; to?: number; fps?: Rational },
): FrameSpan {
  const { duration } = asset;
  const { num, den } = fps ?? asset.frameRate;
  const rate = num / den;
  const frameCount = fps === undefined ? asset.frameCount : Math.ceil(duration * rate - 1e-6);
  const first = Math.floor(from * rate + 1e-6);
  const end = to === undefined ? frameCount : Math.min(frameCount, Math.ceil(to * rate - 1e-6));
  if (first >= frameCount) {
    throw new CommandError(
      `${asset.name} is ${duration.toFixed(2)} s long: there is no frame at ${from} s; choose an earlier --from`,
    );
  }
  if (end <= first)
    throw new UsageError(`there is no frame between ${from} s and ${to} s; --to must come after --from`);
  return { first, count: end - first, rate: { num, den } };
}

function viewportOf(asset: Asset, { output, size, region = fullRegion(asset) }: DecodeFlags): Viewport {
  const { x, y, width, height } = region;
  if (x + width > asset.width || y + height > asset.height) {
    throw new CommandError(
      `the region ${x},${y},${width},${height} reaches beyond the picture, which is ${asset.width} x ${asset.height}`,
    );
  }
  const wanted = size ?? { width: Math.max(1, Math.round(width)), height: Math.max(1, Math.round(height)) };
  const even = (side: number) => (output.kind === "png" ? side : side + (side % 2));
  return { region, width: even(wanted.width), height: even(wanted.height) };
}

/** A track's packets that sound during the frames, one more in front for the decoder to start on. */
function audioOf(
  asset: Asset,
  track: AudioTrack,
  span: FrameSpan,
  signal: AbortSignal,
): Mp4Audio | undefined {
  const { packetDuration, packetCount, priming, sampleRate, language } = track;
  const sampleAt = (frame: number) =>
    Math.round((frame * span.rate.den * sampleRate) / span.rate.num) + priming;
  const start = sampleAt(span.first);
  const first = Math.min(packetCount, Math.max(0, Math.floor(start / packetDuration) - 1));
  const end = Math.min(packetCount, Math.ceil(sampleAt(span.first + span.count) / packetDuration));
  if (end <= first) return undefined;
  const adts = async function* () {
    for (let packet = first; packet < end; packet += PACKETS_AT_ONCE) {
      const count = Math.min(PACKETS_AT_ONCE, end - packet);
      yield writeAdts(track.config, await asset.readAudio(track.index, packet, count, signal));
    }
  };
  return { adts: adts(), delaySamples: start - first * packetDuration, sampleRate, language };
}

/** A track's cues during the frames, cut at their ends. */
async function subtitlesOf(
  asset: Asset,
  { index, language }: TextTrack,
  { first, count, rate }: FrameSpan,
  signal: AbortSignal,
): Promise<Mp4Subtitles> {
  const [start, end] = [first, first + count].map((frame) =>
    Math.round((1000 * frame * rate.den) / rate.num),
  );
  const cues = (await asset.readText(index, signal)).flatMap((cue) => {
    const cut = { ...cue, start: Math.max(cue.start, start) - start, end: Math.min(cue.end, end) - start };
    return cut.end > cut.start ? [cut] : [];
  });
  return { cues, language };
}

/** Packets of sound in memory: a minute's at most. */
const PACKETS_AT_ONCE = 1024;
