import { createWriteStream } from "node:fs";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { writeAtomically } from "./atomic-file.js";
import { errnoOf, writeError } from "./errors.js";
import type { Fraction } from "./probe.js";

export interface Y4mOptions {
  /** The file to write (whole or not at all), or a stream, which is not ended. */
  readonly output: string | Writable;
  /** Pixels, even. */
  readonly width: number;
  readonly height: number;
  readonly frameRate: Fraction;
  /** I420, BT.601 limited, width * height * 3 / 2 bytes each. */
  readonly frames: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes raw frames as YUV4MPEG2. A reader that closes a stream early ends the writing without an error.
 * @throws MediaError "write-failed", "disk-full"; the signal's reason; what `frames` throws.
 */
export async function writeY4m(options: Y4mOptions): Promise<void> {
  const { output, signal } = options;
  if (typeof output === "string") {
    await writeAtomically(output, ".y4m", async (temporary) => {
      await pour(options, createWriteStream(temporary), output, true);
    });
    return;
  }
  try {
    await pour(options, output, "the output", false);
  } catch (error) {
    const early = ["EPIPE", "ERR_STREAM_PREMATURE_CLOSE"].includes(errnoOf(unwrap(error)) ?? "");
    if (!early || signal?.aborted) throw error;
  }
}

const unwrap = (error: unknown): unknown => (error instanceof Error && error.cause) || error;

async function pour(options: Y4mOptions, target: Writable, name: string, end: boolean): Promise<void> {
  const { signal } = options;
  let source: unknown;
  async function* chunks() {
    try {
      yield* y4m(options);
    } catch (error) {
      source = error;
      throw error;
    }
  }
  try {
    const readable = Readable.from(chunks(), { objectMode: true, highWaterMark: 2 });
    await pipeline(readable, target, { end, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw source !== undefined ? source : writeError(name, error);
  }
}

async function* y4m({ width, height, frameRate, frames }: Y4mOptions): AsyncGenerator<Uint8Array> {
  const { num, den } = frameRate;
  const text = new TextEncoder();
  yield text.encode(`YUV4MPEG2 W${width} H${height} F${num}:${den} Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n`);
  const frameHeader = text.encode("FRAME\n");
  for await (const frame of frames) {
    yield frameHeader;
    yield frame;
  }
}
