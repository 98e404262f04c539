import type { GroupWeights, TileAsset, TileWeights } from "../../codec/internal.js";

/** Returns sin(omega (w^T h + b)) in float64. w is [in, out]. */
function sineLayer(h: readonly number[], w: Float32Array, b: Float32Array, omega: number): number[] {
  return Array.from(b, (bias, o) =>
    Math.sin(omega * h.reduce((sum, value, i) => sum + value * w[i * b.length + o], bias)),
  );
}

/** Returns R'G'B' of a tile at a tile-local position and a time, each -1 to 1. */
function tileValue(
  asset: TileAsset,
  group: GroupWeights<Float32Array>,
  tile: TileWeights<Float32Array>,
  { x, y, t }: { readonly x: number; readonly y: number; readonly t: number },
): number[] {
  const { network, encoder } = asset;
  let h: number[] = [x, y];
  for (let k = 0; k < network.frequencies; k++) {
    const angle = (2 ** k * Math.PI) / 2;
    h.push(Math.sin(angle * x), Math.sin(angle * y), Math.cos(angle * x), Math.cos(angle * y));
  }
  h.push(t, Math.sin((Math.PI * t) / 2), Math.cos((Math.PI * t) / 2));
  if (tile.width === 0) h = [];
  else if (network.encoderWidth > 0) h = sineLayer(h, encoder.weights, encoder.bias, network.omega);
  tile.hidden.forEach((weights, l) => {
    h = sineLayer(h, weights, tile.hiddenBias[l], network.omega);
  });
  return [0, 1, 2].map((c) => {
    const value = h.reduce((sum, activation, i) => sum + activation * tile.head[i * 3 + c], tile.headBias[c]);
    return value * group.deviation[c] + group.mean[c];
  });
}

/** Returns the displacement of a tile, interpolated or extrapolated linearly from the two nearest frames. */
function displacement(group: GroupWeights<Float32Array>, tile: number, frame: number, axis: number): number {
  const at = (f: number) => group.motion[(tile * group.frameCount + f) * 2 + axis];
  if (Number.isInteger(frame) && frame >= 0 && frame < group.frameCount) return at(frame);
  const previous = Math.max(0, Math.min(group.frameCount - 2, Math.floor(frame)));
  return at(previous) + (at(previous + 1) - at(previous)) * (frame - previous);
}

/** A point of a group. */
export interface FramePoint {
  /** Index of the frame within the group; may be fractional. */
  readonly frame: number;
  /** Position in source pixels. */
  readonly x: number;
  readonly y: number;
}

/** Evaluates the definition of the tile profile in float64. Returns R'G'B', 0 to 1, of one point. */
export function referencePixel(
  asset: TileAsset,
  group: GroupWeights<Float32Array>,
  { frame, x, y }: FramePoint,
): number[] {
  const { rows, columns, overlap } = asset.network;
  const t = (2 * frame + 1) / group.frameCount - 1;
  const along = (at: number, extent: number, count: number) => {
    const side = extent / count;
    const band = Math.min(overlap, side / 2);
    return Array.from({ length: count }, (_, tile) => {
      const rise = (distance: number) =>
        band === 0 ? Number(distance >= 0) : Math.max(0, Math.min(1, (distance + band) / (2 * band)));
      const left = tile === 0 ? 1 : rise(at - tile * side);
      const right = tile === count - 1 ? 0 : rise(at - (tile + 1) * side);
      return { weight: left * (1 - right), local: (2 * (at - tile * side)) / side - 1 };
    });
  };
  const sum = [0, 0, 0];
  along(y, asset.height, rows).forEach((row, r) => {
    along(x, asset.width, columns).forEach((column, c) => {
      const weight = row.weight * column.weight;
      if (weight === 0) return;
      const index = r * columns + c;
      const point = {
        x: column.local + displacement(group, index, frame, 0),
        y: row.local + displacement(group, index, frame, 1),
        t,
      };
      tileValue(asset, group, group.tiles[index], point).forEach((value, channel) => {
        sum[channel] += weight * value;
      });
    });
  });
  return sum;
}
