import { type Readable, Writable } from "node:stream";
import ffmpeg, { type Encoders } from "fluent-ffmpeg";
import { MediaError } from "../errors.js";
import { ffmpegCommand, ffmpegMissing, quiet, runFfmpeg } from "../ffmpeg/run.js";
import { ffmpegName, type VideoEncoder } from "./video-encoder.js";

let running = 0;

/** Segment encoders of this process that have not ended: for drains, figures and tests. */
export const runningEncoders = (): number => running;

/**
 * Finds ffmpeg and names its encoders, once, so that the first segment need not wait for it.
 * Rejects with MediaError `ffmpeg-missing` where there is none, or none with libx264, which makes small pictures
 * always, and with `encoder-unavailable` where it has no other that was asked for.
 */
export function prepareEncoder(encoder: VideoEncoder = "x264"): Promise<ReadonlySet<string>> {
  return new Promise((resolve, reject) => {
    ffmpeg().getAvailableEncoders((error: Error | null, encoders: Encoders) => {
      if (error) reject(ffmpegMissing("ffmpeg", error));
      else if (!encoders.libx264)
        reject(new MediaError("ffmpeg-missing", "this ffmpeg has no libx264; install one that has"));
      else if (encoders[ffmpegName(encoder)]) resolve(new Set(Object.keys(encoders)));
      else reject(new MediaError("encoder-unavailable", encoderMissing(encoder)));
    });
  });
}

const encoderMissing = (encoder: VideoEncoder): string =>
  `this ffmpeg has no ${encoder}; install one that was built with it, or choose x264 as the video encoder`;

export interface PipeOptions {
  /** Raw bytes for standard input; destroyed when ffmpeg ends, however it ends. */
  readonly input: Readable;
  readonly inputOptions: readonly string[];
  readonly outputOptions: readonly string[];
  /** The beginning of the sentence when ffmpeg fails. */
  readonly failure: string;
  readonly signal?: AbortSignal;
}

/**
 * Runs ffmpeg from a stream to bytes, without a temporary file. When the promise settles, ffmpeg is gone.
 * Rejects with the signal's reason, with the error of the input stream, or with MediaError.
 */
export async function pipeThroughFfmpeg(options: PipeOptions): Promise<Uint8Array> {
  const { input, signal, failure } = options;
  const chunks: Buffer[] = [];
  // fluent-ffmpeg takes the `close` of an output stream for a reader that went away, and fails a run
  // whose child needs more than 20 ms from there to its exit: so this sink never closes.
  const sink = new Writable({
    autoDestroy: false,
    emitClose: false,
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  const finished = new Promise<void>((resolve) => sink.once("finish", resolve));
  const command = ffmpegCommand()
    .input(input)
    .inputOptions([...quiet, ...options.inputOptions])
    .outputOptions([...options.outputOptions])
    .output(sink);
  running++;
  try {
    await runFfmpeg(command, { failure, stdin: input, signal });
  } finally {
    running--;
  }
  // The child has ended, its last bytes may still be on their way into the sink.
  await finished;
  return Buffer.concat(chunks);
}
