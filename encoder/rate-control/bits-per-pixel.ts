import { tileRanges } from "../plan/tile-grid.js";
import type { Film } from "../tile/encode-job.js";
import { groupPayload } from "../tile/group-payload.js";
import type { TrainingWeights } from "../tile/weights.js";
import { quantisationSteps } from "../training/quantization/quantizer.js";
import { nextWorth } from "./targets.js";

/** Bytes of the file beside the groups: its head, and each group's place in the tables. */
const HEAD_BYTES = 800;
const ENTRY_BYTES = 24;

/** Bits a pixel of a film of which these groups are all, or a sample. */
export function bitsAPixel(
  { groups, size }: Film,
  some: readonly { readonly bytes: number; readonly frameCount: number }[],
): number {
  const frames = some.reduce((sum, { frameCount }) => sum + frameCount, 0);
  const head = (HEAD_BYTES * frames) / groups.reduce((sum, { frameCount }) => sum + frameCount, 0);
  const bytes = some.reduce((sum, group) => sum + group.bytes + ENTRY_BYTES, head);
  return (8 * bytes) / (frames * size.width * size.height);
}

/**
 * The worth at which the film takes about `bpp` bits a pixel, by what the anchors' decoders take after phase 1.
 * `anchors`: by index of the group, a map a run of tiles.
 */
export function worthForBits(
  film: Film,
  anchors: ReadonlyMap<number, readonly TrainingWeights[]>,
  bpp: number,
): number {
  const { groups, network, options } = film;
  const { width, quantiser, worth } = options.training;
  const steps = quantisationSteps(network, quantiser);
  const ranges = tileRanges(network, options);
  const sample = [...anchors].map(([index, weights]) => {
    const { frameCount, startsScene } = groups[index];
    const alike = { frameCount, normalisation: { mean: 0, deviation: 1 } };
    const targets = ranges.map((tiles) => ({ ...alike, tiles }));
    const payload = groupPayload(network, targets, weights, width, steps, startsScene);
    return { bytes: payload.length, frameCount };
  });
  const round = { worth, psnr: 0, bpp: bitsAPixel(film, sample) };
  return nextWorth({ kind: "bpp", value: bpp }, [round]) ?? worth;
}
