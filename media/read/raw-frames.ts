import type { FfmpegCommand } from "fluent-ffmpeg";
import { runFfmpeg, stdoutPipe } from "../ffmpeg/run.js";

/**
 * Runs a command that produces raw video and yields its frames of `frameBytes` bytes. ffmpeg waits for a slow consumer
 * and exits when the consumer stops.
 * @param command a command whose output is not set yet
 * @param failure start of the error message if ffmpeg fails
 * @throws MediaError `ffmpeg-missing`, `ffmpeg-failed`; the signal's reason if aborted.
 */
export async function* rawFrames(
  command: FfmpegCommand,
  frameBytes: number,
  failure: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const pixels = stdoutPipe(Math.min(frameBytes, 1 << 22));
  const stopped = new AbortController();
  const runSignal = signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal;
  const run = runFfmpeg(command, { failure, stdout: pixels, signal: runSignal });
  run.catch((error) => pixels.destroy(error instanceof Error ? error : new Error(String(error))));
  try {
    yield* splitFrames(pixels, frameBytes);
    await run;
  } finally {
    stopped.abort();
    pixels.destroy();
    await run.catch(() => {});
  }
}

async function* splitFrames(stream: AsyncIterable<Buffer>, frameBytes: number): AsyncGenerator<Uint8Array> {
  let frame = new Uint8Array(frameBytes);
  let filled = 0;
  for await (const chunk of stream) {
    for (let offset = 0; offset < chunk.length; ) {
      const part = chunk.subarray(offset, offset + frameBytes - filled);
      frame.set(part, filled);
      filled += part.length;
      offset += part.length;
      if (filled === frameBytes) {
        yield frame;
        frame = new Uint8Array(frameBytes);
        filled = 0;
      }
    }
  }
}
