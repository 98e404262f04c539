import type { Model } from "../asset/model.js";
import { SieddError } from "../errors.js";
import { PaperDecoder } from "../paper/decoder.js";
import type { PaperGroup } from "../paper/fold.js";
import type { OnnxRuntime } from "../paper/runtime.js";
import type { YuvMatrix } from "./colour.js";
import { type DecoderFacts, type LoadedGroup, PictureDecoder } from "./decoder.js";
import type { PictureRequest } from "./request.js";

/** What a picture engine must know of an asset. */
export type DecoderAsset = DecoderFacts & Model;

/** A group loaded by the engine that is to decode it. */
export type EngineGroup = LoadedGroup | PaperGroup;

/**
 * Decodes frames of one asset of any profile; one instance a thread. Where the tile profile's PictureDecoder is
 * done when the call returns, others give a promise: `await` either.
 */
export interface PictureEngine {
  /** Parses the payload of group `index` (`asset.readGroup`). Throws SieddError `corrupt-group`. */
  loadGroup(index: number, payload: Uint8Array): EngineGroup;
  /** `out` takes width x height x 3 / 2 bytes: planes Y', Cb, Cr, limited range. Throws or rejects with `bad-request`. */
  decodeI420(
    group: EngineGroup,
    frame: number,
    request: PictureRequest,
    matrix: YuvMatrix,
    out: Uint8Array,
  ): void | Promise<void>;
  /** `out` takes width x height x 4 bytes, full range and opaque. Throws or rejects with `bad-request`. */
  decodeRgba(
    group: EngineGroup,
    frame: number,
    request: PictureRequest,
    out: Uint8Array | Uint8ClampedArray,
  ): void | Promise<void>;
}

/** What the engine of a paper asset runs on; tile assets need none of it. */
export interface EngineOptions {
  /** Called for paper assets only, so that nobody loads a runtime in vain. */
  readonly runtime?: () => Promise<OnnxRuntime>;
  /** Threads of the runtime; default: its own choice. */
  readonly threads?: number | undefined;
}

/** The engine for an asset's profile. Rejects with `bad-request` for a paper asset without a runtime. */
export async function createEngine(asset: DecoderAsset, options: EngineOptions = {}): Promise<PictureEngine> {
  if (asset.profile === "tile") return PictureDecoder.create(asset);
  if (options.runtime === undefined) {
    throw new SieddError(
      "bad-request",
      "this asset has the paper profile, which needs an ONNX runtime to decode: play it from a siedd server, or pass a runtime",
    );
  }
  return PaperDecoder.create(asset, await options.runtime(), { threads: options.threads });
}
