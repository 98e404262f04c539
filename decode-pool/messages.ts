import type { DecoderBackendChoice } from "../codec/decode/frame-decoder.js";
import type { FramePosition } from "../codec/decode/frame-position.js";
import type { Viewport } from "../codec/decode/viewport.js";
import type { SieddErrorCode } from "../codec/errors.js";
import type { FileIdentity } from "./file-source.js";

/** `i420-*`: planar 4:2:0, limited range, width * height * 3/2 bytes. `rgba`: full range, 4 bytes a pixel. */
export type FrameFormat = "i420-709" | "i420-601" | "rgba";

/** Bytes of one frame. */
export function frameBytes(format: FrameFormat, width: number, height: number): number {
  return format === "rgba" ? width * height * 4 : (width * height * 3) / 2;
}

/** Bytes of an asset that all threads see. */
export interface Piece {
  /** In the asset. */
  readonly offset: number;
  readonly bytes: SharedArrayBuffer;
}

/** Where a thread finds the bytes that a task needs. */
export type TaskSource =
  /** A file; another content of the path than `identity` is refused. */
  | { readonly kind: "file"; readonly path: string; readonly identity: FileIdentity }
  /** Its head and the groups of the task, of an asset of `size` bytes that is named by `key`. */
  | {
      readonly kind: "pieces";
      readonly key: string;
      readonly name: string;
      readonly size: number;
      readonly pieces: readonly Piece[];
    };

/** One run of frames of one group. */
export interface DecodeTask {
  readonly type: "decode";
  readonly source: TaskSource;
  /** The moments to decode, one frame each. */
  readonly times: readonly FramePosition[];
  readonly request: Viewport;
  readonly format: FrameFormat;
  /** Default: `auto`. */
  readonly engine?: DecoderBackendChoice;
}

/** Held by a worker until as many as there are threads hold one: then all of them have loaded their code. */
export interface ArriveTask {
  readonly type: "arrive";
  /** One Int32 that counts those who have arrived. */
  readonly arrived: SharedArrayBuffer;
  readonly threads: number;
}

export type WorkerTask = DecodeTask | ArriveTask;

/** What becomes of a DecodeTask. Errors travel as values, for a thread boundary strips a class off them. */
export type DecodeResult =
  | { readonly type: "frames"; readonly frames: ArrayBuffer }
  | { readonly type: "error"; readonly code: SieddErrorCode; readonly message: string };

/** What a worker answers. It never throws: what rejects is the end of its thread. */
export type WorkerAnswer =
  | DecodeResult
  | { readonly type: "arrived" }
  | { readonly type: "failure"; readonly error: unknown };
