import { open } from "node:fs/promises";
import { type ByteSource, createFrameDecoder, fullRegion, openAsset } from "../../codec/internal.js";
import { loadOnnxRuntime } from "../../decode-pool/load-onnxruntime.js";
import { probeVideo, readFrames } from "../../media/index.js";
import { framePsnr } from "../evaluation/psnr.js";

/** What `verifyAsset` measured. */
export interface Verification {
  readonly frames: number;
  /** Mean PSNR of the frames, dB. */
  readonly psnr: number;
}

/**
 * Reads an asset back from the disk, decodes all of its frames and compares them with its source.
 *
 * @param path the asset
 * @param source the video that the whole of it was encoded from
 * @throws SieddError, MediaError; Error if the asset has another number of frames than the source
 */
export async function verifyAsset(path: string, source: string): Promise<Verification> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const bytes: ByteSource = {
    size,
    read: async (offset, length) => {
      const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, offset);
      if (bytesRead < length) throw new Error(`${path} ended at byte ${offset + bytesRead} of ${size}`);
      return buffer;
    },
  };
  const asset = await openAsset(bytes, { name: path });
  const { width, height, frameCount, groups } = asset;
  const info = await probeVideo(source);
  const expected = info.frameCount ?? frameCount;
  if (expected !== frameCount)
    throw new Error(`${path} has ${frameCount} frames, and its source has ${expected}`);
  const decoder = await createFrameDecoder(asset, { runtime: () => loadOnnxRuntime("the paper profile") });
  const viewport = { region: fullRegion(asset), width, height };
  const decoded = new Uint8Array(width * height * 4);
  const reference = readFrames(source, info, { width, height, firstFrame: 0, frameCount });
  let total = 0;
  for (const { index, frameCount: frames } of groups) {
    const group = decoder.loadGroup(index, await asset.readGroup(index));
    for (let frame = 0; frame < frames; frame++) {
      await decoder.decodeRgba(group, frame, viewport, decoded);
      const { value } = await reference.next();
      if (value === undefined)
        throw new Error(`${source} ended before frame ${groups[index].firstFrame + frame}`);
      total += framePsnr(decoded, value);
    }
  }
  await reference.return(undefined);
  return { frames: frameCount, psnr: total / frameCount };
}
