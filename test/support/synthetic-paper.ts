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
import { noise } from "./synthetic-asset.js";

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

export const syntheticPaperNetwork = (o: SyntheticPaperOptions = {}): PaperNetwork => ({
  profile: "paper",
  frequencies: 4,
  omega: 30,
  width: o.neurons ?? 20,
  encoderLayers: 2,
  hiddenLayers: o.hiddenLayers ?? 2,
  patch: o.patch ?? 1,
  factors: o.factors,
});

/** Returns a random block matrix in blocks of 8 with values within `bound`. */
function blocks(
  inputs: number,
  outputs: number,
  bits: number,
  bound: number,
  next: () => number,
): BlockMatrix {
  const block = 8;
  const count = Math.ceil(inputs / block) * outputs;
  const top = 2 ** bits - 1;
  const pick = (low: number, high: number) => Math.round(low + ((next() + 1) / 2) * (high - low));
  return {
    inputs,
    outputs,
    bits,
    block,
    unit: Math.fround((2 * bound) / top / 255),
    scales: Int32Array.from({ length: count }, () => pick(128, 255)),
    zeros: Int32Array.from({ length: count }, () => pick(4 * top - 12, 4 * top + 12)),
    levels: Int32Array.from({ length: inputs * outputs }, () => pick(0, top)),
  };
}

function integers(length: number, bound: number, next: () => number): ScaledIntegers {
  const step = Math.fround(bound / 32767);
  return { step, integers: Int32Array.from({ length }, () => Math.round((next() * bound) / step)) };
}

const layer = (
  inputs: number,
  outputs: number,
  bits: number,
  omega: number,
  next: () => number,
): PaperLayer => ({
  weights: blocks(inputs, outputs, bits, Math.sqrt(6 / inputs) / omega, next),
  bias: integers(outputs, 0.1, next),
});

/** Returns one group with random weights in the range of trained ones. */
export function syntheticPaperGroup(
  network: PaperNetwork,
  frameCount: number,
  next: () => number,
): QuantizedPaperGroup {
  const { width, omega, factors } = network;
  const outputs = headOutputs(network);
  const hidden = (): PaperLayer => {
    if (factors === undefined) return layer(width, width, 6, omega, next);
    const { rank, frequency } = factors;
    const deviation = frequency === 0 ? Math.sqrt(2 / width) / omega : 1.5 / Math.abs(frequency);
    const factor = () => blocks(width, rank, 8, Math.sqrt((3 * deviation) / Math.sqrt(rank)), next);
    return { weights: factor(), right: factor(), bias: integers(width, 0.1, next) };
  };
  return {
    frameCount,
    mean: Float32Array.from({ length: frameCount }, () => 0.5 + 0.1 * next()),
    deviation: Float32Array.from({ length: frameCount }, () => 0.2 + 0.05 * next()),
    hidden: Array.from({ length: network.hiddenLayers }, hidden),
    head: integers(frameCount * width * outputs, 1 / Math.sqrt(width), next),
    headBias: integers(frameCount * outputs, 0.3, next),
  };
}

/** Returns the bytes of a valid paper asset with random weights. */
export function syntheticPaperAsset(o: SyntheticPaperOptions = {}): Uint8Array {
  const network = syntheticPaperNetwork(o);
  const next = noise(o.seed ?? 7);
  const frameCounts = o.groups ?? [4, 3];
  const payloads = frameCounts.map((frames) => writePaperGroup(syntheticPaperGroup(network, frames, next)));
  const layers = Array.from({ length: network.encoderLayers }, (_, l) =>
    layer(encoderInputs(network, l), network.width, 8, network.omega * (l === 0 ? 0.3 : 1), next),
  );
  const { header: head } = writeAssetHeader({
    width: o.width ?? 97,
    height: o.height ?? 61,
    frameRate: { num: 25, den: 1 },
    profile: "paper",
    network,
    encoder: { layers },
    groups: frameCounts.map((frameCount, i) => ({ frameCount, size: payloads[i].length })),
    audio: [],
  });
  return Buffer.concat([head, ...payloads]);
}
