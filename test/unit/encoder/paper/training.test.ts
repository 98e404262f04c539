import assert from "node:assert/strict";
import { test } from "node:test";
import { loadPaperTarget } from "../../../../encoder/paper/target.js";
import { type PaperTrainingPlan, trainPaper } from "../../../../encoder/paper/trainer.js";
import { initialPaperWeights } from "../../../../encoder/paper/weights.js";
import { Random } from "../../../../encoder/training/sampling/random.js";
import { PAPER_NETWORK } from "../../../support/paper-network.js";

const PLAN = { points: 60, seed: 3, keys: [2, 5] };

test("each training option affects the weights, and the same options give the same weights", async () => {
  const frame = { width: 40, height: 30 };
  async function* frames() {
    const random = new Random(6);
    for (let f = 0; f < 3; f++) yield Uint8Array.from({ length: 3600 }, () => random.intBelow(256));
  }
  const train = async (plan: Partial<PaperTrainingPlan>) => {
    const target = await loadPaperTarget(frames(), 3, frame);
    const weights = initialPaperWeights({ network: PAPER_NETWORK, stacks: 1, frames: 3 }, new Random(1));
    const problem = { network: PAPER_NETWORK, target, stacks: 1, learnEncoder: false, weights };
    const base = {
      ...PLAN,
      steps: 14,
      optimizer: "schedule-free",
      learningRate: 1e-3,
      sampling: "without",
      loss: "mse",
    };
    const trained = await trainPaper(problem, { ...base, ...plan } as PaperTrainingPlan, {
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
    { learningRate: 2e-3 },
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
    { optimizer: "adam-onecycle", loss: "l1", learningRate: 1e-3 },
  ],
] as const) {
  test(`TensorFlow.js and onnxruntime agree on the loss of each of 50 steps: ${name}`, async () => {
    const frame = { width: 40, height: 30 };
    async function* frames() {
      for (let f = 0; f < 3; f++)
        yield Uint8Array.from({ length: 3600 }, (_, i) => 128 + 90 * Math.sin(i / (30 + 10 * f)));
    }
    const trainLosses = async (trainer: "onnx" | "tfjs") => {
      const target = await loadPaperTarget(frames(), 3, frame);
      const stacks = learnEncoder ? 3 : 1;
      const weights = initialPaperWeights({ network: PAPER_NETWORK, stacks, frames: 3 }, new Random(1));
      const base = {
        ...PLAN,
        steps: 50,
        optimizer: "schedule-free",
        learningRate: 2e-3,
        sampling: "without",
        loss: "mse",
      };
      const losses: number[] = [];
      await trainPaper(
        { network: PAPER_NETWORK, target, stacks, learnEncoder, weights },
        { ...base, ...plan } as PaperTrainingPlan,
        { trainer, device: "cpu", threads: 1, onProgress: (_, stepLosses) => losses.push(...stepLosses) },
      );
      return losses;
    };
    const [onnx, tfjs] = [await trainLosses("onnx"), await trainLosses("tfjs")];
    assert.equal(onnx.length, 50);
    onnx.forEach((loss, step) => {
      assert.ok(Math.abs(tfjs[step] - loss) <= 1e-3 * loss, `step ${step}: ${tfjs[step]} and ${loss}`);
    });
    assert.ok(onnx[49] < onnx[0]);
  });
}
