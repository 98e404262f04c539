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
import {
  type Feed,
  float32Tensor,
  int64Tensor,
  loadGraph,
} from "../../../../encoder/training/onnx/onnx-runtime.js";
import { adamStep, momentBufferNames } from "../../../../encoder/training/optimizers/adam.js";
import { constantLearningRate } from "../../../../encoder/training/schedules/schedule.js";
import { createLoopSession, loadTensorFlow } from "../../../../encoder/training/tfjs/tfjs-runtime.js";
import {
  FIXTURES,
  type Fixture,
  flatten,
  readFixture,
  relativeError,
  swapAxes,
} from "../../../support/fixtures.js";

const TOLERANCE = 1e-4;

/** The graph of a golden file: its outputs, its trained tensors with their golden values, and its inputs. */
interface Case {
  readonly g: Operations;
  readonly output: Tensor;
  readonly loss: Tensor;
  readonly trained: readonly {
    readonly tensor: Tensor;
    readonly golden: (fixture: Record<string, unknown>) => number[];
  }[];
  readonly feeds: Record<string, Feed>;
}

function build(name: string, fixture: Fixture): Case {
  const g = new Operations();
  const feeds: Record<string, Feed> = {};
  const feed = (tensor: Tensor, values: readonly number[]) => {
    feeds[tensor.name ?? ""] = float32Tensor(Float32Array.from(values), tensor.shape);
  };
  const points = fixture.inputs.xy.length;
  const position = g.input("position", [1, 2, points]);
  feed(position, swapAxes([fixture.inputs.xy]));
  const channels = fixture.target.length;
  const target = g.input("target", [channels, 3, points]);
  feed(target, swapAxes(fixture.target));
  let parameters: NetworkParameters;
  let output: Tensor;
  const extra: { tensor: Tensor; golden: (fixture: Record<string, unknown>) => number[] }[] = [];
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
    feed(motion, swapAxes(fixture.weights.motion[0]));
    feed(offset, new Array(6).fill(0));
    feed(frame, fixture.inputs.frame ?? []);
    extra.push({ tensor: motion, golden: (fixture) => swapAxes((fixture.motion as never[])[0]) });
    output = tileForward(g, network, parameters, { position, offset, frame, motion });
  }
  const layers = [
    ...parameters.encoder.map((layer, l) => ({ layer, key: "enc", l })),
    ...parameters.hidden.map((layer, l) => ({ layer, key: "hid", l })),
    { layer: parameters.head, key: "head", l: 0 },
  ].flatMap(({ layer, key, l }) => [
    {
      tensor: layer.weights,
      key,
      golden: (fixture: Record<string, unknown>) => flatten((fixture[key] as never[])[l]),
    },
    {
      tensor: layer.bias,
      key,
      golden: (fixture: Record<string, unknown>) => flatten((fixture[`${key}_b`] as never[])[l]),
    },
  ]);
  for (const { tensor, golden } of layers) feed(tensor, golden(fixture.weights));
  const trained = [...layers.filter(({ key }) => key in fixture.gradients), ...extra];
  return { g, output, loss: meanSquaredError(g, output, target), trained, feeds };
}

for (const name of FIXTURES) {
  test(`${name}: output, loss and gradients of the graph match the reference`, async () => {
    const fixture = readFixture(name);
    const { g, output, loss, trained, feeds } = build(name, fixture);
    const wrt = trained.map(({ tensor }) => tensor);
    const outputs: Record<string, Tensor> = { output, loss };
    gradients(g, loss, wrt).forEach((gradient, i) => {
      outputs[`d_${wrt[i].name}`] = gradient;
    });
    const graph = await loadGraph(exportFunction(outputs), "cpu", 1);
    const results = await graph.run(feeds);
    await graph.release();
    assert.ok(relativeError(results.output, swapAxes(fixture.output)) <= TOLERANCE, "output");
    assert.ok(relativeError(results.loss, [fixture.losses[0]]) <= TOLERANCE, "loss");
    for (const { tensor, golden } of trained) {
      const error = relativeError(results[`d_${tensor.name}`], golden(fixture.gradients));
      assert.ok(error <= TOLERANCE, `gradient of ${tensor.name}: ${error}`);
    }
  });
}

for (const name of FIXTURES.filter((fixture) => fixture !== "paper-schedule-free")) {
  test(`${name}: three AdamW steps match the reference in an ONNX Loop and in TensorFlow.js`, async () => {
    const fixture = readFixture(name);
    const { g, loss, trained, feeds } = build(name, fixture);
    const schedule = g.input("schedule", [4]);
    const wrt = trained.map(({ tensor }) => tensor);
    const state = gradients(g, loss, wrt).flatMap((gradient, i) =>
      adamStep(g, { parameter: wrt[i], gradient, schedule }),
    );
    const step = { state, perStep: [schedule], record: { loss } };
    const loopFeeds: Record<string, Feed> = {
      ...feeds,
      steps: int64Tensor(BigInt64Array.of(3n), []),
      all_schedule: float32Tensor(constantLearningRate(fixture.lr, 0.9, 0, 3), [3, 4]),
    };
    for (const { name: parameter, shape } of wrt) {
      loopFeeds[`first_${parameter}`] = feeds[parameter ?? ""];
      delete loopFeeds[parameter ?? ""];
      for (const buffer of momentBufferNames(parameter ?? "")) {
        loopFeeds[`first_${buffer}`] = float32Tensor(
          new Float32Array(feeds[parameter ?? ""].data.length),
          shape,
        );
      }
    }
    for (const graph of [
      await loadGraph(exportLoop(step), "cpu", 1),
      createLoopSession(await loadTensorFlow("cpu"), step),
    ]) {
      const results = await graph.run(loopFeeds);
      await graph.release();
      assert.ok(relativeError(results.loss, fixture.losses) <= TOLERANCE, `losses ${results.loss}`);
      for (const { tensor, golden } of trained) {
        const error = relativeError(results[`next_${tensor.name}`], golden(fixture.weights_after_3_steps));
        assert.ok(error <= TOLERANCE, `${tensor.name} after three steps: ${error}`);
      }
    }
  });
}
