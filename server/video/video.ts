import type { BaseAsset } from "../../codec/asset/asset.js";
import type { AssetMetadata } from "../../codec/asset/metadata.js";
import type { Rational } from "../../codec/asset/rational.js";
import type { DecodedFrames } from "../../codec/decode/cost.js";
import type { Viewport } from "../../codec/decode/viewport.js";
import type { FrameFormat } from "../../decode-pool/messages.js";

/** What playlists and segments follow from. Assets have these properties too. */
export type VideoDescription = Pick<
  BaseAsset,
  "width" | "height" | "frameCount" | "frameRate" | "duration" | "audio" | "text"
>;

/** What a video says about itself. */
export type VideoMetadata = Omit<AssetMetadata, "source">;

/** Frames to render. */
export interface FrameRequest {
  /** Index of the first frame, from 0, at `rate`. */
  readonly from: number;
  /** Number of frames. */
  readonly count: number;
  /** Frame rate of the output. Default: the video's. */
  readonly rate?: Rational;
  /** Region in source pixels and size in output pixels. For I420, width and height must be even. */
  readonly viewport: Viewport;
  readonly format: Exclude<FrameFormat, "i420-601">;
  readonly signal?: AbortSignal;
}

/** A video that can be rendered at any size: an asset, or a source, which is a video file that is not encoded yet. */
export interface Video extends VideoDescription, Pick<BaseAsset, "readAudio" | "readText"> {
  readonly backend: "asset" | "source";
  readonly metadata: VideoMetadata;
  /** Reads the cover art, a JPEG file. Undefined if there is none. */
  readonly readCover?: (signal?: AbortSignal) => Promise<Uint8Array>;
  /** File size in bytes. */
  readonly bytes: number;
  /** Returns what it costs to read frames at the size of a viewport, in samples (see `decodeCost`). */
  cost(viewport: Viewport, frames: DecodedFrames): number;
  /**
   * Yields frames in order. The consumer owns the yielded arrays.
   * @throws SieddError or MediaError if the file cannot be decoded; the signal's reason.
   */
  frames(request: FrameRequest): AsyncGenerator<Uint8Array, void, undefined>;
}
