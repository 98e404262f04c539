import {
  type BlockMatrix,
  encoderInputs,
  headOutputs,
  type PaperFactors,
  type PaperLayer,
  type PaperNetwork,
  type QuantizedPaperGroup,
  type ScaledIntegers,
  writeAssetHeader,
  writePaperGroup,
} from "../../codec/internal.js";
import { createRandom } from "./synthetic-asset.js";

/** Options of a synthetic paper asset. The defaults yield a small valid asset. */
export interface SyntheticPaperOptions {
  readonly width?: number;
  readonly height?: number;
  /** Frames of each group. */
  readonly groups?: readonly number[];
  /** Width of the network. */
  readonly neurons?: number;
  readonly hiddenLayers?: number;
  readonly patch?: number;
  readonly factors?: PaperFactors;
  readonly seed?: number;
}

export const syntheticPaperNetwork = (options: SyntheticPaperOptions = {}): PaperNetwork => ({
  profile: "paper",
  frequencies: 4,
  omega: 30,
  width: options.neurons ?? 20,
  encoderLayers: 2,
  hiddenLayers: options.hiddenLayers ?? 2,
  patch: options.patch ?? 1,
  factors: options.factors,
});

/** Shape of a block matrix, and the bound of its values. */
interface BlockShape {
  readonly inputs: number;
  readonly outputs: number;
  readonly bits: number;
  readonly bound: number;
}

/** Returns a random block matrix in blocks of 8 with values within `bound`. */
function randomBlocks({ inputs, outputs, bits, bound }: BlockShape, random: () => number): BlockMatrix {
  const block = 8;
  const count = Math.ceil(inputs / block) * outputs;
  const maxLevel = 2 ** bits - 1;
  const pick = (low: number, high: number) => Math.round(low + ((random() + 1) / 2) * (high - low));
  return {
    inputs,
    outputs,
    bits,
    block,
    unit: Math.fround((2 * bound) / maxLevel / 255),
    scales: Int32Array.from({ length: count }, () => pick(128, 255)),
    zeros: Int32Array.from({ length: count }, () => pick(4 * maxLevel - 12, 4 * maxLevel + 12)),
    levels: Int32Array.from({ length: inputs * outputs }, () => pick(0, maxLevel)),
  };
}

function randomIntegers(length: number, bound: number, random: () => number): ScaledIntegers {
  const step = Math.fround(bound / 32767);
  return { step, integers: Int32Array.from({ length }, () => Math.round((random() * bound) / step)) };
}

const randomLayer = (
  { omega, ...shape }: Omit<BlockShape, "bound"> & { readonly omega: number },
  random: () => number,
): PaperLayer => ({
  weights: randomBlocks({ ...shape, bound: Math.sqrt(6 / shape.inputs) / omega }, random),
  bias: randomIntegers(shape.outputs, 0.1, random),
});

/** Returns one group with random weights in the range of trained ones. */
export function syntheticPaperGroup(
  network: PaperNetwork,
  frameCount: number,
  random: () => number,
): QuantizedPaperGroup {
  const { width, omega, factors } = network;
  const outputs = headOutputs(network);
  const hidden = (): PaperLayer => {
    if (factors === undefined) return randomLayer({ inputs: width, outputs: width, bits: 6, omega }, random);
    const { rank, frequency } = factors;
    const deviation = frequency === 0 ? Math.sqrt(2 / width) / omega : 1.5 / Math.abs(frequency);
    const bound = Math.sqrt((3 * deviation) / Math.sqrt(rank));
    const factor = () => randomBlocks({ inputs: width, outputs: rank, bits: 8, bound }, random);
    return { weights: factor(), right: factor(), bias: randomIntegers(width, 0.1, random) };
  };
  return {
    frameCount,
    mean: Float32Array.from({ length: frameCount }, () => 0.5 + 0.1 * random()),
    deviation: Float32Array.from({ length: frameCount }, () => 0.2 + 0.05 * random()),
    hidden: Array.from({ length: network.hiddenLayers }, hidden),
    head: randomIntegers(frameCount * width * outputs, 1 / Math.sqrt(width), random),
    headBias: randomIntegers(frameCount * outputs, 0.3, random),
  };
}

/** Returns the bytes of a valid paper asset with random weights. */
export function syntheticPaperAsset(options: SyntheticPaperOptions = {}): Uint8Array {
  const network = syntheticPaperNetwork(options);
  const random = createRandom(options.seed ?? 7);
  const frameCounts = options.groups ?? [4, 3];
  const payloads = frameCounts.map((frames) => writePaperGroup(syntheticPaperGroup(network, frames, random)));
  const layers = Array.from({ length: network.encoderLayers }, (_, l) =>
    randomLayer(
      {
        inputs: encoderInputs(network, l),
        outputs: network.width,
        bits: 8,
        omega: network.omega * (l === 0 ? 0.3 : 1),
      },
      random,
    ),
  );
  const { header } = writeAssetHeader({
    width: options.width ?? 97,
    height: options.height ?? 61,
    frameRate: { num: 25, den: 1 },
    profile: "paper",
    network,
    encoder: { layers },
    groups: frameCounts.map((frameCount, i) => ({ frameCount, size: payloads[i].length })),
    audio: [],
  });
  return Buffer.concat([header, ...payloads]);
}
