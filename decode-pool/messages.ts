import type { DecoderEngineChoice } from "../codec/decode/frame-decoder.js";
import type { FramePosition } from "../codec/decode/frame-position.js";
import type { Viewport } from "../codec/decode/viewport.js";
import type { SieddErrorCode } from "../codec/errors.js";
import type { FileIdentity } from "./file-source.js";
import type { WarmUpTask } from "./warm-up.js";

/**
 * Pixel format of decoded frames. `i420-709` and `i420-601`: planar 4:2:0, BT.709 or BT.601, limited range,
 * width * height * 3 / 2 bytes. `rgba`: full range, width * height * 4 bytes.
 */
export type FrameFormat = "i420-709" | "i420-601" | "rgba";

/** Returns the size of one frame in bytes. */
export function frameBytes(format: FrameFormat, width: number, height: number): number {
  return format === "rgba" ? width * height * 4 : (width * height * 3) / 2;
}

/** Bytes of an asset in memory that all threads share. */
export interface ByteRange {
  /** Offset in the asset. */
  readonly offset: number;
  readonly bytes: SharedArrayBuffer;
}

/** Where a worker reads the bytes that a task needs. */
export type TaskSource =
  /** A file. The worker rejects the task if the file at `path` does not have this identity. */
  | { readonly kind: "file"; readonly path: string; readonly identity: FileIdentity }
  /** The header and the groups of the task, in shared memory. */
  | {
      readonly kind: "memory";
      /** Identifies the content of the asset. */
      readonly key: string;
      /** Name of the asset for error messages. */
      readonly name: string;
      /** Size of the asset in bytes. */
      readonly size: number;
      readonly ranges: readonly ByteRange[];
    };

/** Decodes consecutive frames of one group. */
export interface DecodeTask {
  readonly type: "decode";
  readonly source: TaskSource;
  /** The position of each frame. */
  readonly positions: readonly FramePosition[];
  readonly viewport: Viewport;
  readonly format: FrameFormat;
  /** Default: `auto`. */
  readonly engine?: DecoderEngineChoice;
  /** A 32-bit integer in shared memory that becomes 1 once nobody waits for the frames any more. */
  readonly canceled?: SharedArrayBuffer;
}

/** A message to a worker. */
export type WorkerTask = DecodeTask | WarmUpTask;

/** Result of a DecodeTask. A SieddError is sent as its fields, because structured cloning drops the class. */
export type DecodeResult =
  /** The frames, contiguous. The buffer is transferred. */
  | { readonly type: "frames"; readonly frames: ArrayBuffer }
  | { readonly type: "decode-error"; readonly code: SieddErrorCode; readonly message: string };

/** A message from a worker. Workers never reject: a rejection means that the thread crashed. */
export type WorkerResult =
  | DecodeResult
  | { readonly type: "warmed-up" }
  /** An error other than a SieddError. */
  | { readonly type: "failure"; readonly error: unknown };
