import type { PaperNetwork, TileNetwork } from "../../../codec/internal.js";
import type { Operations } from "../../graph/operations.js";
import type { Tensor } from "../../graph/tensor.js";
import { encodePosition, linear, sineLayer } from "./layers.js";
import type { LayerParameters, NetworkParameters } from "./parameters.js";

/** B points at which the tile profile is evaluated. All tiles use the same points. */
export interface TilePoints {
  /** [1, 2, B]: position within a tile's window. */
  readonly position: Tensor;
  /** [tiles, 2, 1]: offset that makes the position tile-local. */
  readonly offset: Tensor;
  /** [B]: index of the frame within the group, as a float. */
  readonly frame: Tensor;
  /** [tiles, 2, frames]: displacement (u, v). */
  readonly motion: Tensor;
}

/** Builds the last hidden layer of the tile profile: [tiles, width, B]. */
export function tileHiddenForward(
  g: Operations,
  network: TileNetwork,
  parameters: NetworkParameters,
  points: TilePoints,
): Tensor {
  const [tiles, , frames] = points.motion.shape;
  const count = points.frame.shape[0];
  const displacement = g.matmul(points.motion, g.oneHot(points.frame, frames));
  const x = g.add(g.add(points.position, points.offset), displacement);
  const time = g.reshape(
    g.subtract(g.scale(g.add(points.frame, g.constant(0.5)), 2 / frames), g.constant(1)),
    [1, 1, count],
  );
  const angle = g.scale(time, Math.PI / 2);
  const timeFeatures = g.concat([time, g.sin(angle), g.cos(angle)], 1);
  const position = encodePosition(g, x, Math.PI / 2, network.frequencies);
  let h = g.concat([position, g.expand(timeFeatures, [tiles, 3, count])], 1);
  for (const layer of [...parameters.encoder, ...parameters.hidden])
    h = sineLayer(g, h, layer, network.omega);
  return h;
}

/** Builds the output of the tile profile: [tiles, 3, B], normalized colors. */
export function tileForward(
  g: Operations,
  network: TileNetwork,
  parameters: NetworkParameters,
  points: TilePoints,
): Tensor {
  return linear(
    g,
    tileHiddenForward(g, network, parameters, points),
    parameters.head.weights,
    parameters.head.bias,
  );
}

/**
 * Builds a sine layer like `sineLayer`, but multiplies omega into the weights, because a wide network has far fewer weights
 * than activations. Multiplies the factors of a matrix only if the network applies a sine to their product.
 */
function wideSineLayer(g: Operations, h: Tensor, layer: LayerParameters, network: PaperNetwork): Tensor {
  const { omega, factors } = network;
  const { weights, right } = layer;
  const bias = g.scale(layer.bias, omega);
  if (right === undefined || factors === undefined) return g.sin(linear(g, h, g.scale(weights, omega), bias));
  const { frequency, amplitude } = factors;
  if (frequency === 0) {
    const inner = g.autocastMatmul(g.transpose(g.scale(weights, omega)), h);
    return g.sin(g.add(g.autocastMatmul(right, inner), bias));
  }
  const product = g.autocastMatmul(g.scale(weights, frequency), g.transpose(right));
  return g.sin(linear(g, h, g.scale(g.sin(product), amplitude * omega), bias));
}

/**
 * Builds the output of the paper profile at positions [1, 2, B]: [frames, 3 patch^2, B], normalized colors in the order
 * rows, columns, channels of a patch. Computes the hidden layers once for all frames that share a stack, and joins their
 * heads to one matrix, so that another frame adds only the cost of its head.
 */
export function paperForward(
  g: Operations,
  network: PaperNetwork,
  parameters: NetworkParameters,
  position: Tensor,
): Tensor {
  let h = encodePosition(g, position, Math.PI, network.frequencies);
  for (const layer of [...parameters.encoder, ...parameters.hidden]) h = wideSineLayer(g, h, layer, network);
  const { weights, bias } = parameters.head;
  const [stacks, width, points] = h.shape;
  const [frames, , channels] = weights.shape;
  if (stacks > 1) return linear(g, h, weights, bias);
  const heads = g.reshape(g.transpose(weights), [1, frames * channels, width]);
  return g.add(g.reshape(g.autocastMatmul(heads, h), [frames, channels, points]), bias);
}

/** Builds the mean of the squared differences: [1]. */
export function meanSquaredError(g: Operations, output: Tensor, target: Tensor): Tensor {
  const difference = g.subtract(output, target);
  return mean(g, g.multiply(difference, difference));
}

/** Builds the mean of the absolute differences: [1]. */
export function meanAbsoluteError(g: Operations, output: Tensor, target: Tensor): Tensor {
  return mean(g, g.abs(g.subtract(output, target)));
}

function mean(g: Operations, values: Tensor): Tensor {
  const elements = values.shape.reduce((product, n) => product * n, 1);
  const axes = values.shape.map((_, axis) => axis);
  return g.reshape(g.scale(g.sum(values, axes), 1 / elements), [1]);
}
