import ffmpeg, { type Encoders } from "fluent-ffmpeg";
import { MediaError } from "../errors.js";
import { BASE_OPTIONS, ffmpegCommand, ffmpegMissing, fileUrl, runFfmpeg } from "../ffmpeg/run.js";
import type { ProbeResult } from "../probe/probe.js";
import { rawFrames } from "../read/raw-frames.js";
import type { FrameRange } from "../read/time-range.js";
import { frameReader } from "../read/timeline.js";

/** A conventional video encoder to compare with. Configured as for an ABR ladder: one pass, constant quality, closed GOPs. */
export type ConventionalCodec = "x264" | "x265" | "svt-av1";

interface Recipe {
  /** ffmpeg's name of the encoder. */
  readonly encoder: string;
  /** Constant rate factor of the best quality. */
  readonly best: number;
  /** Constant rate factor of the worst quality. */
  readonly worst: number;
  /** Whether rate factors must be integers. */
  readonly integerFactors?: boolean;
  /** Returns the encoder's options for GOPs of `gopFrames` frames. */
  options(gopFrames: number): string[];
}

const RECIPES: Record<ConventionalCodec, Recipe> = {
  x264: {
    encoder: "libx264",
    best: 0,
    worst: 51,
    options: (gop) => ["-preset", "medium", "-g", `${gop}`, "-x264-params", "open-gop=0"],
  },
  x265: {
    encoder: "libx265",
    best: 0,
    worst: 51,
    options: (gop) => [
      ...["-preset", "medium", "-g", `${gop}`],
      ...["-x265-params", "open-gop=0:log-level=error", "-tag:v", "hvc1"],
    ],
  },
  "svt-av1": {
    encoder: "libsvtav1",
    best: 1,
    worst: 63,
    integerFactors: true,
    // Preset 6 is the middle of the useful range; irefresh-type 2 makes GOPs closed.
    options: (gop) => ["-preset", "6", "-g", `${gop}`, "-svtav1-params", "irefresh-type=2"],
  },
};

/** Maximum seconds between two keyframes. */
const GOP_SECONDS = 2;

/** Returns the constant rate factors of a codec for the best and the worst quality. */
export const rateFactors = (codec: ConventionalCodec): { readonly best: number; readonly worst: number } =>
  RECIPES[codec];

/** @throws MediaError `ffmpeg-missing` if ffmpeg is missing or lacks the encoder. */
export async function requireCodec(codec: ConventionalCodec): Promise<void> {
  const { encoder } = RECIPES[codec];
  const encoders = await new Promise<Encoders>((resolve, reject) => {
    ffmpeg().getAvailableEncoders((error: Error | null, available: Encoders) =>
      error ? reject(ffmpegMissing("ffmpeg", error)) : resolve(available),
    );
  });
  if (encoders[encoder] === undefined) {
    throw new MediaError(
      "ffmpeg-missing",
      `this ffmpeg has no ${encoder}; install one that was built with it, or leave out the comparison with ${codec}`,
    );
  }
}

/** What `encodeConventional` encodes. */
export interface ConventionalOptions extends FrameRange {
  readonly codec: ConventionalCodec;
  /** Constant rate factor, see `rateFactors`. Rounded for SVT-AV1. */
  readonly rateFactor: number;
  /** Pixels. Frames are scaled by area averaging. An odd width is padded by repeating the last column. */
  readonly width: number;
  /** Pixels. An odd height is padded by repeating the last row. */
  readonly height: number;
  readonly frameCount: number;
  /** MP4 to write, without audio. */
  readonly output: string;
  readonly signal?: AbortSignal;
}

/**
 * Encodes frames of a video, the same that `readFrames` yields, as 8-bit 4:2:0.
 * @throws MediaError `ffmpeg-missing`, `ffmpeg-failed`, `disk-full`; the signal's reason if aborted.
 */
export async function encodeConventional(
  path: string,
  info: ProbeResult,
  options: ConventionalOptions,
): Promise<void> {
  const { codec, width, height, output, signal } = options;
  const recipe = RECIPES[codec];
  const { command, filters } = frameReader(path, info, options);
  // Directly to 4:2:0 in the source's matrix: each further conversion would cost PSNR that is not the codec's fault.
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
  const gopFrames = Math.max(1, Math.round((GOP_SECONDS * info.frameRate.num) / info.frameRate.den));
  command
    .outputOptions(["-map", `0:${info.streamIndex}`, "-fps_mode", "passthrough"])
    .outputOptions(["-frames:v", String(options.frameCount), "-c:v", recipe.encoder])
    .outputOptions([
      "-crf",
      String(recipe.integerFactors ? Math.round(options.rateFactor) : options.rateFactor),
      ...recipe.options(gopFrames),
    ])
    .outputOptions(["-an", "-sn", "-map_metadata", "-1", "-f", "mp4"])
    .videoFilters(filters)
    .output(fileUrl(output));
  await runFfmpeg(command, { failure: `cannot encode ${path} with ${codec}`, signal });
}

/**
 * Yields the frames of a file written by `encodeConventional` as full-range R'G'B', width * height * 3 bytes each,
 * without the padding of odd sizes. ffmpeg exits when the consumer stops.
 * @throws MediaError `ffmpeg-missing`, `ffmpeg-failed`; the signal's reason if aborted.
 */
export async function* readConventional(
  path: string,
  { width, height, signal }: { width: number; height: number; signal?: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const command = ffmpegCommand()
    .input(fileUrl(path))
    .inputOptions(BASE_OPTIONS)
    .outputOptions(["-fps_mode", "passthrough", "-pix_fmt", "rgb24", "-f", "rawvideo"])
    .videoFilters([
      "scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp",
      "format=rgb24",
      `crop=${width}:${height}:0:0`,
    ]);
  yield* rawFrames(command, width * height * 3, `cannot read the frames of ${path}`, signal);
}

const even = (side: number): number => side + (side % 2);
