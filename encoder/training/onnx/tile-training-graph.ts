import { CHANNELS } from "../../../codec/internal.js";
import type { LoopStep } from "../../graph/onnx-export.js";
import { type MatmulPrecision, Operations } from "../../graph/operations.js";
import { meanSquaredError, tileForward } from "../network/forward.js";
import { perStepInputs, type TileShape, tileInputs } from "../network/tile-inputs.js";
import { ADAM_SCHEDULE_LENGTH, adamStep, momentBufferNames } from "../optimizers/adam.js";
import { muonStep } from "../optimizers/muon.js";
import { type FakeQuantization, fakeQuantizeTile } from "../quantization/fake-quantization.js";
import { initialLossScale, scaledGradients } from "./loss-scaling.js";

/** Returns whether Muon trains a parameter: it trains the hidden matrices, and AdamW trains all other parameters. */
const usesMuon = (name: string): boolean => /^hidden\d+$/.test(name);

/** Returns the names of the optimizer's moment buffers for a parameter. */
export const optimizerStateNames = (name: string): readonly string[] =>
  momentBufferNames(name).slice(0, usesMuon(name) ? 1 : 2);

/** Options of a training step. */
export interface TileTrainingOptions {
  /** Whether the shared encoder is trained too. */
  readonly learnEncoder: boolean;
  /** Learning rate of the displacements, as a multiple of the scheduled one. */
  readonly motionLearningRateScale: number;
  /** Quantization-aware training; undefined: minimize the error only. */
  readonly quantization?: FakeQuantization | undefined;
  /** Default "float32". */
  readonly matmulPrecision?: MatmulPrecision;
}

/**
 * Builds a training step: forward pass, loss, backward pass, Muon and AdamW. With `quantization`, the forward pass uses
 * the fake-quantized parameters, and the loss includes the rate term. The recorded `loss` is the mean squared error
 * without the rate term.
 */
export function tileTrainingStep(
  shape: TileShape,
  { learnEncoder, motionLearningRateScale, quantization, matmulPrecision = "float32" }: TileTrainingOptions,
): LoopStep {
  const g = new Operations(matmulPrecision);
  const inputs = tileInputs(g, shape);
  const { parameters, points } = inputs;
  const schedule = g.input("schedule", [ADAM_SCHEDULE_LENGTH]);
  const quantized = quantization && fakeQuantizeTile(g, shape, inputs, quantization);
  const evaluated = quantized ?? inputs;
  const error = meanSquaredError(
    g,
    tileForward(g, shape.network, evaluated.parameters, evaluated.points),
    inputs.target,
  );
  const loss = quantized === undefined ? error : g.add(error, quantized.rateTerm);
  const layers = [...(learnEncoder ? parameters.encoder : []), ...parameters.hidden, parameters.head];
  const learned = [...layers.flatMap(({ weights, bias }) => [weights, bias]), points.motion];
  const maxScale = initialLossScale(shape.tiles * CHANNELS, shape.points);
  const { gradients, state: scaling } = scaledGradients(g, loss, learned, maxScale);
  const learningRate = g.slice(schedule, 0, 0, 1);
  const state = learned.flatMap((tensor, i) =>
    usesMuon(tensor.name ?? "")
      ? muonStep(g, { parameter: tensor, gradient: gradients[i], learningRate })
      : adamStep(g, {
          parameter: tensor,
          gradient: gradients[i],
          schedule,
          learningRateScale: tensor === points.motion ? motionLearningRateScale : 1,
        }),
  );
  const perStep = [
    ...perStepInputs(inputs),
    schedule,
    ...(quantized === undefined ? [] : [quantized.strength]),
  ];
  return { state: [...state, ...scaling], perStep, record: { loss: error } };
}
