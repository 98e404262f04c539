import { CHANNELS, createFrameDecoder, type DecoderAsset, fullRegion } from "../../codec/internal.js";
import { framePsnr } from "../evaluation/psnr.js";

/** PSNR in dB of each frame of a payload decoded at the size of the asset; frames: packed R'G'B'. */
export async function measureFrames(
  asset: DecoderAsset,
  index: number,
  payload: Uint8Array,
  frames: Uint8Array,
  threads: number,
): Promise<Float64Array> {
  const { width, height } = asset;
  // As large as the group: the hidden features of the paper profile are computed once for all of its frames.
  const windowBytes = (frames.length / CHANNELS) * 4;
  const engine = await createFrameDecoder(asset, {
    runtime: () => import("onnxruntime-node"),
    threads,
    windowBytes,
  });
  const group = engine.loadGroup(index, payload);
  const request = { region: fullRegion(asset), width, height };
  const decoded = new Uint8Array(width * height * 4);
  const bytes = width * height * CHANNELS;
  const psnr = new Float64Array(group.frameCount);
  for (let frame = 0; frame < psnr.length; frame++) {
    await engine.decodeRgba(group, frame, request, decoded);
    psnr[frame] = framePsnr(decoded, frames.subarray(frame * bytes, (frame + 1) * bytes));
  }
  return psnr;
}
