import ffmpeg, { type Encoders } from "fluent-ffmpeg";
import { MediaError } from "../errors.js";
import { ffmpegCommand, ffmpegMissing, fileUrl, quiet, runFfmpeg } from "../ffmpeg/run.js";
import type { ProbeResult } from "../probe/probe.js";
import { rawFrames } from "../read/raw-frames.js";
import { type FrameRange, frameReader } from "../read/timeline.js";

/** A video encoder to compare with, as a ladder uses it: one pass, constant quality, closed groups of pictures. */
export type ConventionalCodec = "x264" | "x265" | "svt-av1";

interface Recipe {
  /** ffmpeg's name of the encoder. */
  readonly encoder: string;
  /** Best and worst constant rate factor. */
  readonly best: number;
  readonly worst: number;
  /** Takes whole rate factors only. */
  readonly whole?: boolean;
  options(groupFrames: number): string[];
}

const RECIPES: Record<ConventionalCodec, Recipe> = {
  x264: {
    encoder: "libx264",
    best: 0,
    worst: 51,
    options: (group) => ["-preset", "medium", "-g", `${group}`, "-x264-params", "open-gop=0"],
  },
  x265: {
    encoder: "libx265",
    best: 0,
    worst: 51,
    options: (group) => [
      ...["-preset", "medium", "-g", `${group}`],
      ...["-x265-params", "open-gop=0:log-level=error", "-tag:v", "hvc1"],
    ],
  },
  "svt-av1": {
    encoder: "libsvtav1",
    best: 1,
    worst: 63,
    whole: true,
    // Preset 6 is the middle of its useful range; refresh type 2 closes the groups.
    options: (group) => ["-preset", "6", "-g", `${group}`, "-svtav1-params", "irefresh-type=2"],
  },
};

/** Seconds between two random-access points at most. */
const GROUP_SECONDS = 2;

/** Constant rate factors of a codec: the best quality and the worst. */
export const rateFactors = (codec: ConventionalCodec): { readonly best: number; readonly worst: number } =>
  RECIPES[codec];

/** @throws MediaError "ffmpeg-missing" where there is no ffmpeg, or none with that encoder. */
export async function requireCodec(codec: ConventionalCodec): Promise<void> {
  const { encoder } = RECIPES[codec];
  const encoders = await new Promise<Encoders>((resolve, reject) => {
    ffmpeg().getAvailableEncoders((error: Error | null, found: Encoders) =>
      error ? reject(ffmpegMissing("ffmpeg", error)) : resolve(found),
    );
  });
  if (encoders[encoder] === undefined) {
    throw new MediaError(
      "ffmpeg-missing",
      `this ffmpeg has no ${encoder}; install one that has, or leave --${codec} out`,
    );
  }
}

export interface ConventionalOptions extends FrameRange {
  readonly codec: ConventionalCodec;
  /** Constant rate factor, see `rateFactors`; SVT-AV1 takes the nearest whole one. */
  readonly rateFactor: number;
  /** Pixels; scaled by area averaging. Odd sides are made even by repeating the last row or column. */
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  /** MP4 to write, without sound. */
  readonly output: string;
  readonly signal?: AbortSignal;
}

/**
 * Encodes frames of a video, the same that `readFrames` gives, as 4:2:0 with 8 bits.
 * @throws MediaError "ffmpeg-missing", "ffmpeg-failed", "disk-full"; the signal's reason when aborted.
 */
export async function encodeConventional(
  path: string,
  info: ProbeResult,
  options: ConventionalOptions,
): Promise<void> {
  const { codec, width, height, output, signal } = options;
  const recipe = RECIPES[codec];
  const { command, filters } = frameReader(path, info, options);
  // Straight to 4:2:0 in the source's own matrix: each detour costs the other codec PSNR that is not its fault.
  const flags = "flags=area+accurate_rnd+full_chroma_int+full_chroma_inp";
  filters.push(`scale=${width}:${height}:${flags}`);
  if (width % 2 !== 0 || height % 2 !== 0) {
    filters.push(
      `format=rgb24,pad=${even(width)}:${even(height)}:0:0`,
      `fillborders=right=${width % 2}:bottom=${height % 2}:mode=smear`,
      `scale=${flags}`,
    );
  }
  filters.push("format=yuv420p");
  const group = Math.max(1, Math.round((GROUP_SECONDS * info.frameRate.num) / info.frameRate.den));
  command
    .outputOptions(["-map", `0:${info.streamIndex}`, "-fps_mode", "passthrough"])
    .outputOptions(["-frames:v", String(options.frameCount), "-c:v", recipe.encoder])
    .outputOptions([
      "-crf",
      String(recipe.whole ? Math.round(options.rateFactor) : options.rateFactor),
      ...recipe.options(group),
    ])
    .outputOptions(["-an", "-sn", "-map_metadata", "-1", "-f", "mp4"])
    .videoFilters(filters)
    .output(fileUrl(output));
  await runFfmpeg(command, { failure: `cannot encode ${path} with ${codec}`, signal });
}

/**
 * The frames of a file of `encodeConventional` as full-range R'G'B', width * height * 3 bytes each, without the
 * repeated row and column of odd sizes. ffmpeg ends when the consumer stops.
 */
export async function* readConventional(
  path: string,
  { width, height, signal }: { width: number; height: number; signal?: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const command = ffmpegCommand()
    .input(fileUrl(path))
    .inputOptions(quiet)
    .outputOptions(["-fps_mode", "passthrough", "-pix_fmt", "rgb24", "-f", "rawvideo"])
    .videoFilters([
      "scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp",
      "format=rgb24",
      `crop=${width}:${height}:0:0`,
    ]);
  yield* rawFrames(command, width * height * 3, `cannot read the frames of ${path}`, signal);
}

const even = (side: number): number => side + (side % 2);
