import { MediaError } from "./errors.js";
import type { VideoInfo } from "./probe.js";
import { runFfmpeg, stdoutPipe } from "./run.js";
import { type FrameRange, frameReader } from "./timeline.js";

export interface ReadFramesOptions extends FrameRange {
  /** Size of the frames handed out, in pixels; scaled by area averaging. */
  readonly width: number;
  readonly height: number;
  /** First frame to read, counted from 0 at `from`. */
  readonly firstFrame: number;
  readonly frameCount: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Frames of a video as full-range R'G'B', 8 bits, rows from the top: width * height * 3 bytes each.
 * The source's colour tags are honoured; untagged YUV is read as BT.601, limited range.
 * ffmpeg waits while the consumer works, and ends when it stops.
 * @throws MediaError "no-frames" where the range reaches past the film's end, "ffmpeg-missing", "ffmpeg-failed".
 */
export async function* readFrames(
  path: string,
  info: VideoInfo,
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
  const frameBytes = width * height * 3;
  const pixels = stdoutPipe(Math.min(frameBytes, 1 << 22));
  const stopped = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopped.signal]) : stopped.signal;
  const run = runFfmpeg(command, { failure: `cannot read the frames of ${path}`, stdout: pixels, signal });
  run.catch((error) => pixels.destroy(error instanceof Error ? error : new Error(String(error))));
  let read = 0;
  try {
    for await (const frame of cutIntoFrames(pixels, frameBytes)) {
      read++;
      yield frame;
      if (read === frameCount) break;
    }
    if (read < frameCount) {
      await run;
      const last = options.firstFrame + frameCount - 1;
      throw new MediaError(
        "no-frames",
        `${path} ends before frame ${last}: ${read} of ${frameCount} frames could be read from frame ${options.firstFrame} on`,
      );
    }
  } finally {
    stopped.abort();
    pixels.destroy();
    await run.catch(() => {});
  }
}

async function* cutIntoFrames(stream: AsyncIterable<Buffer>, frameBytes: number): AsyncGenerator<Uint8Array> {
  let frame = new Uint8Array(frameBytes);
  let filled = 0;
  for await (const chunk of stream) {
    for (let taken = 0; taken < chunk.length; ) {
      const part = chunk.subarray(taken, taken + frameBytes - filled);
      frame.set(part, filled);
      filled += part.length;
      taken += part.length;
      if (filled === frameBytes) {
        yield frame;
        frame = new Uint8Array(frameBytes);
        filled = 0;
      }
    }
  }
}
