import type { TileNetwork } from "../../codec/internal.js";
import type { AnchorWeights } from "../job/training-loop.js";
import type { PlannedGroup } from "../plan/groups.js";
import type { TileTrainingSettings } from "../plan/tile-grid.js";
import { nextLambda } from "../rate-control/targets.js";
import { quantizationSteps } from "../training/quantization/quantization-steps.js";
import type { TileRange } from "../training/sampling/group-target.js";
import { sampleOfGroup } from "./group-samples.js";

/** Approximate bytes of an asset besides its groups: the header, and the table entries of each group. */
const HEADER_BYTES = 800;
const TABLE_ENTRY_BYTES = 24;

/** Properties of a video that its bits per pixel depend on. */
export interface VideoFrames {
  /** Source pixels. */
  readonly size: { readonly width: number; readonly height: number };
  readonly groups: readonly PlannedGroup[];
}

/** Estimates the bits per pixel of a video from the bytes of all groups, or of a sample of the groups. */
export function bitsPerPixel(
  { groups, size }: VideoFrames,
  sample: readonly { readonly bytes: number; readonly frameCount: number }[],
): number {
  const frames = sample.reduce((sum, { frameCount }) => sum + frameCount, 0);
  const header = (HEADER_BYTES * frames) / groups.reduce((sum, { frameCount }) => sum + frameCount, 0);
  const bytes = sample.reduce((sum, group) => sum + group.bytes + TABLE_ENTRY_BYTES, header);
  return (8 * bytes) / (frames * size.width * size.height);
}

/** The networks of a video, the settings that train them, and the ranges of tiles that are trained together. */
export interface TileTrainingSetup {
  readonly network: TileNetwork;
  readonly training: TileTrainingSettings;
  readonly ranges: readonly TileRange[];
}

/** Estimates from the trained anchors the lambda at which the video has about `bpp` bits per pixel. */
export function lambdaForBpp(
  video: VideoFrames,
  { network, training, ranges }: TileTrainingSetup,
  anchors: AnchorWeights,
  bpp: number,
): number {
  const { width, quantizationStep, lambda } = training;
  const steps = quantizationSteps(network, quantizationStep);
  const normalization = { mean: 0, deviation: 1 };
  const sample = [...anchors].map(([index, weights]) => {
    const { frameCount, startsScene } = video.groups[index];
    const spans = ranges.map(({ first, count }, i) => ({
      level: 0,
      tiles: Array.from({ length: count }, (_, tile) => first + tile),
      frameCount,
      normalization,
      weights: weights[i],
    }));
    const { bytes } = sampleOfGroup({ network, width, steps }, { frameCount, startsScene }, spans);
    return { bytes: bytes.length, frameCount };
  });
  const result = { lambda, psnr: 0, bpp: bitsPerPixel(video, sample) };
  return nextLambda({ kind: "bpp", value: bpp }, [result]) ?? lambda;
}
