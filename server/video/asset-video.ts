import { decodeCost } from "../../codec/decode/cost.js";
import type { DecoderEngine } from "../../codec/decode/frame-decoder.js";
import { type DecodePool, decodeFrames } from "../../decode-pool/index.js";
import type { OpenedSource } from "../library/library.js";
import type { Video } from "./video.js";

/** Returns the video of an open asset. Its frames are decoded on the pool. */
export function assetVideo({ asset, source }: OpenedSource, engine: DecoderEngine, pool: DecodePool): Video {
  const { width, height, frameCount, frameRate, duration, metadata } = asset;
  const { audio, text, readAudio, readText } = asset;
  return {
    backend: "asset",
    metadata,
    ...(asset.coverBytes > 0 && { readCover: asset.readCover }),
    bytes: asset.bytes,
    width,
    height,
    frameCount,
    frameRate,
    duration,
    audio,
    text,
    readAudio,
    readText,
    cost: (viewport, frames) => decodeCost(asset, viewport, frames),
    frames: (request) => decodeFrames(pool, { asset, source, engine }, request),
  };
}
