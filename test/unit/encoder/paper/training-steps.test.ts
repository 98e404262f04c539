import assert from "node:assert/strict";
import { test } from "node:test";
import { gradients } from "../../../../encoder/graph/gradient.js";
import { exportFunction, exportLoop } from "../../../../encoder/graph/onnx-export.js";
import { Operations } from "../../../../encoder/graph/operations.js";
import { size, type Tensor } from "../../../../encoder/graph/tensor.js";
import {
  meanAbsoluteError,
  meanSquaredError,
  paperForward,
} from "../../../../encoder/training/network/forward.js";
import { paperParameters } from "../../../../encoder/training/network/parameters.js";
import {
  type Feed,
  float32Tensor,
  int64Tensor,
  loadGraph,
} from "../../../../encoder/training/onnx/onnx-runtime.js";
import {
  averagedWeights,
  scheduleFreeBufferNames,
  scheduleFreeStep,
  scheduleFreeWarmup,
} from "../../../../encoder/training/optimizers/schedule-free.js";
import { flatten, readFixture, relativeError, swapAxes } from "../../../support/fixtures.js";
import { PAPER_NETWORK } from "../../../support/paper-network.js";

test("three steps of schedule-free AdamW in one ONNX Loop match the reference", async () => {
  const fixture = readFixture("paper-schedule-free");
  const points = fixture.inputs.xy.length;
  const g = new Operations();
  const parameters = paperParameters(g, PAPER_NETWORK, 1, 4);
  const position = g.input("position", [1, 2, points]);
  const target = g.input("target", [4, 3, points]);
  const loss = meanSquaredError(g, paperForward(g, PAPER_NETWORK, parameters, position), target);
  const schedule = g.input("schedule", [3]);
  const weights = fixture.weights as Record<string, never[]>;
  const named = [
    ...parameters.encoder.map((layer, l) => ({ layer, key: "enc", l })),
    ...parameters.hidden.map((layer, l) => ({ layer, key: "hid", l })),
    { layer: parameters.head, key: "head", l: 0 },
  ].flatMap(({ layer, key, l }) => [
    { tensor: layer.weights, key, l },
    { tensor: layer.bias, key: `${key}_b`, l },
  ]);
  const learned = named.filter(({ key }) => !key.startsWith("enc"));
  const parameterGradients = gradients(
    g,
    loss,
    learned.map(({ tensor }) => tensor),
  );
  const state = learned.flatMap(({ tensor }, i) =>
    scheduleFreeStep(g, { parameter: tensor, gradient: parameterGradients[i], schedule }),
  );
  const graph = await loadGraph(exportLoop({ state, perStep: [schedule], record: { loss } }), "cpu", 1);
  const feeds: Record<string, Feed> = {
    steps: int64Tensor(BigInt64Array.of(3n), []),
    position: float32Tensor(Float32Array.from(swapAxes([fixture.inputs.xy])), [1, 2, points]),
    target: float32Tensor(Float32Array.from(swapAxes(fixture.target)), [4, 3, points]),
    all_schedule: float32Tensor(scheduleFreeWarmup(fixture.lr, 2, 0, 3), [3, 3]),
  };
  for (const { tensor, key, l } of named) {
    const values = Float32Array.from(flatten(weights[key][l]));
    if (key.startsWith("enc")) {
      feeds[tensor.name ?? ""] = float32Tensor(values, tensor.shape);
      continue;
    }
    const [zName, secondMomentName] = scheduleFreeBufferNames(tensor.name ?? "");
    feeds[`first_${tensor.name}`] = float32Tensor(values, tensor.shape);
    feeds[`first_${zName}`] = float32Tensor(values, tensor.shape);
    feeds[`first_${secondMomentName}`] = float32Tensor(new Float32Array(values.length), tensor.shape);
  }
  const results = await graph.run(feeds);
  await graph.release();
  assert.ok(relativeError(results.loss, fixture.losses) <= 1e-4, `losses ${results.loss}`);
  for (const { tensor, key, l } of learned) {
    const weights = averagedWeights(
      results[`next_${tensor.name}`],
      results[`next_${scheduleFreeBufferNames(tensor.name ?? "")[0]}`],
    );
    const error = relativeError(
      weights,
      flatten((fixture.weights_after_3_steps as Record<string, never[]>)[key][l]),
    );
    assert.ok(error <= 1e-4, `${tensor.name} after three steps: ${error}`);
  }
});

test("the learning rate warms up and stays constant; a schedule in parts equals the complete schedule", () => {
  const schedule = scheduleFreeWarmup(1e-4, 100, 0, 300);
  assert.ok(Math.abs(schedule[0] / 1e-6 - 1) < 1e-6);
  assert.ok(Math.abs(schedule[3 * 99] / 1e-4 - 1) < 1e-6 && schedule[3 * 250] === schedule[3 * 99]);
  assert.equal(schedule[1], 1);
  assert.deepEqual(scheduleFreeWarmup(1e-4, 100, 120, 300), schedule.slice(3 * 120));
});

/** Counts the multiplications in the matrix products that tensors depend on. */
function multiplications(outputs: readonly Tensor[]): number {
  const seen = new Set<Tensor>();
  const visit = (tensor: Tensor): number => {
    if (seen.has(tensor)) return 0;
    seen.add(tensor);
    const own = tensor.op === "MatMul" ? size(tensor.shape) * (tensor.inputs[0].shape.at(-1) ?? 0) : 0;
    return tensor.inputs.reduce((sum, input) => sum + visit(input), own);
  };
  return outputs.reduce((sum, output) => sum + visit(output), 0);
}

test("another frame adds only the cost of its head, forward and backward", () => {
  const points = 50;
  const cost = (frames: number, forwardOnly: boolean) => {
    const g = new Operations();
    const parameters = paperParameters(g, PAPER_NETWORK, 1, frames);
    const output = paperForward(g, PAPER_NETWORK, parameters, g.input("position", [1, 2, points]));
    if (forwardOnly) return multiplications([output]);
    const layers = [...parameters.hidden, parameters.head];
    const learned = layers.flatMap(({ weights, bias }) => [weights, bias]);
    const loss = meanSquaredError(g, output, g.input("target", [frames, 3, points]));
    return multiplications(gradients(g, loss, learned));
  };
  const head = 3 * PAPER_NETWORK.width * points;
  for (const frames of [1, 2, 19]) {
    assert.equal(cost(frames + 1, true) - cost(frames, true), head);
    assert.equal(cost(frames + 1, false) - cost(frames, false), 3 * head, "output, weights and features");
  }
  assert.ok(cost(1, true) > 10 * head);
});

test("the gradient of the L1 loss is the sign of the error", async () => {
  const g = new Operations();
  const x = g.input("x", [2, 3]);
  const loss = meanAbsoluteError(g, x, g.input("target", [2, 3]));
  const [gradient] = gradients(g, loss, [x]);
  const graph = await loadGraph(exportFunction({ loss, gradient }), "cpu", 1);
  const feeds = {
    x: float32Tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
    target: float32Tensor(Float32Array.of(0, 4, 3, 8, 4, 3), [2, 3]),
  };
  const results = await graph.run(feeds);
  await graph.release();
  assert.ok(Math.abs(results.loss[0] - 11 / 6) < 1e-6);
  assert.deepEqual(
    [...results.gradient].map((value) => Math.round(6 * value)),
    [1, -1, 0, -1, 1, 1],
  );
});
