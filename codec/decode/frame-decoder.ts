import type { Model } from "../asset/model.js";
import { SieddError } from "../errors.js";
import type { Profile } from "../network/definition.js";
import type { OnnxRuntime } from "../onnx/runtime.js";
import type { YuvTarget } from "./color.js";
import type { ExpectedFrames } from "./expected-frames.js";
import type { KernelGroup } from "./fold.js";
import { TileGraphDecoder } from "./graph/decoder.js";
import type { TileGraphGroup } from "./graph/fold.js";
import { KernelDecoder } from "./kernel-decoder.js";
import { PaperDecoder } from "./paper/decoder.js";
import type { PaperGroup } from "./paper/fold.js";
import type { DecoderMetadata, Viewport } from "./viewport.js";

/** The parts of an asset that a frame decoder needs. */
export type DecoderAsset = DecoderMetadata & Model;

/** A group loaded by `FrameDecoder.loadGroup`. Only decoders of the same engine and asset can decode it. */
export type DecoderGroup = KernelGroup | TileGraphGroup | PaperGroup;

/** What computes frames: the WebAssembly kernel (tile profile only), or graphs on an ONNX runtime. */
export type DecoderEngine = "kernel" | "onnx";
/** An engine, or `auto` for the fastest one that supports the asset. */
export type DecoderEngineChoice = DecoderEngine | "auto";
/** All values of DecoderEngineChoice. */
export const DECODER_ENGINES: readonly DecoderEngineChoice[] = ["auto", "kernel", "onnx"];

/**
 * Chooses the engine for a profile. `auto` is the kernel for the tile profile, because it is several times
 * faster at every tile width, and `onnx` for the paper profile.
 * @throws SieddError `bad-request` if the chosen engine does not support the profile.
 */
export function chooseEngine(profile: Profile, choice: DecoderEngineChoice = "auto"): DecoderEngine {
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
 * Decodes frames of one asset, of either profile. Use one instance per thread. The kernel decodes synchronously
 * and returns undefined, other engines return a promise: `await` the result in either case.
 */
export interface FrameDecoder {
  /**
   * Parses and prepares the payload of group `index`, as returned by `asset.readGroup`.
   * @throws SieddError `corrupt-group`, `bad-request`.
   */
  loadGroup(index: number, payload: Uint8Array): DecoderGroup;
  /**
   * Announces the frames that are decoded next, until it is called again. A decoder that computes the frames of a group
   * together (the paper profile) then computes no others if these are less than half of the group. Optional.
   */
  expect?(frames: ExpectedFrames): void;
  /**
   * Decodes a frame as planar 4:2:0, limited range.
   * @param frame frame within the group, from 0. In the tile profile it may be fractional, and up to one frame
   *   outside the group.
   * @param out receives width * height * 3 / 2 bytes: the planes Y', Cb, Cr
   * @throws SieddError `bad-request` for a frame, region or size out of range, or an odd width or height.
   */
  decodeI420(group: DecoderGroup, frame: number, target: YuvTarget, out: Uint8Array): void | Promise<void>;
  /**
   * Decodes a frame as RGBA, full range and opaque.
   * @param frame as for `decodeI420`
   * @param out receives width * height * 4 bytes
   * @throws SieddError `bad-request` for a frame, region or size out of range.
   */
  decodeRgba(
    group: DecoderGroup,
    frame: number,
    viewport: Viewport,
    out: Uint8Array | Uint8ClampedArray,
  ): void | Promise<void>;
}

/** Options of `createFrameDecoder`. */
export interface FrameDecoderOptions {
  /** Engine. Default: `auto`. */
  readonly engine?: DecoderEngineChoice;
  /** Loads the ONNX runtime. Called only if the engine is `onnx`. */
  readonly runtime?: () => Promise<OnnxRuntime>;
  /** Threads of the ONNX runtime. Default: the runtime's choice for paper assets, 1 for tile assets. */
  readonly threads?: number;
  /** Bytes of decoded frames that the paper profile keeps, because it computes frames together. Default: 64 MiB. */
  readonly windowBytes?: number;
}

/**
 * Creates the decoder for an asset.
 * @throws SieddError `bad-request` if the engine does not support the asset's profile, or needs an ONNX runtime
 *   and `options.runtime` is missing.
 */
export async function createFrameDecoder(
  asset: DecoderAsset,
  options: FrameDecoderOptions = {},
): Promise<FrameDecoder> {
  const engine = chooseEngine(asset.profile, options.engine);
  if (asset.profile === "tile" && engine === "kernel") return KernelDecoder.create(asset);
  if (options.runtime === undefined) {
    throw new SieddError(
      "bad-request",
      asset.profile === "paper"
        ? "the paper profile needs an ONNX runtime to decode; pass options.runtime, or play the asset from a siedd server"
        : "the engine onnx needs an ONNX runtime; pass options.runtime, or choose the engine kernel",
    );
  }
  const runtime = await options.runtime();
  const { threads, windowBytes } = options;
  return asset.profile === "tile"
    ? TileGraphDecoder.create(asset, runtime, { threads })
    : PaperDecoder.create(asset, runtime, { threads, windowBytes });
}
