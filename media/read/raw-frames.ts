import type { FfmpegCommand } from "fluent-ffmpeg";
import { runFfmpeg, stdoutPipe } from "../ffmpeg/run.js";

/**
 * Whole frames of `frameBytes` bytes from a command that has no output yet but writes raw video. ffmpeg waits
 * while the consumer works, and ends when it stops.
 * @param failure the sentence's beginning when ffmpeg fails
 * @throws MediaError "ffmpeg-missing", "ffmpeg-failed"; the signal's reason when aborted.
 */
export async function* rawFrames(
  command: FfmpegCommand,
  frameBytes: number,
  failure: string,
  outer?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const pixels = stdoutPipe(Math.min(frameBytes, 1 << 22));
  const stopped = new AbortController();
  const signal = outer ? AbortSignal.any([outer, stopped.signal]) : stopped.signal;
  const run = runFfmpeg(command, { failure, stdout: pixels, signal });
  run.catch((error) => pixels.destroy(error instanceof Error ? error : new Error(String(error))));
  try {
    yield* cutIntoFrames(pixels, frameBytes);
    await run;
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
