import { MediaError } from "../errors.js";
import type { ProbeResult } from "../probe/probe.js";
import { rawFrames } from "./raw-frames.js";
import type { FrameRange } from "./time-range.js";
import { frameReader } from "./timeline.js";

/** What `readFrames` reads. */
export interface ReadFramesOptions extends FrameRange {
  /** Output width in pixels. Frames are scaled by area averaging. */
  readonly width: number;
  /** Output height in pixels. */
  readonly height: number;
  /** Index of the first frame, from 0 at `from`. */
  readonly firstFrame: number;
  readonly frameCount: number;
  readonly signal?: AbortSignal;
}

/**
 * Yields frames of a video as full-range R'G'B', 8 bits, top row first: width * height * 3 bytes each. Color tags
 * are honored; untagged YUV is read as BT.601, limited range. ffmpeg waits for a slow consumer and exits when the
 * consumer stops.
 * @throws MediaError `no-frames` if the video ends before the last frame, `ffmpeg-missing`, `ffmpeg-failed`; the
 *   signal's reason.
 */
export async function* readFrames(
  path: string,
  info: ProbeResult,
  options: ReadFramesOptions,
): AsyncGenerator<Uint8Array> {
  const { width, height, frameCount } = options;
  if (frameCount <= 0) return;
  const { command, filters } = frameReader(path, info, options);
  filters.push(
    `scale=${width}:${height}:flags=area+accurate_rnd+full_chroma_int+full_chroma_inp`,
    "format=rgb24",
  );
  command
    .outputOptions(["-map", `0:${info.streamIndex}`, "-fps_mode", "passthrough"])
    .outputOptions(["-frames:v", String(frameCount), "-pix_fmt", "rgb24", "-f", "rawvideo"])
    .videoFilters(filters);
  const frames = rawFrames(command, width * height * 3, `cannot read the frames of ${path}`, options.signal);
  let read = 0;
  for await (const frame of frames) {
    read++;
    yield frame;
    if (read === frameCount) return;
  }
  const last = options.firstFrame + frameCount - 1;
  throw new MediaError(
    "no-frames",
    `${path} ends before frame ${last}: read ${read} of ${frameCount} frames, starting at frame ${options.firstFrame}`,
  );
}
