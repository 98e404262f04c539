import assert from "node:assert/strict";
import { test } from "node:test";
import { CHANNELS, decoderInputs } from "../../../../codec/internal.js";
import { solveHeads } from "../../../../encoder/tile/least-squares.js";
import { type BlockTarget, spanTarget, type TrainedSpan, tileRates } from "../../../../encoder/tile/spans.js";
import { splitInTime } from "../../../../encoder/tile/split-in-time.js";
import { type TrainSpansTask, trainSpans } from "../../../../encoder/tile/train-spans.js";
import { initialWeights } from "../../../../encoder/tile/weights.js";
import { quantizationSteps } from "../../../../encoder/training/quantization/quantization-steps.js";
import { PixelStatistics } from "../../../../encoder/training/sampling/group-target.js";
import { Random } from "../../../../encoder/training/sampling/random.js";
import { tileWindows } from "../../../../encoder/training/sampling/tile-windows.js";
import type { TrainingWeights } from "../../../../encoder/training/weights.js";

const NETWORK = {
  profile: "tile",
  rows: 1,
  columns: 2,
  overlap: 0,
  frequencies: 4,
  omega: 20,
  encoderWidth: 0,
  hiddenLayers: 3,
} as const;
const WIDTH = 8;
const SIZE = { width: 32, height: 16 };
const FRAMES = 4;
const STEP_SIZES = quantizationSteps(NETWORK, 2e-3);

/** Returns four groups of four frames. The left tile stands still, and the right one shows another pattern in each group. */
function stillAndChanging(): BlockTarget {
  const groups = 4;
  const frames = new Uint8Array(groups * FRAMES * SIZE.width * SIZE.height * CHANNELS);
  const sums = Array.from({ length: groups }, (_, group) => {
    const statistics = new PixelStatistics();
    for (let f = 0; f < FRAMES; f++) {
      const random = new Random(group);
      const angle = 6 * random.uniform();
      const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
      const frame = frames.subarray((group * FRAMES + f) * SIZE.width * SIZE.height * CHANNELS);
      for (let at = 0; at < SIZE.width * SIZE.height; at++) {
        const [x, y] = [at % SIZE.width, Math.floor(at / SIZE.width)];
        const value =
          x < SIZE.width / 2 ? 0.2 * Math.sin(0.2 * x) : Math.sin(0.8 * (dx * x + dy * y) + 5 * group);
        frame.fill(128 + 100 * value, at * CHANNELS, (at + 1) * CHANNELS);
      }
      statistics.push(frame.subarray(0, SIZE.width * SIZE.height * CHANNELS));
    }
    return statistics.sums();
  });
  return {
    windows: tileWindows(NETWORK, SIZE.width, SIZE.height),
    tiles: { first: 0, count: 2 },
    frameCounts: new Array(groups).fill(FRAMES),
    sums,
    frames,
    frameWidth: SIZE.width,
  };
}

async function train(overrides: Partial<TrainSpansTask> = {}) {
  const reported: number[] = [];
  const spans = await trainSpans(
    {
      network: NETWORK,
      trainer: "kernel",
      device: "cpu",
      precision: "float32",
      kernel: "plain",
      threads: 1,
      width: WIDTH,
      block: stillAndChanging(),
      spans: [{ level: 2, group: 0, tiles: [0, 1], weights: undefined }],
      rule: { trialShare: 0.2, savedShare: 0.3 },
      lambda: 3000,
      stepSizes: STEP_SIZES,
      plan: { steps: 200, points: 64, learningRate: 4e-3, motionLearningRate: 1e-2, seed: 1 },
      firstGroup: 0,
      phase: 2,
      ...overrides,
    },
    { signal: new AbortController().signal, reportSteps: (done) => reported.push(done) },
  );
  return { spans, reported };
}

/** Returns the spans of a tile as level:group. */
const spansOf = (spans: readonly TrainedSpan[], tile: number): string[] =>
  spans
    .filter(({ tiles }) => tiles.includes(tile))
    .map(({ level, group }) => `${level}:${group}`)
    .sort();

test("a tile that stands still has one network for all groups, a tile that changes has one per group", async () => {
  const { spans, reported } = await train();
  assert.deepEqual(spansOf(spans, 0), ["2:0"]);
  assert.deepEqual(spansOf(spans, 1), ["0:0", "0:1", "0:2", "0:3"]);
  // Progress is the same as without spans: the steps of four groups.
  assert.equal(reported.at(-1), 800);
  assert.ok(
    reported.every((done, i) => i === 0 || done >= reported[i - 1]!),
    "progress never decreases",
  );
  assert.deepEqual((await train()).spans, spans, "the result is reproducible");
});

test("a higher lambda keeps long spans", async () => {
  const { spans } = await train({ lambda: 1e6 });
  assert.deepEqual(spansOf(spans, 1), ["2:0"]);
});

test("without a rule, no span is split", async () => {
  const { spans, reported } = await train({ rule: undefined });
  assert.deepEqual(spansOf(spans, 0), ["2:0"]);
  assert.deepEqual(spansOf(spans, 1), ["2:0"]);
  assert.equal(reported.at(-1), 800);
});

/** Evaluates a decoder at tile-local coordinates, in double precision. Returns the normalized color. */
function evaluate(
  weights: TrainingWeights,
  tiles: number,
  tile: number,
  { x, y, t, frame }: { x: number; y: number; t: number; frame: number },
): number[] {
  const part = (name: string) => {
    const values = weights.get(name)!;
    const length = values.length / tiles;
    return values.subarray(tile * length, (tile + 1) * length);
  };
  const motion = part("motion");
  const frames = motion.length / 2;
  const position = [x + motion[frame]!, y + motion[frames + frame]!];
  const features = [...position];
  for (let k = 0; k < NETWORK.frequencies; k++) {
    const angles = position.map((p) => (2 ** k * Math.PI * p) / 2);
    features.push(...angles.map(Math.sin), ...angles.map(Math.cos));
  }
  features.push(t, Math.sin((Math.PI / 2) * t), Math.cos((Math.PI / 2) * t));
  assert.equal(features.length, decoderInputs(NETWORK));
  const layer = (inputs: number[], name: string, outputs: number) => {
    const [matrix, bias] = [part(name), part(`${name}_bias`)];
    return Array.from({ length: outputs }, (_, o) =>
      inputs.reduce((sum, input, i) => sum + input * matrix[i * outputs + o]!, bias[o]!),
    );
  };
  let hidden = features;
  for (let l = 0; l < NETWORK.hiddenLayers; l++) {
    hidden = layer(hidden, `hidden${l}`, WIDTH).map((value) => Math.sin(NETWORK.omega * value));
  }
  return layer(hidden, "head", CHANNELS);
}

test("the decoders of a half compute nearly the colors of the whole span", () => {
  const shape = { network: NETWORK, tiles: 2, width: WIDTH, frames: 12 };
  const weights = new Map(initialWeights(shape, new Random(3)));
  weights.set(
    "motion",
    weights.get("motion")!.map((_, i) => Math.sin(i) / 50),
  );
  const [from, to] = [
    { mean: 0.5, deviation: 0.2 },
    { mean: 0.4, deviation: 0.3 },
  ];
  const [firstFrame, frameCount] = [7, 5];
  const half = splitInTime(weights, {
    network: NETWORK,
    tiles: 2,
    frames: 12,
    firstFrame,
    frameCount,
    from,
    to,
  });
  let squares = 0;
  let count = 0;
  for (let tile = 0; tile < 2; tile++) {
    for (let frame = 0; frame < frameCount; frame++) {
      for (const [x, y] of [
        [-0.9, 0.3],
        [0.2, -0.5],
        [0.7, 0.8],
      ] as const) {
        const at = firstFrame + frame;
        const whole = evaluate(weights, 2, tile, { x, y, t: (2 * (at + 0.5)) / 12 - 1, frame: at });
        const part = evaluate(half, 2, tile, { x, y, t: (2 * (frame + 0.5)) / frameCount - 1, frame });
        part.forEach((value, c) => {
          squares += (value * to.deviation + to.mean - (whole[c]! * from.deviation + from.mean)) ** 2;
          count++;
        });
      }
    }
  }
  // About 46 dB. If the time of the whole span were kept, it would be about 15 dB.
  assert.ok(Math.sqrt(squares / count) < 0.005, `RMS error ${Math.sqrt(squares / count)}`);
});

test("least squares returns the error of each tile", async () => {
  const block = stillAndChanging();
  const target = spanTarget(block, { level: 1, group: 2, tiles: [1] });
  const shape = { network: NETWORK, tiles: 1, width: WIDTH, frames: target.frameCount };
  const weights = new Map(initialWeights(shape, new Random(3)));
  const problem = { network: NETWORK, target, width: WIDTH, learnEncoder: false, weights };
  const options = { device: "cpu", threads: 1, seed: 5, keys: [1], measureErrors: true } as const;
  for (const engine of ["kernel", "onnx"] as const) {
    const { head, bias, errors } = await solveHeads(problem, { ...options, engine });
    const solved = new Map(weights).set("head", head).set("head_bias", bias);
    let squares = 0;
    const { width, height, left, top, scale, offsets } = target.windows;
    for (let frame = 0; frame < target.frameCount; frame++) {
      for (let at = 0; at < width * height; at++) {
        const [column, row] = [at % width, Math.floor(at / width)];
        const position = {
          x: scale[0] * (column + 0.5) + offsets[0]!,
          y: scale[1] * (row + 0.5) + offsets[1]!,
          t: (2 * (frame + 0.5)) / target.frameCount - 1,
          frame,
        };
        const pixel = (frame * SIZE.height + top[0]! + row) * SIZE.width + left[0]! + column;
        evaluate(solved, 1, 0, position).forEach((value, c) => {
          const { mean, deviation } = target.normalization;
          squares += (value - (target.frames[pixel * CHANNELS + c]! / 255 - mean) / deviation) ** 2;
        });
      }
    }
    const expected = squares / (target.frameCount * width * height * CHANNELS);
    assert.ok(Math.abs(errors[0]! / expected - 1) < 0.05, `${engine}: ${errors[0]}, expected ${expected}`);
  }
});

test("the rate of a tile counts its weights and the changes of its displacements", () => {
  const weights = initialWeights({ network: NETWORK, tiles: 2, width: WIDTH, frames: 3 }, new Random(3));
  const zero = new Map([...weights].map(([name, values]) => [name, new Float32Array(values.length)]));
  const [first, second] = tileRates(NETWORK, zero, 2, STEP_SIZES);
  const parameters = (decoderInputs(NETWORK) + 2 * WIDTH + 3) * WIDTH + 2 * 2;
  assert.ok(Math.abs(first! - parameters * Math.log(1.5)) < 1e-6, `${first}`);
  assert.equal(second, first);
  // A displacement of 8 steps in the last frame of the second tile.
  const moved = new Map(zero).set("motion", new Float32Array(12).fill(8 * STEP_SIZES.motion, 11));
  const [still, moving] = tileRates(NETWORK, moved, 2, STEP_SIZES);
  assert.equal(still, first);
  assert.ok(Math.abs(moving! - first! - Math.log((1 + Math.sqrt(64.25)) / 1.5)) < 1e-4, `${moving}`);
});
