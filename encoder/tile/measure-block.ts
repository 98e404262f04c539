import { CHANNELS, type TileNetwork } from "../../codec/internal.js";
import type { WorkerPool } from "../job/worker-pool.js";
import { type BlockGroup, blockEntries, groupPayload, type StoredSample } from "./group-samples.js";
import type { TileTasks } from "./worker.js";

/** A block after training, and its frames. */
export interface TrainedBlock {
  readonly network: TileNetwork;
  /** Source pixels. */
  readonly size: { readonly width: number; readonly height: number };
  readonly groups: readonly BlockGroup[];
  readonly samples: readonly StoredSample[];
  /** Packed R'G'B' [frames, height, width, 3] in shared memory. */
  readonly frames: Uint8Array;
}

/** Decodes the groups of a block in the threads of `pool`. Returns the PSNR of each frame of each group, dB. */
export function measureBlock(
  pool: WorkerPool<TileTasks>,
  { network, size, groups, samples, frames }: TrainedBlock,
): Promise<Float64Array[]> {
  // The asset contains only this block, so that measuring does not slow down with the length of the video.
  const asset = {
    ...size,
    profile: network.profile,
    network,
    encoder: { weights: new Float32Array(0), bias: new Float32Array(0) },
    groups: blockEntries(groups, samples),
  };
  const frameBytes = size.width * size.height * CHANNELS;
  const measured = asset.groups.map((entry) => {
    const { index, firstFrame, frameCount } = entry;
    const payload = groupPayload(entry, asset.groups, samples);
    const groupFrames = frames.subarray(firstFrame * frameBytes, (firstFrame + frameCount) * frameBytes);
    return pool.run("measure", { asset, index, payload, frames: groupFrames }).result;
  });
  return Promise.all(measured);
}
