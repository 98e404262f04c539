import { CHANNELS, createFrameDecoder, type DecoderAsset, fullRegion } from "../../codec/internal.js";
import { loadOnnxRuntime } from "../../decode-pool/load-onnxruntime.js";
import { framePsnr } from "../evaluation/psnr.js";

/** A group's payload and the frames that it encodes. */
export interface EncodedGroup {
  readonly asset: DecoderAsset;
  /** Index of the group in the asset. */
  readonly index: number;
  readonly payload: Uint8Array;
  /** Packed R'G'B' [frames, height, width, 3]. */
  readonly frames: Uint8Array;
}

/** Decodes a payload at the size of the asset and returns the PSNR of each frame, dB. */
export async function measureGroup(
  { asset, index, payload, frames }: EncodedGroup,
  threads: number,
): Promise<Float64Array> {
  const { width, height } = asset;
  // One window holds the whole group: the paper profile then computes the hidden features once for all frames.
  const windowBytes = (frames.length / CHANNELS) * 4;
  const decoder = await createFrameDecoder(asset, {
    runtime: () => loadOnnxRuntime("the paper profile"),
    threads,
    windowBytes,
  });
  const group = decoder.loadGroup(index, payload);
  const viewport = { region: fullRegion(asset), width, height };
  const decoded = new Uint8Array(width * height * 4);
  const frameBytes = width * height * CHANNELS;
  const psnr = new Float64Array(group.frameCount);
  for (let frame = 0; frame < psnr.length; frame++) {
    await decoder.decodeRgba(group, frame, viewport, decoded);
    psnr[frame] = framePsnr(decoded, frames.subarray(frame * frameBytes, (frame + 1) * frameBytes));
  }
  return psnr;
}
