import type { PaperNetwork, TileNetwork } from "../../codec/index.js";
import type { Operations } from "../graph/operations.js";
import type { Tensor } from "../graph/tensor.js";
import { encodePosition, linear, sineLayer } from "./encoding.js";
import type { NetworkParameters } from "./parameters.js";

/** Where the tile profile is evaluated; B points that are the same for all tiles. */
export interface TilePoints {
  /** [1, 2, B]: the position within a tile's window. */
  readonly position: Tensor;
  /** [tiles, 2, 1]: what brings it to the tile's own coordinates. */
  readonly offset: Tensor;
  /** [B]: frame within the group, as a float. */
  readonly frame: Tensor;
  /** [tiles, 2, frames]: displacement (u, v). */
  readonly motion: Tensor;
}

/** The last hidden activations of the tile profile: [tiles, width, B]. */
export function tileHidden(
  g: Operations,
  network: TileNetwork,
  parameters: NetworkParameters,
  points: TilePoints,
): Tensor {
  const [tiles, , frames] = points.motion.shape;
  const count = points.frame.shape[0];
  const moved = g.matmul(points.motion, g.oneHot(points.frame, frames));
  const x = g.add(g.add(points.position, points.offset), moved);
  const time = g.reshape(
    g.subtract(g.scale(g.add(points.frame, g.constant(0.5)), 2 / frames), g.constant(1)),
    [1, 1, count],
  );
  const angle = g.scale(time, Math.PI / 2);
  const timeFeatures = g.concat([time, g.sin(angle), g.cos(angle)], 1);
  const position = encodePosition(g, x, Math.PI / 2, network.frequencies);
  let h = g.concat([position, g.expand(timeFeatures, [tiles, 3, count])], 1);
  for (const { weights, bias } of parameters.encoder) h = sineLayer(g, h, weights, bias, network.omega);
  for (const { weights, bias } of parameters.hidden) h = sineLayer(g, h, weights, bias, network.omega);
  return h;
}

/** The tile profile: -> [tiles, 3, B], values before the normalisation is undone. */
export function tileForward(
  g: Operations,
  network: TileNetwork,
  parameters: NetworkParameters,
  points: TilePoints,
): Tensor {
  return linear(g, tileHidden(g, network, parameters, points), parameters.head.weights, parameters.head.bias);
}

/**
 * The paper profile at positions [1, 2, B]: -> [frames, 3, B]. The hidden features are computed once
 * for all frames that share a stack.
 */
export function paperForward(
  g: Operations,
  network: PaperNetwork,
  parameters: NetworkParameters,
  position: Tensor,
): Tensor {
  let h = encodePosition(g, position, Math.PI, network.frequencies);
  for (const { weights, bias } of parameters.encoder) h = sineLayer(g, h, weights, bias, network.omega);
  for (const { weights, bias } of parameters.hidden) h = sineLayer(g, h, weights, bias, network.omega);
  return linear(g, h, parameters.head.weights, parameters.head.bias);
}

/** Mean of the squared differences: -> [1]. */
export function meanSquaredError(g: Operations, output: Tensor, target: Tensor): Tensor {
  const difference = g.subtract(output, target);
  const squares = g.multiply(difference, difference);
  const elements = squares.shape.reduce((product, n) => product * n, 1);
  return g.reshape(
    g.scale(
      g.sum(
        squares,
        squares.shape.map((_, axis) => axis),
      ),
      1 / elements,
    ),
    [1],
  );
}
