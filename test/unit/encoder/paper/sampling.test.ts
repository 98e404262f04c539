import assert from "node:assert/strict";
import { test } from "node:test";
import type { PaperNoise } from "../../../../encoder/options.js";
import { addNoise, NOISE_KINDS } from "../../../../encoder/paper/noise.js";
import { pointsPerStep, resolvePaperOptions } from "../../../../encoder/paper/options.js";
import { uniformAnchorFrames } from "../../../../encoder/paper/plan.js";
import { PaperSampler } from "../../../../encoder/paper/sampler.js";
import { loadPaperTarget } from "../../../../encoder/paper/target.js";
import { initialPaperWeights, warmStartWeights } from "../../../../encoder/paper/weights.js";
import { Random } from "../../../../encoder/training/sampling/random.js";
import { PAPER_NETWORK } from "../../../support/paper-network.js";

const FRAME = { width: 23, height: 17 };
const PLAN = { points: 60, seed: 3, keys: [2, 5] };

test("without replacement, samples no coordinate twice per step, and all coordinates equally often", () => {
  const sampler = new PaperSampler(FRAME, { ...PLAN, patch: 1, sampling: "without" });
  const { pixels, position } = sampler.sample(2000);
  const counts = new Map<bigint, number>();
  for (let step = 0; step < 2000; step++) {
    const sampled = pixels.subarray(step * 60, step * 60 + 60);
    assert.equal(new Set(sampled).size, 60, `step ${step}`);
    for (const pixel of sampled) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
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

test("with replacement, may repeat coordinates; sampling in parts equals sampling at once", () => {
  const withReplacement = new PaperSampler(FRAME, { ...PLAN, patch: 1, sampling: "replacement" }).sample(20);
  const repeated = Array.from(
    { length: 20 },
    (_, s) => new Set(withReplacement.pixels.subarray(s * 60, s * 60 + 60)).size,
  );
  assert.ok(repeated.some((count) => count < 60));
  for (const sampling of ["without", "replacement"] as const) {
    const parts = new PaperSampler(FRAME, { ...PLAN, patch: 1, sampling });
    const atOnce = new PaperSampler(FRAME, { ...PLAN, patch: 1, sampling }).sample(9);
    assert.deepEqual([...parts.sample(4).pixels, ...parts.sample(5).pixels], [...atOnce.pixels]);
  }
});

test("samples 1/1024 of the pixels per step by default, or the number that the options set", () => {
  const base = { input: "a.mp4", output: "a.siedd", profile: "paper" } as const;
  const pointsWith = (options: object, width: number, height: number) =>
    pointsPerStep(resolvePaperOptions({ ...base, ...options }).training, { width, height });
  assert.equal(pointsWith({}, 1920, 1080), 2025);
  assert.equal(pointsWith({}, 160, 90), 64);
  assert.equal(pointsWith({ points: 500 }, 1920, 1080), 500);
  assert.equal(pointsWith({ points: 500 }, 16, 16), 256);
  assert.equal(pointsWith({ points: 500, sampling: "replacement" }, 16, 16), 500);
  assert.equal(pointsWith({ fraction: 1 / 512 }, 1920, 1080), 4050);
  assert.equal(pointsWith({ fraction: 1 / 512 }, 160, 90), 28, "a fraction has no minimum");
  assert.equal(pointsWith({ fraction: 1, patch: 3 }, 20, 20), 49, "limited by the number of patches");
});

test("normalizes every frame by its own mean and deviation", async () => {
  async function* frames() {
    yield Uint8Array.from({ length: 48 }, (_, i) => (i % 2 === 0 ? 100 : 120));
    yield new Uint8Array(48).fill(200);
  }
  const target = await loadPaperTarget(frames(), 2, { width: 4, height: 4 });
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `expected ${b}, got ${a}`);
  near(target.mean[0], 110 / 255);
  near(target.deviation[0], 10 / 255);
  near(target.mean[1], 200 / 255);
  near(target.deviation[1], 1 / 255);
});

test("noise changes one pixel in 41 by its kind, reproducibly, and keeps the clean frames", async () => {
  const size = { width: 64, height: 48 };
  async function* frames() {
    for (let f = 0; f < 2; f++) yield new Uint8Array(64 * 48 * 3).fill(100);
  }
  const load = (kind: PaperNoise) =>
    loadPaperTarget(frames(), 2, size, (frame, index) =>
      addNoise(frame, { kind, seed: 5, frame: 10 + index }),
    );
  for (const kind of NOISE_KINDS) {
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
    const colors = new Set(changed.map(String));
    const [white, black] = [colors.has("255,255,255"), colors.has("0,0,0")];
    assert.equal(white, ["white", "salt-pepper", "all"].includes(kind), `${kind}: white`);
    assert.equal(black, ["black", "salt-pepper", "all"].includes(kind), `${kind}: black`);
    assert.equal(colors.size > 2, ["random", "all"].includes(kind), `${kind}: colors`);
  }
});

test("spaces anchors evenly; a group starts from the closest stack, and each head from the closest head", () => {
  assert.deepEqual(uniformAnchorFrames(132, 7), [0, 22, 44, 66, 87, 109, 131]);
  assert.deepEqual(uniformAnchorFrames(132), [0, 22, 44, 66, 87, 109, 131]);
  assert.equal(uniformAnchorFrames(100_000).length, 8);
  assert.deepEqual(uniformAnchorFrames(1), [0]);
  assert.deepEqual(uniformAnchorFrames(3, 9), [0, 1, 2]);

  const anchors = [0, 10, 20];
  const trained = initialPaperWeights({ network: PAPER_NETWORK, stacks: 3, frames: 3 }, new Random(1));
  const start = warmStartWeights(PAPER_NETWORK, trained, anchors, { firstFrame: 3, frameCount: 10 });
  const weightsOf = (name: string, index: number) => {
    const values = trained.get(name) as Float32Array;
    return values.subarray((index * values.length) / 3, ((index + 1) * values.length) / 3);
  };
  assert.deepEqual(start.get("hidden1"), weightsOf("hidden1", 1).slice(), "frame 8 is closest to anchor 10");
  const heads = start.get("head") as Float32Array;
  const length = heads.length / 10;
  for (let f = 0; f < 10; f++) {
    const nearest = 3 + f <= 5 ? 0 : 1;
    assert.deepEqual(
      heads.slice(f * length, (f + 1) * length),
      weightsOf("head", nearest).slice(),
      `frame ${3 + f}`,
    );
  }
  assert.ok(![...start.keys()].some((name) => name.startsWith("encoder")));
});
