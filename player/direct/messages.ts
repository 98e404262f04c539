import type { TileDecoderAsset, Viewport } from "../../codec/internal.js";

/** What decodes in a worker: the SIMD kernel, or the shader where there is a GPU. */
export type WorkerEngine = "kernel" | "webgpu";

/** To a worker that decodes. */
export type WorkerOrder =
  | {
      readonly type: "open";
      readonly asset: TileDecoderAsset;
      readonly engine: WorkerEngine;
      /** Whether a GPU that is only computed by the processor will do: for tests. */
      readonly allowSoftware?: boolean;
    }
  | { readonly type: "load"; readonly group: number; readonly payload: Uint8Array<ArrayBuffer> }
  | { readonly type: "forget"; readonly group: number }
  | {
      readonly type: "decode";
      readonly id: number;
      readonly group: number;
      /** Within the group. */
      readonly frame: number;
      readonly request: Viewport;
      /** One sample a pixel, where there is no time for more. */
      readonly draft: boolean;
      /** Memory to write the picture into: width x height x 4 bytes. */
      readonly buffer: ArrayBuffer;
    };

/** From a worker that decodes. */
export type WorkerReport =
  | { readonly type: "ready" }
  | { readonly type: "unusable"; readonly message: string }
  | {
      readonly type: "decoded";
      readonly id: number;
      /** R'G'B' and opaque alpha, full range. */
      readonly buffer: ArrayBuffer;
      /** Of decoding alone. */
      readonly seconds: number;
      /** What decoded it: a GPU that is lost is replaced by the kernel. */
      readonly engine: WorkerEngine;
    }
  | {
      readonly type: "failed";
      readonly id: number;
      readonly group: number;
      readonly buffer: ArrayBuffer;
      readonly message: string;
    };
