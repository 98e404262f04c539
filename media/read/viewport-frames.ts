import { MediaError } from "../errors.js";
import type { ProbeResult } from "../probe/probe.js";
import { rawFrames } from "./raw-frames.js";
import type { FrameRange } from "./time-range.js";
import { frameReader } from "./timeline.js";

/** A rectangle in display pixels. */
interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What `readViewport` reads. */
export interface ReadViewportOptions extends FrameRange {
  /** The part of the frame to read, in display pixels. */
  readonly region: Rectangle;
  /** Output width in pixels; even for I420. */
  readonly width: number;
  /** Output height in pixels; even for I420. */
  readonly height: number;
  /** `i420-709`: planar 4:2:0, BT.709, limited range. `rgba`: full range. */
  readonly format: "i420-709" | "rgba";
  /** Reads only keyframes, which is faster: each frame is then the last keyframe before its time. */
  readonly keyframesOnly?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Yields frames of a video, cropped and scaled. Smaller sizes are scaled by area averaging, larger ones by bicubic
 * interpolation. Color tags are honored as in `readFrames`. ffmpeg waits for a slow consumer and exits when the consumer
 * stops.
 * @throws MediaError `no-frames` if the video ends before the last of `frameCount` frames, `ffmpeg-missing`,
 *   `ffmpeg-failed`; the signal's reason.
 */
export async function* readViewport(
  path: string,
  info: ProbeResult,
  options: ReadViewportOptions,
): AsyncGenerator<Uint8Array> {
  const { width, height, format, frameCount, keyframesOnly, signal } = options;
  const { command, filters: reading } = frameReader(path, info, options);
  // The last keyframe stays on screen until the end of the video.
  const filters = keyframesOnly
    ? reading.flatMap((filter) =>
        filter.startsWith("fps=") ? [filter, "tpad=stop=-1:stop_mode=clone"] : [filter],
      )
    : reading;
  if (keyframesOnly) command.inputOptions(["-skip_frame:v", "nokey"]);
  command
    .outputOptions(["-map", `0:${info.streamIndex}`, "-fps_mode", "passthrough"])
    .outputOptions(["-pix_fmt", format === "rgba" ? "rgba" : "yuv420p", "-f", "rawvideo"])
    .outputOptions(frameCount === undefined ? [] : ["-frames:v", String(frameCount)])
    .videoFilters([...filters, ...viewportFilters(info, options)]);
  const bytes = format === "rgba" ? width * height * 4 : (width * height * 3) / 2;
  let read = 0;
  for await (const frame of rawFrames(command, bytes, `cannot read the frames of ${path}`, signal)) {
    read++;
    yield frame;
    if (read === frameCount) return;
  }
  if (frameCount === undefined) return;
  throw new MediaError(
    "no-frames",
    `${path} ends before frame ${options.firstFrame + frameCount - 1}: read ${read} of ${frameCount} frames, starting at frame ${options.firstFrame}`,
  );
}

/** Returns the filters that crop to the region, scale to the output size and convert the colors. */
function viewportFilters(
  info: ProbeResult,
  { region, width, height, format }: ReadViewportOptions,
): string[] {
  const isFull = region.width === info.width && region.height === info.height;
  const isLarger = width > region.width || height > region.height;
  const isBt601 = format !== "rgba" && isLimitedBt601(info);
  const color = format === "rgba" || isBt601 ? "" : ":out_color_matrix=bt709:out_range=tv";
  const { num, den } = info.pixelAspect;
  return [
    // Regions are in square pixels. Without subsampled chroma, any offset is exact.
    ...(isFull
      ? []
      : [num === den ? "format=yuv444p|gbrp" : `scale=${info.width}:${info.height},format=yuv444p|gbrp`]),
    ...(isFull ? [] : [`crop=${region.width}:${region.height}:${region.x}:${region.y}:exact=1`]),
    `scale=${width}:${height}:flags=${isLarger ? "bicubic" : "area"}+accurate_rnd+full_chroma_int${color}`,
    `format=${format === "rgba" ? "rgba" : "yuv420p"}`,
    ...(isBt601 ? ["colormatrix=bt601:bt709"] : []),
  ];
}

const YUV_FORMAT = /^(yuv4\d\dp|nv\d\d|p\d1\d|yuyv422|uyvy422)/;
const BT601_MATRICES: readonly (string | undefined)[] = [undefined, "bt470bg", "smpte170m"];

/**
 * Returns whether frames are limited-range BT.601, as untagged frames are taken to be. The filter `colormatrix` converts
 * them in a sixteenth of the time that `scale` takes, and differs from it by rounding (54 dB).
 */
const isLimitedBt601 = ({ color, dynamicRange, alpha, pixelFormat }: ProbeResult): boolean =>
  dynamicRange === "sdr" &&
  !alpha &&
  YUV_FORMAT.test(pixelFormat) &&
  BT601_MATRICES.includes(color.matrix) &&
  color.range !== "pc";
