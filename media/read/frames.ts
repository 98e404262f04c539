import { MediaError } from "../errors.js";
import type { ProbeResult } from "../probe/probe.js";
import { rawFrames } from "./raw-frames.js";
import { type FrameRange, frameReader } from "./timeline.js";

export interface ReadFramesOptions extends FrameRange {
  /** Size of the frames handed out, in pixels; scaled by area averaging. */
  readonly width: number;
  readonly height: number;
  /** First frame to read, counted from 0 at `from`. */
  readonly firstFrame: number;
  readonly frameCount: number;
  readonly signal?: AbortSignal;
}

/**
 * Frames of a video as full-range R'G'B', 8 bits, rows from the top: width * height * 3 bytes each.
 * The source's color tags are honored; untagged YUV is read as BT.601, limited range.
 * ffmpeg waits while the consumer works, and ends when it stops.
 * @throws MediaError "no-frames" where the range reaches past the video's end, "ffmpeg-missing", "ffmpeg-failed".
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
    `${path} ends before frame ${last}: ${read} of ${frameCount} frames could be read from frame ${options.firstFrame} on`,
  );
}
