import type { TileNetwork } from "../../codec/internal.js";
import type { AnchorWeights } from "../job/training-loop.js";
import type { PlannedGroup } from "../plan/groups.js";
import type { TileTrainingSettings } from "../plan/tile-grid.js";
import { nextLambda } from "../rate-control/targets.js";
import { quantizationSteps } from "../training/quantization/quantization-steps.js";
import type { TileRange } from "../training/sampling/group-target.js";
import { groupPayload } from "./group-payload.js";

/** Bytes of an asset besides the groups: its header, and the entry of each group in the tables. */
const HEADER_BYTES = 800;
const TABLE_ENTRY_BYTES = 24;

/** A video as far as its bits per pixel depend on it. */
export interface VideoFrames {
  /** Source pixels. */
  readonly size: { readonly width: number; readonly height: number };
  readonly groups: readonly PlannedGroup[];
}

/** Returns the bits per pixel of a video, given the bytes of all of its groups or of a sample of them. */
export function bitsPerPixel(
  { groups, size }: VideoFrames,
  sample: readonly { readonly bytes: number; readonly frameCount: number }[],
): number {
  const frames = sample.reduce((sum, { frameCount }) => sum + frameCount, 0);
  const header = (HEADER_BYTES * frames) / groups.reduce((sum, { frameCount }) => sum + frameCount, 0);
  const bytes = sample.reduce((sum, group) => sum + group.bytes + TABLE_ENTRY_BYTES, header);
  return (8 * bytes) / (frames * size.width * size.height);
}

/** What the tile profile trains a video with. */
export interface TileModel {
  readonly network: TileNetwork;
  readonly training: TileTrainingSettings;
  readonly ranges: readonly TileRange[];
}

/** Returns the lambda at which the video takes about `bpp` bits per pixel, estimated from the anchors after phase 1. */
export function lambdaForBpp(
  video: VideoFrames,
  { network, training, ranges }: TileModel,
  anchors: AnchorWeights,
  bpp: number,
): number {
  const { width, quantizationStep, lambda } = training;
  const steps = quantizationSteps(network, quantizationStep);
  const normalization = { mean: 0, deviation: 1 };
  const sample = [...anchors].map(([index, weights]) => {
    const { frameCount, startsScene } = video.groups[index];
    const trained = ranges.map((tiles, i) => ({
      target: { frameCount, normalization, tiles },
      weights: weights[i],
    }));
    const payload = groupPayload({ network, width, startsScene, ranges: trained }, steps);
    return { bytes: payload.length, frameCount };
  });
  const result = { lambda, psnr: 0, bpp: bitsPerPixel(video, sample) };
  return nextLambda({ kind: "bpp", value: bpp }, [result]) ?? lambda;
}
