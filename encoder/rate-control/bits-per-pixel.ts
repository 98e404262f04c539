import { tileRanges } from "../plan/tile-grid.js";
import type { EncodeJob } from "../tile/encode-job.js";
import { groupPayload } from "../tile/group-payload.js";
import type { TrainingWeights } from "../tile/weights.js";
import { quantizationSteps } from "../training/quantization/quantizer.js";
import { nextLambda } from "./targets.js";

/** Bytes of the file beside the groups: its head, and each group's place in the tables. */
const HEAD_BYTES = 800;
const ENTRY_BYTES = 24;

/** Bits a pixel of a video of which these groups are all, or a sample. */
export function bitsPerPixel(
  { groups, size }: EncodeJob,
  some: readonly { readonly bytes: number; readonly frameCount: number }[],
): number {
  const frames = some.reduce((sum, { frameCount }) => sum + frameCount, 0);
  const head = (HEAD_BYTES * frames) / groups.reduce((sum, { frameCount }) => sum + frameCount, 0);
  const bytes = some.reduce((sum, group) => sum + group.bytes + ENTRY_BYTES, head);
  return (8 * bytes) / (frames * size.width * size.height);
}

/**
 * The lambda at which the video takes about `bpp` bits a pixel, by what the anchors' decoders take after phase 1.
 * `anchors`: by index of the group, a map a run of tiles.
 */
export function lambdaForBpp(
  job: EncodeJob,
  anchors: ReadonlyMap<number, readonly TrainingWeights[]>,
  bpp: number,
): number {
  const { groups, network, options } = job;
  const { width, quantizer, lambda } = options.training;
  const steps = quantizationSteps(network, quantizer);
  const ranges = tileRanges(network, options);
  const sample = [...anchors].map(([index, weights]) => {
    const { frameCount, startsScene } = groups[index];
    const alike = { frameCount, normalization: { mean: 0, deviation: 1 } };
    const targets = ranges.map((tiles) => ({ ...alike, tiles }));
    const payload = groupPayload(network, targets, weights, width, steps, startsScene);
    return { bytes: payload.length, frameCount };
  });
  const pass = { lambda, psnr: 0, bpp: bitsPerPixel(job, sample) };
  return nextLambda({ kind: "bpp", value: bpp }, [pass]) ?? lambda;
}
