import { createWriteStream } from "node:fs";
import { extname } from "node:path";
import type { Writable } from "node:stream";
import type { Rational } from "../../codec/asset/rational.js";
import { errnoOf, writeError } from "../errors.js";
import { writeAtomically } from "./atomic-file.js";

/** What `writeY4m` writes. */
export interface Y4mOptions {
  /** The file to write, which is replaced atomically, or a stream, which is not ended. */
  readonly output: string | Writable;
  /** Pixels, even. */
  readonly width: number;
  /** Pixels, even. */
  readonly height: number;
  readonly frameRate: Rational;
  /** I420, BT.601 limited, width * height * 3 / 2 bytes each. */
  readonly frames: AsyncIterable<Uint8Array>;
  /** Whether to write headers. Default true. False writes raw video, whose reader must know size and frame rate. */
  readonly headers?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Writes raw frames as YUV4MPEG2. Resolves without an error if the consumer of a stream closes it early.
 * @throws MediaError `write-failed`, `disk-full`; the signal's reason. Errors of `frames` pass through.
 */
export async function writeY4m(options: Y4mOptions): Promise<void> {
  const { output, signal } = options;
  if (typeof output === "string") {
    await writeAtomically(output, extname(output), async (temporary) => {
      const file = createWriteStream(temporary);
      try {
        await writeAll(options, file, output);
        await new Promise<void>((resolve, reject) => {
          file.once("error", (error) => reject(writeError(output, error)));
          file.end(resolve);
        });
      } finally {
        file.destroy();
      }
    });
    return;
  }
  try {
    await writeAll(options, output, "the output");
  } catch (error) {
    const closed = error instanceof Error && errnoOf(error.cause) === "EPIPE";
    if (!closed || signal?.aborted) throw error;
  }
}

async function writeAll(options: Y4mOptions, target: Writable, name: string): Promise<void> {
  const { signal } = options;
  signal?.throwIfAborted();
  // Errors arrive in the callback of each write. Without a listener, the error event would crash the process.
  target.on("error", () => {});
  for await (const chunk of options.headers === false ? options.frames : y4m(options)) {
    await new Promise<void>((resolve, reject) => {
      const abort = () => reject(signal?.reason);
      signal?.addEventListener("abort", abort, { once: true });
      target.write(chunk, (error) => {
        signal?.removeEventListener("abort", abort);
        if (error) reject(writeError(name, error));
        else resolve();
      });
    });
  }
}

async function* y4m({ width, height, frameRate, frames }: Y4mOptions): AsyncGenerator<Uint8Array> {
  const { num, den } = frameRate;
  const encoder = new TextEncoder();
  yield encoder.encode(
    `YUV4MPEG2 W${width} H${height} F${num}:${den} Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n`,
  );
  const frameHeader = encoder.encode("FRAME\n");
  for await (const frame of frames) {
    yield frameHeader;
    yield frame;
  }
}
