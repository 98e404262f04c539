import { CHANNELS, type TileNetwork } from "../../codec/internal.js";
import type { LoopStep } from "../graph/onnx-export.js";
import { Operations, type Products } from "../graph/operations.js";
import type { Tensor } from "../graph/tensor.js";
import { meanSquaredError, type TilePoints, tileForward } from "../training/network/forward.js";
import { type NetworkParameters, tileParameters } from "../training/network/parameters.js";
import { firstLossScale, slopesOf } from "../training/onnx/loss-scaling.js";
import { adamStep, momentNames, SCHEDULE_LENGTH } from "../training/optimizers/adam.js";
import { muonStep } from "../training/optimizers/muon.js";
import { type CodingTerms, codedTile } from "../training/quantization/coded-tile.js";

/** Shapes that a tile graph is made for. */
export interface TileShape {
  readonly network: TileNetwork;
  readonly tiles: number;
  readonly frames: number;
  readonly width: number;
  /** Positions a tile and step. */
  readonly points: number;
  /** Rows of the target: frames x window pixels. */
  readonly rows: number;
}

/** Inputs of a tile graph that say where it is evaluated and what should be there. */
export interface TileInputs {
  readonly points: TilePoints;
  readonly rows: Tensor;
  /** [tiles, 3, points], normalized. */
  readonly target: Tensor;
  readonly parameters: NetworkParameters;
}

/** Builds the inputs that training and least squares share. */
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

/** Muon's learning rate as a share of AdamW's (docs/design.md, "Optimisers"). */
export const MUON_RATE = 0.8;

/** Muon is for the decoders' matrices; biases, heads and displacements take AdamW. */
const usesMuon = (name: string): boolean => /^hidden\d+$/.test(name);

/** Names of the optimizer's numbers that go with a weight. */
export const optimizerStateNames = (name: string): readonly string[] =>
  momentNames(name).slice(0, usesMuon(name) ? 1 : 2);

/** Inputs that `tileInputs` reads once a step. */
export const perStepInputs = (inputs: TileInputs): Tensor[] => [
  inputs.rows,
  inputs.points.position,
  inputs.points.frame,
];

/**
 * A training step: forward, loss, backward, Muon and AdamW. `motionRate` is the
 * displacements' learning rate as a share of the weights'. With `coding`, the network is trained as it will be
 * stored: its numbers rounded, and the bits that they cost added to the loss. The recorded `loss` is the mean
 * squared error alone.
 */
export function tileTrainingStep(
  shape: TileShape,
  learnEncoder: boolean,
  motionRate: number,
  coding?: CodingTerms,
  products: Products = "float32",
): LoopStep {
  const g = new Operations(products);
  const inputs = tileInputs(g, shape);
  const { parameters, points } = inputs;
  const schedule = g.input("schedule", [SCHEDULE_LENGTH]);
  const stored = coding === undefined ? undefined : codedTile(g, shape, inputs, coding);
  const seen = stored ?? inputs;
  const error = meanSquaredError(
    g,
    tileForward(g, shape.network, seen.parameters, seen.points),
    inputs.target,
  );
  const loss = stored === undefined ? error : g.add(error, stored.penalty);
  const layers = [...(learnEncoder ? parameters.encoder : []), ...parameters.hidden, parameters.head];
  const learned = [...layers.flatMap(({ weights, bias }) => [weights, bias]), points.motion];
  const max = firstLossScale(shape.tiles * CHANNELS, shape.points);
  const { slopes, state: scaling } = slopesOf(g, loss, learned, max);
  const rate = g.slice(schedule, 0, 0, 1);
  const state = learned.flatMap((tensor, i) =>
    usesMuon(tensor.name ?? "")
      ? muonStep(g, tensor, slopes[i], rate, MUON_RATE)
      : adamStep(g, tensor, slopes[i], schedule, tensor === points.motion ? motionRate : 1),
  );
  const each = [...perStepInputs(inputs), schedule, ...(stored === undefined ? [] : [stored.share])];
  return { state: [...state, ...scaling], perStep: each, record: { loss: error } };
}
