import assert from "node:assert/strict";
import { test } from "node:test";
import { countSamples, DynamicResolution } from "../../../../player/direct/dynamic-resolution.js";

const region = { x: 0, y: 0, width: 1280, height: 720 };
const size = { width: 1280, height: 720 };
const SAMPLES = countSamples({ ...size, region, draft: false });

/** Pictures that took this many seconds each for a million samples. */
function paceOf(seconds: number): DynamicResolution {
  const pace = new DynamicResolution();
  for (let i = 0; i < 50; i++) pace.addSample(SAMPLES, (seconds * SAMPLES) / 1e6);
  return pace;
}

test("a machine that is fast enough decodes every pixel", () => {
  const pace = paceOf(1 / 40);
  pace.adapt(size, region, 25, 1);
  assert.deepEqual(pace.quality(size), { ...size, draft: false });
});

test("one that is too slow decodes as many pixels as it has time for, and all of them again once it can", () => {
  const pace = paceOf(1 / 12);
  pace.adapt(size, region, 25, 1);
  const effort = pace.quality(size);
  assert.equal(effort.draft, true);
  assert.equal(effort.width % 2, 0);
  const load = pace.load(countSamples({ ...effort, region }) * 25, 1);
  assert.ok(load > 0.6 && load < 0.8, `its load is ${load}`);
  for (let i = 0; i < 100; i++) pace.addSample(SAMPLES, (1 / 50) * (SAMPLES / 1e6));
  pace.adapt(size, region, 25, 1);
  assert.deepEqual(pace.quality(size), { ...size, draft: false });
});

test("half the size costs a quarter in a draft, where the mean of samples costs three quarters", () => {
  const half = { width: 640, height: 360, region };
  assert.equal(countSamples({ ...half, draft: true }) / SAMPLES, 0.25);
  assert.equal(countSamples({ ...half, draft: false }) / SAMPLES, 0.75);
});
