import assert from "node:assert/strict";
import { test } from "node:test";
import type { PaperNetwork, TileNetwork } from "../../../../codec/internal.js";
import { gradients } from "../../../../encoder/graph/gradient.js";
import { exportFunction, exportLoop } from "../../../../encoder/graph/onnx-export.js";
import { Operations } from "../../../../encoder/graph/operations.js";
import type { Tensor } from "../../../../encoder/graph/tensor.js";
import { meanSquaredError, paperForward, tileForward } from "../../../../encoder/training/network/forward.js";
import {
  type NetworkParameters,
  paperParameters,
  tileParameters,
} from "../../../../encoder/training/network/parameters.js";
import { type Feed, floats, integers, loadGraph } from "../../../../encoder/training/onnx/onnx-runtime.js";
import { adamStep, momentNames } from "../../../../encoder/training/optimizers/adam.js";
import { constantRate } from "../../../../encoder/training/schedules/schedule.js";
import { loadTensorFlow, runningLoop } from "../../../../encoder/training/tfjs/tfjs-runtime.js";
import {
  FIXTURES,
  type Fixture,
  flat,
  readFixture,
  relativeError,
  swapped,
} from "../../../support/fixtures.js";

const TOLERANCE = 1e-4;

interface Case {
  readonly g: Operations;
  readonly output: Tensor;
  readonly loss: Tensor;
  readonly learned: readonly {
    readonly tensor: Tensor;
    readonly golden: (of: Record<string, unknown>) => number[];
  }[];
  readonly feeds: Record<string, Feed>;
}

function build(name: string, fixture: Fixture): Case {
  const g = new Operations();
  const feeds: Record<string, Feed> = {};
  const give = (tensor: Tensor, values: readonly number[]) => {
    feeds[tensor.name ?? ""] = floats(Float32Array.from(values), tensor.shape);
  };
  const points = fixture.inputs.xy.length;
  const position = g.input("position", [1, 2, points]);
  give(position, swapped([fixture.inputs.xy]));
  const channels = fixture.target.length;
  const target = g.input("target", [channels, 3, points]);
  give(target, swapped(fixture.target));
  let parameters: NetworkParameters;
  let output: Tensor;
  const extra: { tensor: Tensor; golden: (of: Record<string, unknown>) => number[] }[] = [];
  if (name.startsWith("paper")) {
    const width = 12;
    const network: PaperNetwork = {
      profile: "paper",
      frequencies: 4,
      omega: 30,
      width,
      encoderLayers: 2,
      hiddenLayers: 2,
      patch: 1,
      factors: undefined,
    };
    parameters = paperParameters(g, network, (fixture.weights.hid[0] as number[]).length, 4);
    output = paperForward(g, network, parameters, position);
  } else {
    const encoderWidth = fixture.weights.enc.length > 0 ? 8 : 0;
    const network: TileNetwork = {
      profile: "tile",
      rows: 1,
      columns: 3,
      overlap: 0,
      frequencies: 4,
      omega: 20,
      encoderWidth,
      hiddenLayers: 2,
    };
    parameters = tileParameters(g, network, 3, 6);
    const motion = g.input("motion", [3, 2, 4]);
    const offset = g.input("offset", [3, 2, 1]);
    const frame = g.input("frame", [points]);
    give(motion, swapped(fixture.weights.motion[0]));
    give(offset, new Array(6).fill(0));
    give(frame, fixture.inputs.frame ?? []);
    extra.push({ tensor: motion, golden: (of) => swapped((of.motion as never[])[0]) });
    output = tileForward(g, network, parameters, { position, offset, frame, motion });
  }
  const layers = [
    ...parameters.encoder.map((layer, l) => ({ layer, key: "enc", l })),
    ...parameters.hidden.map((layer, l) => ({ layer, key: "hid", l })),
    { layer: parameters.head, key: "head", l: 0 },
  ].flatMap(({ layer, key, l }) => [
    { tensor: layer.weights, key, golden: (of: Record<string, unknown>) => flat((of[key] as never[])[l]) },
    {
      tensor: layer.bias,
      key,
      golden: (of: Record<string, unknown>) => flat((of[`${key}_b`] as never[])[l]),
    },
  ]);
  for (const { tensor, golden } of layers) give(tensor, golden(fixture.weights));
  const learned = [...layers.filter(({ key }) => key in fixture.gradients), ...extra];
  return { g, output, loss: meanSquaredError(g, output, target), learned, feeds };
}

for (const name of FIXTURES) {
  test(`${name}: output, loss and gradients agree with the reference`, async () => {
    const fixture = readFixture(name);
    const { g, output, loss, learned, feeds } = build(name, fixture);
    const wrt = learned.map(({ tensor }) => tensor);
    const outputs: Record<string, Tensor> = { output, loss };
    gradients(g, loss, wrt).forEach((gradient, i) => {
      outputs[`d_${wrt[i].name}`] = gradient;
    });
    const graph = await loadGraph(exportFunction(outputs), "cpu", 1);
    const results = await graph.run(feeds);
    await graph.release();
    assert.ok(relativeError(results.output, swapped(fixture.output)) <= TOLERANCE, "output");
    assert.ok(relativeError(results.loss, [fixture.losses[0]]) <= TOLERANCE, "loss");
    for (const { tensor, golden } of learned) {
      const error = relativeError(results[`d_${tensor.name}`], golden(fixture.gradients));
      assert.ok(error <= TOLERANCE, `gradient of ${tensor.name}: ${error}`);
    }
  });
}

for (const name of FIXTURES.filter((fixture) => fixture !== "paper-schedule-free")) {
  test(`${name}: three AdamW steps agree with the reference, by an ONNX Loop and by TensorFlow.js`, async () => {
    const fixture = readFixture(name);
    const { g, loss, learned, feeds } = build(name, fixture);
    const schedule = g.input("schedule", [4]);
    const wrt = learned.map(({ tensor }) => tensor);
    const state = gradients(g, loss, wrt).flatMap((gradient, i) =>
      adamStep(g, wrt[i], gradient, schedule, 1),
    );
    const step = { state, perStep: [schedule], record: { loss } };
    const loopFeeds: Record<string, Feed> = {
      ...feeds,
      steps: integers(BigInt64Array.of(3n), []),
      all_schedule: floats(constantRate(fixture.lr, 0.9, 0, 3), [3, 4]),
    };
    for (const { name: parameter, shape } of wrt) {
      loopFeeds[`first_${parameter}`] = feeds[parameter ?? ""];
      delete loopFeeds[parameter ?? ""];
      for (const time of momentNames(parameter ?? "")) {
        loopFeeds[`first_${time}`] = floats(new Float32Array(feeds[parameter ?? ""].size), shape);
      }
    }
    for (const graph of [
      await loadGraph(exportLoop(step), "cpu", 1),
      runningLoop(await loadTensorFlow("cpu"), step),
    ]) {
      const results = await graph.run(loopFeeds);
      await graph.release();
      assert.ok(relativeError(results.loss, fixture.losses) <= TOLERANCE, `losses ${results.loss}`);
      for (const { tensor, golden } of learned) {
        const error = relativeError(results[`next_${tensor.name}`], golden(fixture.weights_after_3_steps));
        assert.ok(error <= TOLERANCE, `${tensor.name} after three steps: ${error}`);
      }
    }
  });
}
