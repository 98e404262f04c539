import { CHANNELS, headOutputs, type PaperNetwork } from "../../codec/internal.js";
import type { LoopStep } from "../graph/onnx-export.js";
import { type MatmulPrecision, Operations } from "../graph/operations.js";
import type { Tensor } from "../graph/tensor.js";
import type { PaperLoss } from "../options.js";
import { meanAbsoluteError, meanSquaredError, paperForward } from "../training/network/forward.js";
import { layerTensors, paperParameters } from "../training/network/parameters.js";
import { initialLossScale, scaledGradients } from "../training/onnx/loss-scaling.js";
import type { Optimizer } from "./optimizers.js";

/** Sizes that a training graph is built for. */
export interface PaperShape {
  readonly network: PaperNetwork;
  /** Hidden stacks: 1, or one per frame in phase 1. */
  readonly stacks: number;
  readonly frames: number;
  /** Points per step. Each represents a patch. */
  readonly points: number;
  /** Pixels per frame. */
  readonly pixels: number;
}

/** Options of a training step. */
export interface PaperStepOptions {
  readonly learnEncoder: boolean;
  readonly optimizer: Optimizer;
  readonly loss: PaperLoss;
  /** Default float32. */
  readonly matmulPrecision?: MatmulPrecision;
}

/** A training step and the shapes of its weights by name. */
export interface PaperStep {
  readonly step: LoopStep;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/**
 * Builds a training step: forward pass, loss, backward pass and optimizer. Besides the weights and the state of the
 * optimizer, its inputs are `frames` uint8 [frames, pixels, 3], `target_scale` and `target_shift` [frames, 1, 1], and per
 * step `pixels` int64 [points x patch^2], `position` [1, 2, points] and `schedule` [scheduleLength].
 */
export function paperTrainingStep(
  shape: PaperShape,
  { learnEncoder, optimizer, loss: lossName, matmulPrecision = "float32" }: PaperStepOptions,
): PaperStep {
  const g = new Operations(matmulPrecision);
  const { network, frames, points } = shape;
  const parameters = paperParameters(g, network, shape.stacks, frames);
  const sampledPixels = points * network.patch ** 2;
  const pixels = g.input("pixels", [sampledPixels], "int64");
  const position = g.input("position", [1, 2, points]);
  const stored = g.input("frames", [frames, shape.pixels, CHANNELS], "uint8");
  const sampled = g.make("Gather", [stored, pixels], {
    shape: [frames, sampledPixels, CHANNELS],
    type: "uint8",
    attributes: { axis: 1 },
  });
  const patches = g.reshape(sampled, [frames, points, headOutputs(network)]);
  const perFrame = [frames, 1, 1];
  const target = g.add(
    g.multiply(g.transpose(g.toFloat(patches)), g.input("target_scale", perFrame)),
    g.input("target_shift", perFrame),
  );
  const output = paperForward(g, network, parameters, position);
  const loss = (lossName === "mse" ? meanSquaredError : meanAbsoluteError)(g, output, target);
  const layers = [...parameters.encoder, ...parameters.hidden, parameters.head];
  const learned = layers.slice(learnEncoder ? 0 : parameters.encoder.length).flatMap(layerTensors);
  const schedule = g.input("schedule", [optimizer.scheduleLength]);
  const lossScale = initialLossScale(frames * headOutputs(network), points);
  const { gradients, state: scaling } = scaledGradients(g, loss, learned, lossScale);
  const updates = learned.flatMap((tensor, i) => optimizer.step(g, tensor, gradients[i], schedule));
  const step = { state: [...updates, ...scaling], perStep: [pixels, position, schedule], record: { loss } };
  const nameAndShape = (tensor: Tensor) => [tensor.name ?? "", tensor.shape] as const;
  return { step, shapes: new Map(layers.flatMap(layerTensors).map(nameAndShape)) };
}
