import assert from "node:assert/strict";
import { test } from "node:test";
import { blockValues, type PaperNetwork, scaledValues, writePaperGroup, ZERO_STEPS } from "../codec/index.js";
import { gradients } from "../encoder/graph/gradient.js";
import { exportFunction, exportLoop } from "../encoder/graph/onnx-export.js";
import { Operations } from "../encoder/graph/operations.js";
import { size, type Tensor } from "../encoder/graph/tensor.js";
import { meanAbsoluteError, meanSquaredError, paperForward } from "../encoder/network/forward.js";
import { paperParameters } from "../encoder/network/parameters.js";
import { quantise16, quantiseBlocks } from "../encoder/paper/half-quadratic.js";
import { NOISES, type PaperNoise, spoil } from "../encoder/paper/noise.js";
import { pointsOf, resolvePaperOptions } from "../encoder/paper/options.js";
import { planAnchorFrames } from "../encoder/paper/plan.js";
import { PaperSampler } from "../encoder/paper/sampler.js";
import { loadTarget } from "../encoder/paper/target.js";
import { type PaperPlan, trainPaper } from "../encoder/paper/trainer.js";
import { initialPaperWeights, quantiseGroup, startFromAnchors } from "../encoder/paper/weights.js";
import { type Feed, floats, integers, loadGraph } from "../encoder/training/onnx-runtime.js";
import { Random } from "../encoder/training/random.js";
import {
  averagedWeights,
  scheduleFreeNames,
  scheduleFreeNumbers,
  scheduleFreeStep,
} from "../encoder/training/schedule-free.js";
import { flat, readFixture, relativeError, swapped } from "./fixtures.js";

const NETWORK: PaperNetwork = {
  profile: "paper",
  frequencies: 4,
  omega: 30,
  width: 12,
  encoderLayers: 2,
  hiddenLayers: 2,
  patch: 1,
  factors: undefined,
};

test("three steps of schedule-free AdamW in one Loop agree with the reference", async () => {
  const fixture = readFixture("paper-schedule-free");
  const points = fixture.inputs.xy.length;
  const g = new Operations();
  const parameters = paperParameters(g, NETWORK, 1, 4);
  const position = g.input("position", [1, 2, points]);
  const target = g.input("target", [4, 3, points]);
  const loss = meanSquaredError(g, paperForward(g, NETWORK, parameters, position), target);
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
  const slopes = gradients(
    g,
    loss,
    learned.map(({ tensor }) => tensor),
  );
  const state = learned.flatMap(({ tensor }, i) => scheduleFreeStep(g, tensor, slopes[i], schedule));
  const graph = await loadGraph(exportLoop({ state, perStep: [schedule], record: { loss } }), "cpu", 1);
  const feeds: Record<string, Feed> = {
    steps: integers(BigInt64Array.of(3n), []),
    position: floats(Float32Array.from(swapped([fixture.inputs.xy])), [1, 2, points]),
    target: floats(Float32Array.from(swapped(fixture.target)), [4, 3, points]),
    all_schedule: floats(scheduleFreeNumbers(fixture.lr, 2, 0, 3), [3, 3]),
  };
  for (const { tensor, key, l } of named) {
    const values = Float32Array.from(flat(weights[key][l]));
    if (key.startsWith("enc")) {
      feeds[tensor.name ?? ""] = floats(values, tensor.shape);
      continue;
    }
    const [fast, second] = scheduleFreeNames(tensor.name ?? "");
    feeds[`first_${tensor.name}`] = floats(values, tensor.shape);
    feeds[`first_${fast}`] = floats(values, tensor.shape);
    feeds[`first_${second}`] = floats(new Float32Array(values.length), tensor.shape);
  }
  const results = await graph.run(feeds);
  await graph.release();
  assert.ok(relativeError(results.loss, fixture.losses) <= 1e-4, `losses ${results.loss}`);
  for (const { tensor, key, l } of learned) {
    const kept = averagedWeights(
      results[`next_${tensor.name}`],
      results[`next_${scheduleFreeNames(tensor.name ?? "")[0]}`],
    );
    const error = relativeError(
      kept,
      flat((fixture.weights_after_3_steps as Record<string, never[]>)[key][l]),
    );
    assert.ok(error <= 1e-4, `${tensor.name} after three steps: ${error}`);
  }
});

test("the warm-up rises over its steps, and a schedule in parts is the whole schedule", () => {
  const whole = scheduleFreeNumbers(1e-4, 100, 0, 300);
  assert.ok(Math.abs(whole[0] / 1e-6 - 1) < 1e-6);
  assert.ok(Math.abs(whole[3 * 99] / 1e-4 - 1) < 1e-6 && whole[3 * 250] === whole[3 * 99]);
  assert.equal(whole[1], 1);
  assert.deepEqual(scheduleFreeNumbers(1e-4, 100, 120, 300), whole.slice(3 * 120));
});

/** Multiplications in the matrix products that some tensors need. */
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

test("in training too a further frame costs only its head, forward and backward", () => {
  const points = 50;
  const cost = (frames: number, forwardOnly: boolean) => {
    const g = new Operations();
    const parameters = paperParameters(g, NETWORK, 1, frames);
    const output = paperForward(g, NETWORK, parameters, g.input("position", [1, 2, points]));
    if (forwardOnly) return multiplications([output]);
    const layers = [...parameters.hidden, parameters.head];
    const learned = layers.flatMap(({ weights, bias }) => [weights, bias]);
    const loss = meanSquaredError(g, output, g.input("target", [frames, 3, points]));
    return multiplications(gradients(g, loss, learned));
  };
  const head = 3 * NETWORK.width * points;
  for (const frames of [1, 2, 19]) {
    assert.equal(cost(frames + 1, true) - cost(frames, true), head);
    assert.equal(cost(frames + 1, false) - cost(frames, false), 3 * head, "output, weights and features");
  }
  assert.ok(cost(1, true) > 10 * head);
});

test("--loss l1 follows the sign of the error", async () => {
  const g = new Operations();
  const x = g.input("x", [2, 3]);
  const loss = meanAbsoluteError(g, x, g.input("target", [2, 3]));
  const [slope] = gradients(g, loss, [x]);
  const graph = await loadGraph(exportFunction({ loss, slope }), "cpu", 1);
  const feeds = {
    x: floats(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
    target: floats(Float32Array.of(0, 4, 3, 8, 4, 3), [2, 3]),
  };
  const results = await graph.run(feeds);
  await graph.release();
  assert.ok(Math.abs(results.loss[0] - 11 / 6) < 1e-6);
  assert.deepEqual(
    [...results.slope].map((value) => Math.round(6 * value)),
    [1, -1, 0, -1, 1, 1],
  );
});

const PICTURE = { width: 23, height: 17 };
const PLAN = { points: 60, seed: 3, keys: [2, 5] };

test("without replacement no coordinate comes twice in a step, and all come equally often", () => {
  const sampler = new PaperSampler(PICTURE, { ...PLAN, patch: 1, sampling: "without" });
  const { pixels, position } = sampler.draw(2000);
  const counts = new Map<bigint, number>();
  for (let step = 0; step < 2000; step++) {
    const drawn = pixels.subarray(step * 60, step * 60 + 60);
    assert.equal(new Set(drawn).size, 60, `step ${step}`);
    for (const pixel of drawn) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  }
  assert.equal(counts.size, 23 * 17);
  const expected = (2000 * 60) / (23 * 17);
  for (const count of counts.values())
    assert.ok(Math.abs(count / expected - 1) < 0.3, `${count} of ${expected}`);
  for (const b of [0, 31, 59]) {
    const pixel = Number(pixels[b]);
    assert.ok(Math.abs(position[b] - ((2 * ((pixel % 23) + 0.5)) / 23 - 1)) < 1e-6);
    assert.ok(Math.abs(position[60 + b] - ((2 * (Math.floor(pixel / 23) + 0.5)) / 17 - 1)) < 1e-6);
  }
});

test("with replacement coordinates may come twice; draws in parts are the whole draw, in either way", () => {
  const twice = new PaperSampler(PICTURE, { ...PLAN, patch: 1, sampling: "replacement" }).draw(20);
  const repeated = Array.from(
    { length: 20 },
    (_, s) => new Set(twice.pixels.subarray(s * 60, s * 60 + 60)).size,
  );
  assert.ok(repeated.some((count) => count < 60));
  for (const sampling of ["without", "replacement"] as const) {
    const parts = new PaperSampler(PICTURE, { ...PLAN, patch: 1, sampling });
    const whole = new PaperSampler(PICTURE, { ...PLAN, patch: 1, sampling }).draw(9);
    assert.deepEqual([...parts.draw(4).pixels, ...parts.draw(5).pixels], [...whole.pixels]);
  }
});

test("a step sees 1/1024 of the coordinates, or the number asked for", () => {
  const base = { input: "a.mp4", output: "a.siedd", profile: "paper" } as const;
  const of = (options: object, width: number, height: number) =>
    pointsOf(resolvePaperOptions({ ...base, ...options }).training, { width, height });
  assert.equal(of({}, 1920, 1080), 2025);
  assert.equal(of({}, 160, 90), 64);
  assert.equal(of({ points: 500 }, 1920, 1080), 500);
  assert.equal(of({ points: 500 }, 16, 16), 256);
  assert.equal(of({ points: 500, sampling: "replacement" }, 16, 16), 500);
  assert.equal(of({ fraction: 1 / 512 }, 1920, 1080), 4050);
  assert.equal(of({ fraction: 1 / 512 }, 160, 90), 28, "as asked for, even where that is few");
  assert.equal(of({ fraction: 1, patch: 3 }, 20, 20), 49, "there are no more patches");
});

test("half-quadratic quantisation: six bits in blocks of 32 stay near half a level", () => {
  const random = new Random(4);
  const [inputs, outputs] = [80, 33];
  const values = Float32Array.from({ length: inputs * outputs }, () => random.symmetric(0.02) ** 3 * 2500);
  const matrix = quantiseBlocks(values, outputs, { bits: 6, block: 32 });
  const back = blockValues(matrix);
  let squares = 0;
  let linear = 0;
  for (let o = 0; o < outputs; o++) {
    for (let first = 0; first < inputs; first += 32) {
      const block = Array.from({ length: Math.min(32, inputs - first) }, (_, i) => (first + i) * outputs + o);
      const weights = block.map((at) => values[at]);
      const scale = (Math.max(...weights) - Math.min(...weights)) / 63;
      for (const at of block) {
        squares += (back[at] - values[at]) ** 2;
        linear += scale ** 2 / 12;
        assert.ok(
          Math.abs(back[at] - values[at]) <= 0.8 * scale + matrix.unit,
          `${values[at]} became ${back[at]}`,
        );
      }
    }
  }
  assert.ok(squares < 1.3 * linear, "about the error of ideal rounding");
  assert.ok(matrix.levels.every((level) => level >= 0 && level <= 63));
  assert.ok(matrix.scales.every((scale) => scale >= 1 && scale <= 255));
  assert.ok(matrix.zeros.every((zero) => zero >= -ZERO_STEPS * 64 && zero <= ZERO_STEPS * 128));
});

test("six bits a weight, scale and zero point, entropy-coded: at most 6.8 bits", () => {
  const network = { ...NETWORK, width: 128, hiddenLayers: 3 };
  const weights = initialPaperWeights(network, 1, 1, new Random(2));
  const moments = { frameCount: 1, mean: Float32Array.of(0.5), deviation: Float32Array.of(0.2) };
  const stored = writePaperGroup(quantiseGroup(network, weights, moments));
  const bits = (8 * stored.length - 16 * 3 * 128) / (3 * 128 * 128);
  assert.ok(bits < 6.8 && bits > 5, `${bits} bits`);
});

test("each option of training changes the weights, and the same options give the same", async () => {
  const picture = { width: 40, height: 30 };
  async function* frames() {
    const random = new Random(6);
    for (let f = 0; f < 3; f++) yield Uint8Array.from({ length: 3600 }, () => random.below(256));
  }
  const train = async (plan: Partial<PaperPlan>) => {
    const target = await loadTarget(frames(), 3, picture);
    const weights = initialPaperWeights(NETWORK, 1, 3, new Random(1));
    const problem = { network: NETWORK, target, stacks: 1, learnEncoder: false, weights };
    const base = {
      ...PLAN,
      steps: 14,
      optimizer: "schedule-free",
      rate: 1e-3,
      sampling: "without",
      loss: "mse",
    };
    const trained = await trainPaper(problem, { ...base, ...plan } as PaperPlan, {
      trainer: "onnx",
      device: "cpu",
      threads: 1,
    });
    assert.deepEqual(trained.get("encoder1"), weights.get("encoder1"), "the shared encoder is frozen");
    return trained.get("hidden1") as Float32Array;
  };
  const plain = await train({});
  assert.deepEqual(await train({}), plain);
  for (const plan of [
    { optimizer: "adam-onecycle" },
    { sampling: "replacement" },
    { loss: "l1" },
    { rate: 2e-3 },
    { points: 61 },
    { steps: 15 },
    { seed: 4 },
  ] as const) {
    assert.notDeepEqual(await train(plan), plain, JSON.stringify(plan));
  }
});

for (const [name, learnEncoder, plan] of [
  ["phase 1", true, {}],
  [
    "phase 2, one-cycle Adam and absolute errors",
    false,
    { optimizer: "adam-onecycle", loss: "l1", rate: 1e-3 },
  ],
] as const) {
  test(`TensorFlow.js and onnxruntime have the same loss at each of 50 steps: ${name}`, async () => {
    const picture = { width: 40, height: 30 };
    async function* frames() {
      for (let f = 0; f < 3; f++)
        yield Uint8Array.from({ length: 3600 }, (_, i) => 128 + 90 * Math.sin(i / (30 + 10 * f)));
    }
    const losses = async (trainer: "onnx" | "tfjs") => {
      const target = await loadTarget(frames(), 3, picture);
      const stacks = learnEncoder ? 3 : 1;
      const weights = initialPaperWeights(NETWORK, stacks, 3, new Random(1));
      const base = {
        ...PLAN,
        steps: 50,
        optimizer: "schedule-free",
        rate: 2e-3,
        sampling: "without",
        loss: "mse",
      };
      const all: number[] = [];
      await trainPaper(
        { network: NETWORK, target, stacks, learnEncoder, weights },
        { ...base, ...plan } as PaperPlan,
        { trainer, device: "cpu", threads: 1, onProgress: (_, some) => all.push(...some) },
      );
      return all;
    };
    const [onnx, tfjs] = [await losses("onnx"), await losses("tfjs")];
    assert.equal(onnx.length, 50);
    onnx.forEach((loss, step) => {
      assert.ok(Math.abs(tfjs[step] - loss) <= 1e-3 * loss, `step ${step}: ${tfjs[step]}, not ${loss}`);
    });
    assert.ok(onnx[49] < onnx[0]);
  });
}

test("quantisation takes constant, one-sided and empty-ranged weights", () => {
  for (const values of [
    new Float32Array(64),
    new Float32Array(64).fill(0.25),
    Float32Array.from({ length: 64 }, (_, i) => 5 + i / 1e4),
  ]) {
    const back = blockValues(quantiseBlocks(values, 2, { bits: 6, block: 32 }));
    values.forEach((value, i) => {
      assert.ok(Math.abs(value - back[i]) <= 1e-3 * Math.max(1, value), `${value} became ${back[i]}`);
    });
  }
  const numbers = Float32Array.of(0.5, -0.25, 0.1);
  scaledValues(quantise16(numbers)).forEach((value, i) => {
    assert.ok(Math.abs(value - numbers[i]) < 1e-5);
  });
});

test("every frame is normalised by its own mean and deviation", async () => {
  async function* frames() {
    yield Uint8Array.from({ length: 48 }, (_, i) => (i % 2 === 0 ? 100 : 120));
    yield new Uint8Array(48).fill(200);
  }
  const target = await loadTarget(frames(), 2, { width: 4, height: 4 });
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a}, not ${b}`);
  near(target.mean[0], 110 / 255);
  near(target.deviation[0], 10 / 255);
  near(target.mean[1], 200 / 255);
  near(target.deviation[1], 1 / 255);
});

test("--noise spoils one pixel in 41 by its kind, the same each time, and measures against the frames without", async () => {
  const picture = { width: 64, height: 48 };
  async function* frames() {
    for (let f = 0; f < 2; f++) yield new Uint8Array(64 * 48 * 3).fill(100);
  }
  const load = (kind: PaperNoise) =>
    loadTarget(frames(), 2, picture, (frame, index) => spoil(frame, kind, 5, 10 + index));
  for (const kind of NOISES) {
    const target = await load(kind);
    assert.deepEqual(target.clean, new Uint8Array(2 * 64 * 48 * 3).fill(100));
    assert.deepEqual((await load(kind)).frames, target.frames);
    const changed = Array.from({ length: 2 * 64 * 48 }, (_, i) => [
      ...target.frames.subarray(3 * i, 3 * i + 3),
    ]).filter((rgb) => rgb.some((value) => value !== 100));
    assert.ok(
      changed.length > 120 && changed.length <= 148,
      `${kind}: ${changed.length} of ${(2 * 64 * 48) / 41.472}`,
    );
    const colours = new Set(changed.map(String));
    const [white, black] = [colours.has("255,255,255"), colours.has("0,0,0")];
    assert.equal(white, ["white", "salt-pepper", "all"].includes(kind), `${kind}: white`);
    assert.equal(black, ["black", "salt-pepper", "all"].includes(kind), `${kind}: black`);
    assert.equal(colours.size > 2, ["random", "all"].includes(kind), `${kind}: colours`);
  }
});

test("anchors are evenly spaced; a group begins with the nearest stack, and each head with its own nearest", () => {
  assert.deepEqual(planAnchorFrames(132, 7), [0, 22, 44, 66, 87, 109, 131]);
  assert.deepEqual(planAnchorFrames(132), [0, 22, 44, 66, 87, 109, 131]);
  assert.equal(planAnchorFrames(100_000).length, 8);
  assert.deepEqual(planAnchorFrames(1), [0]);
  assert.deepEqual(planAnchorFrames(3, 9), [0, 1, 2]);

  const anchors = [0, 10, 20];
  const trained = initialPaperWeights(NETWORK, 3, 3, new Random(1));
  const start = startFromAnchors(NETWORK, trained, anchors, { firstFrame: 3, frameCount: 10 });
  const of = (name: string, index: number) => {
    const values = trained.get(name) as Float32Array;
    return values.subarray((index * values.length) / 3, ((index + 1) * values.length) / 3);
  };
  assert.deepEqual(start.get("hidden1"), of("hidden1", 1).slice(), "frame 8 is nearest to anchor 10");
  const heads = start.get("head") as Float32Array;
  const length = heads.length / 10;
  for (let f = 0; f < 10; f++) {
    const nearest = 3 + f <= 5 ? 0 : 1;
    assert.deepEqual(
      heads.slice(f * length, (f + 1) * length),
      of("head", nearest).slice(),
      `frame ${3 + f}`,
    );
  }
  assert.ok(![...start.keys()].some((name) => name.startsWith("encoder")));
});
