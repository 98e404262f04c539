import type { PictureRequest, TileDecoderAsset } from "../../codec/index.js";

/** To a worker that decodes. */
export type WorkerOrder =
  | { readonly type: "open"; readonly asset: TileDecoderAsset }
  | { readonly type: "load"; readonly group: number; readonly payload: Uint8Array<ArrayBuffer> }
  | { readonly type: "forget"; readonly group: number }
  | {
      readonly type: "decode";
      readonly id: number;
      readonly group: number;
      /** Within the group. */
      readonly frame: number;
      readonly request: PictureRequest;
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
    }
  | {
      readonly type: "failed";
      readonly id: number;
      readonly group: number;
      readonly buffer: ArrayBuffer;
      readonly message: string;
    };
