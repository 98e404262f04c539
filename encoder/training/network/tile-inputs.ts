import { CHANNELS, type TileNetwork } from "../../../codec/internal.js";
import type { Operations } from "../../graph/operations.js";
import type { Tensor } from "../../graph/tensor.js";
import type { TilePoints } from "./forward.js";
import { type NetworkParameters, tileParameters } from "./parameters.js";

/** Dimensions of a tile graph. */
export interface TileShape {
  readonly network: TileNetwork;
  readonly tiles: number;
  readonly frames: number;
  readonly width: number;
  /** Points per tile and step. */
  readonly points: number;
  /** Rows of the target: frames x window pixels. */
  readonly rows: number;
}

/** Inputs of a tile graph: points, target colors and parameters. */
export interface TileInputs {
  readonly points: TilePoints;
  /** [points]: rows of the target. */
  readonly rows: Tensor;
  /** [tiles, 3, points]: normalized target colors. */
  readonly target: Tensor;
  readonly parameters: NetworkParameters;
}

/** Creates the inputs that training and least squares share. */
export function tileInputs(g: Operations, shape: TileShape): TileInputs {
  const { tiles, frames, points } = shape;
  const rows = g.input("rows", [points], "int64");
  const pixels = g.input("pixels", [shape.rows, tiles * CHANNELS], "uint8");
  const colors = g.permute(
    g.reshape(g.toFloat(g.gather(pixels, rows)), [points, tiles, CHANNELS]),
    [1, 2, 0],
  );
  const normalized = g.add(g.multiply(colors, g.input("target_scale", [1])), g.input("target_shift", [1]));
  return {
    rows,
    target: normalized,
    parameters: tileParameters(g, shape.network, tiles, shape.width),
    points: {
      position: g.input("position", [1, 2, points]),
      offset: g.input("offset", [tiles, 2, 1]),
      frame: g.input("frame", [points]),
      motion: g.input("motion", [tiles, 2, frames]),
    },
  };
}

/** Returns the inputs that change in every step. */
export const perStepInputs = (inputs: TileInputs): Tensor[] => [
  inputs.rows,
  inputs.points.position,
  inputs.points.frame,
];
