import { extname } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  type Asset,
  chooseEngine,
  DECODER_ENGINES,
  type DecoderEngineChoice,
  fullRegion,
  type Rational,
  type Region,
  type Viewport,
} from "../../codec/internal.js";
import { DecodePool, decodeFrames, type FrameFormat } from "../../decode-pool/index.js";
import { checkWritable, writeMp4, writePng, writeY4m } from "../../media/index.js";
import { CommandError, UsageError } from "../errors.js";
import { type AssetFile, openAssetFile } from "../input/asset-file.js";
import {
  parseFile,
  parseFrameRate,
  parseRegion,
  parseSeconds,
  parseSize,
  type Size,
} from "../input/parsers.js";
import { type Io, print } from "../io.js";
import { formatCount } from "../output/format.js";
import { type FrameRange, trimAudio, trimChapters, trimSubtitles } from "../output/mp4-tracks.js";
import { jsonLine, noProgress, type Progress, showProgress } from "../output/progress.js";

interface DecodeFlags {
  readonly output: Output;
  readonly size?: Size;
  readonly region?: Region;
  readonly from?: number;
  readonly to?: number;
  readonly fps?: Rational;
  readonly raw?: boolean;
  readonly engine: DecoderEngineChoice;
  readonly json?: boolean;
}

type OutputFormat = "mp4" | "y4m" | "yuv" | "png";

interface Output {
  readonly format: OutputFormat;
  /** Undefined for stdout. */
  readonly path: string | undefined;
}

const FRAME_FORMATS: Record<OutputFormat, FrameFormat> = {
  mp4: "i420-709",
  y4m: "i420-601",
  yuv: "i420-601",
  png: "rgba",
};

export function decodeCommand(io: Io): Command {
  return new Command("decode")
    .description("decode an asset to a video or an image, at any size")
    .argument("<asset>", ".siedd file", parseFile)
    .requiredOption(
      "-o, --output <file>",
      "output file: .mp4 (with audio, subtitles and chapters), .y4m, .yuv (raw I420), .png (one frame), or - for y4m on stdout",
      parseOutput,
    )
    .option("--size <WxH>", "output size in pixels (default: the size of the region)", parseSize)
    .option(
      "--region <x,y,w,h>",
      "part of the frame, in source pixels (default: the full frame)",
      parseRegion,
    )
    .option("--from <time>", "start time (default: 0)", parseSeconds)
    .option("--to <time>", "end time (default: the end of the video)", parseSeconds)
    .option(
      "--fps <rate>",
      "output frame rate; new frames are decoded, not repeated (default: the video's frame rate)",
      parseFrameRate,
    )
    .addOption(
      new Option("--engine <name>", "decoder; auto is the faster one for the asset's profile")
        .choices([...DECODER_ENGINES])
        .default("auto"),
    )
    .option("--raw", "with -o -, write raw I420 frames instead of y4m")
    .option("--json", "print progress as JSON lines on stderr, and the result as JSON on stdout")
    .action((path: string, flags: DecodeFlags) => decode(path, flags, io));
}

function parseOutput(text: string): Output {
  if (text === "-") return { format: "y4m", path: undefined };
  const format = extname(text).slice(1).toLowerCase();
  if (format !== "mp4" && format !== "y4m" && format !== "yuv" && format !== "png") {
    throw new InvalidArgumentError("It must end in .mp4, .y4m, .yuv or .png, or be - for y4m on stdout.");
  }
  return { format, path: text };
}

function toRawOutput({ path }: Output): Output {
  if (path !== undefined) {
    throw new UsageError("--raw requires -o -; to write raw frames to a file, use a name that ends in .yuv");
  }
  return { format: "yuv", path };
}

async function decode(path: string, flags: DecodeFlags, io: Io): Promise<void> {
  const { size, json } = flags;
  const output = flags.raw ? toRawOutput(flags.output) : flags.output;
  const file = await openAssetFile(path, io.signal);
  const { asset } = file;
  const viewport = resolveViewport(asset, flags, output);
  const range = output.format === "png" ? firstFrameOf(asset, flags) : frameRange(asset, flags);
  if (output.path !== undefined) await checkWritable(output.path, path);
  const { width, height } = viewport;
  const rounded = size !== undefined && (width !== size.width || height !== size.height);
  if (rounded && !json) {
    io.stderr.write(`Video requires even dimensions: decoding at ${width} x ${height}.\n`);
  }
  const progress = json ? noProgress : showProgress(io);
  const started = performance.now();
  const pool = new DecodePool();
  const damagedGroups = new Map<number, string>();
  try {
    const frames = decodeFrames(pool, file, {
      from: range.first,
      count: range.count,
      rate: flags.fps,
      viewport,
      format: FRAME_FORMATS[output.format],
      engine: chooseEngine(asset.profile, flags.engine),
      signal: io.signal,
      onDamage: (group, error) => damagedGroups.set(group, error.message),
    });
    const reported = reportProgress(frames, range.count, progress, json ? io : undefined);
    await writeOutput(file, output, { viewport, range, frames: reported }, io);
  } finally {
    progress.stop();
    await pool.close();
  }
  if (damagedGroups.size > 0) throw damageError(asset, output, damagedGroups);
  if (output.path === undefined) return;
  const seconds = (performance.now() - started) / 1000;
  const fps = range.count / seconds;
  const result = { output: output.path, frames: range.count, width, height, seconds, fps };
  const summary = `${formatCount(range.count, "frame")} at ${width} x ${height}, ${fps.toFixed(1)} frames per second`;
  await print(io, json ? JSON.stringify(result) : `${output.path}: ${summary}`);
}

/** Passes frames through and reports how many were consumed, also as JSON events on `jsonIo` if given. */
async function* reportProgress(
  frames: AsyncIterable<Uint8Array>,
  count: number,
  progress: Progress,
  jsonIo: Io | undefined,
): AsyncGenerator<Uint8Array> {
  const started = performance.now();
  let written = 0;
  for await (const frame of frames) {
    yield frame;
    written++;
    const done = written / count;
    const remainingSeconds = ((performance.now() - started) / 1000 / written) * (count - written);
    progress.update("decoding", done, remainingSeconds, `${written} of ${count} frames`);
    if (jsonIo) jsonLine(jsonIo, { type: "progress", phase: "decode", done, remainingSeconds });
  }
}

/** Returns the error for damaged groups. The output is complete: their frames repeat the frame before them. */
function damageError(asset: Asset, { path }: Output, groups: ReadonlyMap<number, string>): CommandError {
  const [[index, message]] = groups;
  const { firstFrame, frameCount } = asset.groups[index];
  const others = groups.size - 1;
  const otherGroups =
    others === 0 ? "" : ` and ${formatCount(others, "more group")} ${others === 1 ? "is" : "are"} damaged`;
  const frames = `${firstFrame} to ${firstFrame + frameCount - 1}${others === 0 ? "" : " and more"}`;
  return new CommandError(
    `${asset.name}: ${message}${otherGroups}; frames ${frames} of ${path ?? "the output"} repeat the frame before them; copy or encode the asset again`,
  );
}

/** The decoded frames and what they show. */
interface DecodedVideo {
  readonly viewport: Viewport;
  readonly range: FrameRange;
  readonly frames: AsyncGenerator<Uint8Array>;
}

async function writeOutput(
  { asset }: AssetFile,
  { format, path }: Output,
  { viewport: { width, height }, range, frames }: DecodedVideo,
  io: Io,
): Promise<void> {
  const { signal } = io;
  const frameRate = range.rate;
  if (format === "y4m" || format === "yuv") {
    const headers = format === "y4m";
    await writeY4m({ output: path ?? io.stdout, width, height, frameRate, frames, headers, signal });
  } else if (path === undefined) {
    throw new Error(`${format} cannot be written to stdout`);
  } else if (format === "mp4") {
    // Players downmix the originals themselves.
    const originals = asset.audio.filter(({ downmixOf }) => downmixOf === null);
    const audio = originals.flatMap((track) => trimAudio(asset, track, range, signal) ?? []);
    const tracks = await Promise.all(asset.text.map((track) => trimSubtitles(asset, track, range, signal)));
    const subtitles = tracks.filter(({ cues }) => cues.length > 0);
    const { title, created } = asset.metadata;
    const cover = asset.coverBytes > 0 ? await asset.readCover(signal) : undefined;
    const description = { title, created, cover, chapters: trimChapters(asset, range) };
    await writeMp4({
      ...{ output: path, width, height, frameRate, frames, signal, audio, subtitles },
      ...description,
    });
  } else {
    for await (const rgba of frames) await writePng({ output: path, width, height, rgba, signal });
  }
}

/** Returns the frames between --from and --to. @throws CommandError or UsageError if the range is empty. */
function frameRange(
  asset: Asset,
  { from = 0, to, fps }: { from?: number; to?: number; fps?: Rational },
): FrameRange {
  const { duration } = asset;
  const { num, den } = fps ?? asset.frameRate;
  const rate = num / den;
  const frameCount = fps === undefined ? asset.frameCount : Math.ceil(duration * rate - 1e-6);
  const first = Math.floor(from * rate + 1e-6);
  const end = to === undefined ? frameCount : Math.min(frameCount, Math.ceil(to * rate - 1e-6));
  if (first >= frameCount) {
    throw new CommandError(
      `--from must be before the end of ${asset.name} (${duration.toFixed(2)} s), got ${from} s`,
    );
  }
  if (end <= first) {
    throw new UsageError(`no frames between ${from} s and ${to} s; --to must be after --from`);
  }
  return { first, count: end - first, rate: { num, den } };
}

const firstFrameOf = (asset: Asset, { from, fps }: DecodeFlags): FrameRange => ({
  ...frameRange(asset, { from, fps }),
  count: 1,
});

/** Returns the region and the output size; dimensions are rounded up to even numbers for video. */
function resolveViewport(
  asset: Asset,
  { size, region = fullRegion(asset) }: DecodeFlags,
  { format }: Output,
): Viewport {
  const { x, y, width, height } = region;
  if (x + width > asset.width || y + height > asset.height) {
    throw new CommandError(
      `--region must lie within the frame of ${asset.width} x ${asset.height} pixels, got ${x},${y},${width},${height}`,
    );
  }
  const requested = size ?? {
    width: Math.max(1, Math.round(width)),
    height: Math.max(1, Math.round(height)),
  };
  const even = (side: number) => (format === "png" ? side : side + (side % 2));
  return { region, width: even(requested.width), height: even(requested.height) };
}
