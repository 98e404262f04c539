import { CHANNELS, headOutputs, type PaperNetwork } from "../../codec/internal.js";
import type { LoopStep } from "../graph/onnx-export.js";
import { Operations, type Products } from "../graph/operations.js";
import type { Tensor } from "../graph/tensor.js";
import { meanAbsoluteError, meanSquaredError, paperForward } from "../training/network/forward.js";
import { layerTensors, paperParameters } from "../training/network/parameters.js";
import { firstLossScale, slopesOf } from "../training/onnx/loss-scaling.js";
import type { Optimizer } from "./optimizers.js";
import type { PaperLoss } from "./options.js";

/** Shapes that a paper graph is made for. */
export interface PaperShape {
  readonly network: PaperNetwork;
  /** 1, or one a frame in phase 1. */
  readonly stacks: number;
  readonly frames: number;
  /** Coordinates a step; each stands for a patch. */
  readonly points: number;
  /** Of a frame. */
  readonly pixels: number;
}

/** A training step and the shapes of its weights by name. */
export interface PaperStep {
  readonly step: LoopStep;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/**
 * A training step: forward, loss, backward and optimizer. Inputs beside the weights and
 * the optimizer's state: `frames` uint8 [frames, pixels, 3], `target_scale` and `target_shift` [frames, 1, 1];
 * a step: `pixels` int64 [points x patch^2], `position` [1, 2, points], `schedule`.
 */
export function paperTrainingStep(
  shape: PaperShape,
  learnEncoder: boolean,
  optimizer: Optimizer,
  lossName: PaperLoss,
  products: Products = "float32",
): PaperStep {
  const g = new Operations(products);
  const { network, frames, points } = shape;
  const parameters = paperParameters(g, network, shape.stacks, frames);
  const drawnPixels = points * network.patch ** 2;
  const pixels = g.input("pixels", [drawnPixels], "int64");
  const position = g.input("position", [1, 2, points]);
  const stored = g.input("frames", [frames, shape.pixels, CHANNELS], "uint8");
  const drawn = g.make("Gather", [stored, pixels], [frames, drawnPixels, CHANNELS], "uint8", { axis: 1 });
  const patches = g.reshape(drawn, [frames, points, headOutputs(network)]);
  const each = [frames, 1, 1];
  const target = g.add(
    g.multiply(g.transpose(g.toFloat(patches)), g.input("target_scale", each)),
    g.input("target_shift", each),
  );
  const output = paperForward(g, network, parameters, position);
  const loss = (lossName === "mse" ? meanSquaredError : meanAbsoluteError)(g, output, target);
  const all = [...parameters.encoder, ...parameters.hidden, parameters.head];
  const learned = all.slice(learnEncoder ? 0 : parameters.encoder.length).flatMap(layerTensors);
  const schedule = g.input("schedule", [optimizer.scheduleLength]);
  const max = firstLossScale(frames * headOutputs(network), points);
  const { slopes, state: scaling } = slopesOf(g, loss, learned, max);
  const descent = learned.flatMap((tensor, i) => optimizer.step(g, tensor, slopes[i], schedule));
  const step = { state: [...descent, ...scaling], perStep: [pixels, position, schedule], record: { loss } };
  const named = (tensor: Tensor) => [tensor.name ?? "", tensor.shape] as const;
  return { step, shapes: new Map(all.flatMap(layerTensors).map(named)) };
}
