import type { Model } from "../asset/model.js";
import { SieddError } from "../errors.js";
import type { Profile } from "../network/definition.js";
import type { OnnxRuntime } from "../onnx/runtime.js";
import { PaperDecoder } from "../paper/decoder.js";
import type { PaperGroup } from "../paper/fold.js";
import type { YuvMatrix } from "./color.js";
import { TileGraphDecoder } from "./graph/decoder.js";
import type { TileGraphGroup } from "./graph/fold.js";
import { type DecoderFacts, KernelDecoder, type LoadedGroup } from "./kernel-decoder.js";
import type { Viewport } from "./viewport.js";

/** What a picture engine must know of an asset. */
export type DecoderAsset = DecoderFacts & Model;

/** A group loaded by the engine that is to decode it. */
export type DecoderGroup = LoadedGroup | TileGraphGroup | PaperGroup;

/** What computes pictures: the WebAssembly kernel, or graphs on an ONNX runtime. */
export type DecoderBackend = "kernel" | "onnx";
/** `auto`: the faster one that can. */
export type DecoderBackendChoice = DecoderBackend | "auto";
/** What may be asked for. */
export const DECODER_BACKENDS: readonly DecoderBackendChoice[] = ["auto", "kernel", "onnx"];

/**
 * The engine for a profile. The kernel is several times faster at every width that a tile may have, and knows the
 * tile profile alone (docs/decoding.md). Throws `bad-request` where the one asked for cannot decode the profile.
 */
export function chooseBackend(profile: Profile, choice: DecoderBackendChoice = "auto"): DecoderBackend {
  if (choice === "kernel" && profile === "paper") {
    throw new SieddError(
      "bad-request",
      "the kernel decodes the tile profile only, and this asset has the paper profile; choose the engine onnx or auto",
    );
  }
  if (choice !== "auto") return choice;
  return profile === "tile" ? "kernel" : "onnx";
}

/**
 * Decodes frames of one asset of any profile; one instance a thread. Where the tile profile's PictureDecoder is
 * done when the call returns, others give a promise: `await` either.
 */
export interface FrameDecoder {
  /** Parses the payload of group `index` (`asset.readGroup`). Throws SieddError `corrupt-group`. */
  loadGroup(index: number, payload: Uint8Array): DecoderGroup;
  /** `out` takes width x height x 3 / 2 bytes: planes Y', Cb, Cr, limited range. Throws or rejects with `bad-request`. */
  decodeI420(
    group: DecoderGroup,
    frame: number,
    request: Viewport,
    matrix: YuvMatrix,
    out: Uint8Array,
  ): void | Promise<void>;
  /** `out` takes width x height x 4 bytes, full range and opaque. Throws or rejects with `bad-request`. */
  decodeRgba(
    group: DecoderGroup,
    frame: number,
    request: Viewport,
    out: Uint8Array | Uint8ClampedArray,
  ): void | Promise<void>;
}

/** Which engine, and what it runs on. */
export interface FrameDecoderOptions {
  /** Default: `auto`. */
  readonly engine?: DecoderBackendChoice;
  /** Called for the engine `onnx` only, so that nobody loads a runtime in vain. */
  readonly runtime?: () => Promise<OnnxRuntime>;
  /** Threads of the runtime; default: its own choice for paper assets, 1 for tile assets. */
  readonly threads?: number;
  /** Finished frames that the decoder of the paper profile keeps, which computes them together; default 64 MiB. */
  readonly windowBytes?: number;
}

/** Rejects with `bad-request` where the engine cannot decode the asset's profile or has no runtime. */
export async function createFrameDecoder(
  asset: DecoderAsset,
  options: FrameDecoderOptions = {},
): Promise<FrameDecoder> {
  const engine = chooseBackend(asset.profile, options.engine);
  if (asset.profile === "tile" && engine === "kernel") return KernelDecoder.create(asset);
  if (options.runtime === undefined) {
    throw new SieddError(
      "bad-request",
      asset.profile === "paper"
        ? "this asset has the paper profile, which needs an ONNX runtime to decode: play it from a siedd server, or pass a runtime"
        : "the engine onnx needs an ONNX runtime: pass one, or choose the engine kernel",
    );
  }
  const runtime = await options.runtime();
  const { threads, windowBytes } = options;
  return asset.profile === "tile"
    ? TileGraphDecoder.create(asset, runtime, { threads })
    : PaperDecoder.create(asset, runtime, { threads, windowBytes });
}
