import type { TileDecoderAsset, Viewport } from "../../codec/internal.js";

/** What decodes in a worker: the SIMD kernel, or the WebGPU shader. */
export type EngineName = "kernel" | "webgpu";

/** A message to a decoding worker. */
export type WorkerRequest =
  | {
      readonly type: "open";
      readonly asset: TileDecoderAsset;
      readonly engine: EngineName;
      /** Whether a software adapter of WebGPU is accepted; for tests. */
      readonly allowSoftware?: boolean;
    }
  | { readonly type: "load"; readonly group: number; readonly payload: Uint8Array<ArrayBuffer> }
  | { readonly type: "unload"; readonly group: number }
  | {
      readonly type: "decode";
      readonly id: number;
      readonly group: number;
      /** Index within the group. */
      readonly frame: number;
      readonly viewport: Viewport;
      /** Whether to take one sample per pixel instead of an average, to save time. */
      readonly draft: boolean;
      /** Memory to write the frame into: width x height x 4 bytes. */
      readonly buffer: ArrayBuffer;
    };

/** A message from a decoding worker. */
export type WorkerResponse =
  | { readonly type: "ready" }
  | { readonly type: "unusable"; readonly message: string }
  | {
      readonly type: "decoded";
      readonly id: number;
      /** RGBA, full range, opaque: width x height x 4 bytes. */
      readonly buffer: ArrayBuffer;
      /** Decoding time, in seconds. */
      readonly seconds: number;
      /** The engine that decoded the frame. The kernel takes over if the GPU is lost. */
      readonly engine: EngineName;
    }
  | {
      readonly type: "failed";
      readonly id: number;
      readonly group: number;
      readonly buffer: ArrayBuffer;
      readonly message: string;
    };
