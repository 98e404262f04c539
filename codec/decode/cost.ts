import type { Asset, GroupEntry, PaperAsset } from "../asset/asset.js";
import { CHANNELS, inputFeatures } from "../network/definition.js";
import { headOutputs } from "../paper/weights.js";
import { framesToCompute } from "./expected-frames.js";
import { chooseSampling, samplesPerPixel } from "./sampling.js";
import type { Viewport } from "./viewport.js";

/** Samples that are computed in the time in which one byte of a group is opened. */
const SAMPLES_PER_BYTE = 4;
/** Samples that are computed in the time in which a pixel of a patch is put in its place. */
const SAMPLES_PER_PIXEL = 2;
/** Multiplications of factored matrices per sample that is computed in the same time. */
const PRODUCTS_PER_SAMPLE = 16;
/** Multiplications per sample of the tile profile: three layers of width 16, and the head. */
const TILE_MULTIPLICATIONS = 21 * 16 + 2 * 16 * 16 + 16 * CHANNELS;

/** Consecutive frames to decode. */
export interface DecodedFrames {
  readonly frames: number;
  /** Groups that must be opened. */
  readonly groups: number;
}

/**
 * Returns what it costs to decode frames, in samples of the tile profile: below the source size, a pixel is the mean of
 * several samples. The cost is therefore bounded from below by the size of the region, however small the output is.
 */
export function decodeCost(asset: Asset, viewport: Viewport, { frames, groups }: DecodedFrames): number {
  const bytes = asset.groups.reduce((sum, group) => sum + payloadBytes(group), 0);
  const groupBytes = bytes / Math.max(1, asset.groups.length);
  const opening = groups * groupBytes * SAMPLES_PER_BYTE;
  const samples = viewport.width * viewport.height * samplesPerPixel(chooseSampling(viewport));
  if (asset.profile === "tile") return opening + frames * samples;
  return opening + paperCost(asset, { viewport, samples, frames, groups });
}

/** Returns the bytes of all parts that a group needs. */
const payloadBytes = ({ size, parts }: GroupEntry): number =>
  parts === undefined ? size : parts.reduce((sum, part) => sum + part.size, 0);

/**
 * Returns the cost of the paper profile, without opening. The hidden features are computed once per group, the heads for
 * all of its frames unless few are needed. Patches are only evaluated as a whole, and rearranged to the pixels of the source.
 */
function paperCost(
  { network, groups: entries, frameCount }: PaperAsset,
  work: DecodedFrames & { readonly viewport: Viewport; readonly samples: number },
): number {
  const { viewport, samples, groups } = work;
  const { patch, width, encoderLayers, hiddenLayers, factors } = network;
  const frames = groups * framesToCompute(work.frames / groups, frameCount / entries.length);
  const { region } = viewport;
  const patches = Math.ceil(region.width / patch + 2) * Math.ceil(region.height / patch + 2);
  const evaluations = patch === 1 ? samples : patches;
  const hidden = width * (inputFeatures(network) + (encoderLayers - 1 + hiddenLayers) * width);
  const head = width * headOutputs(network);
  const pixels = patch === 1 ? 0 : frames * patches * patch ** 2;
  const products = groups * hiddenLayers * width ** 2 * (factors?.rank ?? 0);
  return (
    (evaluations * (groups * hidden + frames * head)) / TILE_MULTIPLICATIONS +
    SAMPLES_PER_PIXEL * pixels +
    products / PRODUCTS_PER_SAMPLE
  );
}
