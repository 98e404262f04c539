import {
  allocateTile,
  quantize,
  type TileNetwork,
  writeAssetHeader,
  writeGroup,
} from "../../codec/internal.js";
import { Random } from "../../encoder/training/sampling/random.js";

/** Describes an asset with random weights. */
export interface RandomAssetOptions {
  readonly network: TileNetwork;
  /** Size of a frame in source pixels. */
  readonly frame: { readonly width: number; readonly height: number };
  readonly tileWidth: number;
  readonly groups: number;
  /** Frames per group. */
  readonly frameCount: number;
}

/** Creates an asset whose random weights have the magnitude of trained ones, so that decoding takes as long. */
export function randomAsset({
  network,
  frame,
  tileWidth,
  groups,
  frameCount,
}: RandomAssetOptions): Uint8Array {
  const random = new Random(5);
  const uniform = (bound: number) => (random.int32() / 2 ** 31) * bound;
  const layers = Array.from({ length: network.hiddenLayers });
  // About 5.6 bits per weight, as in trained assets.
  const steps = {
    hidden: layers.map((_, l) => (l === 0 ? 4e-3 : 1.5e-3)),
    hiddenBias: layers.map(() => 2e-3),
    head: 1e-2,
    headBias: 1e-2,
    motion: 2e-3,
  };
  const payloads = Array.from({ length: groups }, () => {
    const tiles = Array.from({ length: network.rows * network.columns }, () => {
      const tile = allocateTile(network, tileWidth, (length) => new Float32Array(length));
      tile.hidden.forEach((matrix, l) => {
        const bound = ((l === 0 ? 3 : 1) * Math.sqrt((6 * tileWidth) / matrix.length)) / network.omega;
        for (let i = 0; i < matrix.length; i++) matrix[i] = uniform(bound);
        for (let i = 0; i < tileWidth; i++) tile.hiddenBias[l][i] = uniform(0.1);
      });
      for (let i = 0; i < tile.head.length; i++) tile.head[i] = uniform(0.4);
      return tile;
    });
    const motion = Float32Array.from({ length: tiles.length * frameCount * 2 }, () => uniform(0.05));
    const color = { mean: [0.5, 0.5, 0.5], deviation: [0.25, 0.25, 0.25] };
    return writeGroup(network, quantize({ frameCount, ...color, tiles, motion }, steps));
  });
  const { header } = writeAssetHeader({
    ...frame,
    profile: "tile",
    frameRate: { num: 25, den: 1 },
    network,
    encoder: { weights: new Float32Array(0), bias: new Float32Array(0) },
    groups: payloads.map(({ length }) => ({ frameCount, size: length })),
    audio: [],
  });
  return Buffer.concat([header, ...payloads]);
}
