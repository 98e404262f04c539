import { type Readable, Writable } from "node:stream";
import ffmpeg, { type Encoders } from "fluent-ffmpeg";
import { MediaError } from "../errors.js";
import { BASE_OPTIONS, ffmpegCommand, ffmpegMissing, runFfmpeg } from "../ffmpeg/run.js";
import { ffmpegName, type VideoEncoder } from "./video-encoder.js";

let running = 0;

/** Returns the number of running segment encoders in this process, for shutdown, metrics and tests. */
export const runningEncoders = (): number => running;

/**
 * Locates ffmpeg and lists its encoders ahead of time, so that the first segment does not wait for that.
 * @returns ffmpeg's names of its encoders
 * @throws MediaError `ffmpeg-missing` if ffmpeg is missing or lacks libx264, which always encodes small frames;
 *   `encoder-unavailable` if ffmpeg lacks `encoder`.
 */
export function prepareEncoder(encoder: VideoEncoder = "x264"): Promise<ReadonlySet<string>> {
  return new Promise((resolve, reject) => {
    ffmpeg().getAvailableEncoders((error: Error | null, encoders: Encoders) => {
      if (error) reject(ffmpegMissing("ffmpeg", error));
      else if (!encoders.libx264)
        reject(new MediaError("ffmpeg-missing", "this ffmpeg has no libx264; install one with libx264"));
      else if (encoders[ffmpegName(encoder)]) resolve(new Set(Object.keys(encoders)));
      else reject(new MediaError("encoder-unavailable", encoderMissing(encoder)));
    });
  });
}

const encoderMissing = (encoder: VideoEncoder): string =>
  `this ffmpeg has no ${encoder}; install one that was built with it, or choose x264`;

/** Options of `pipeThroughFfmpeg`. */
export interface PipeOptions {
  /** Bytes for stdin. Destroyed when ffmpeg exits. */
  readonly input: Readable;
  readonly inputOptions: readonly string[];
  readonly outputOptions: readonly string[];
  /** Start of the error message if ffmpeg fails. */
  readonly failure: string;
  readonly signal?: AbortSignal;
}

/**
 * Pipes a stream through ffmpeg and resolves to its output, without a temporary file. When the promise settles, ffmpeg
 * has exited.
 * @throws MediaError; the signal's reason; the error of the input stream.
 */
export async function pipeThroughFfmpeg(options: PipeOptions): Promise<Uint8Array> {
  const { input, signal, failure } = options;
  const chunks: Buffer[] = [];
  // Never emits "close", for the reason that `stdoutPipe` states.
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
    .inputOptions([...BASE_OPTIONS, ...options.inputOptions])
    .outputOptions([...options.outputOptions])
    .output(sink);
  running++;
  try {
    await runFfmpeg(command, { failure, stdin: input, signal });
  } finally {
    running--;
  }
  // ffmpeg has exited, but its last bytes may not have reached the sink yet.
  await finished;
  return Buffer.concat(chunks);
}
