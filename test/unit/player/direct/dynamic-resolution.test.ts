import assert from "node:assert/strict";
import { test } from "node:test";
import { countSamples, DynamicResolution } from "../../../../player/direct/dynamic-resolution.js";

const region = { x: 0, y: 0, width: 1280, height: 720 };
const size = { width: 1280, height: 720 };
const SAMPLES = countSamples({ ...size, region, draft: false });

/** A machine that takes this many seconds per million samples. */
function machine(secondsPerMillion: number): DynamicResolution {
  const resolution = new DynamicResolution();
  for (let i = 0; i < 50; i++) resolution.addSample(SAMPLES, (secondsPerMillion * SAMPLES) / 1e6);
  return resolution;
}

test("a fast machine decodes at full quality", () => {
  const resolution = machine(1 / 40);
  resolution.adapt(size, region, 25, 1);
  assert.deepEqual(resolution.quality(size), { ...size, draft: false });
});

test("a slow machine decodes a draft at the target load, and returns to full quality once it is faster", () => {
  const resolution = machine(1 / 12);
  resolution.adapt(size, region, 25, 1);
  const quality = resolution.quality(size);
  assert.equal(quality.draft, true);
  assert.equal(quality.width % 2, 0);
  const load = resolution.load(countSamples({ ...quality, region }) * 25, 1);
  assert.ok(load > 0.6 && load < 0.8, `load ${load}`);
  for (let i = 0; i < 100; i++) resolution.addSample(SAMPLES, (1 / 50) * (SAMPLES / 1e6));
  resolution.adapt(size, region, 25, 1);
  assert.deepEqual(resolution.quality(size), { ...size, draft: false });
});

test("at half size a draft takes a quarter of the samples, and averaging three quarters", () => {
  const half = { width: 640, height: 360, region };
  assert.equal(countSamples({ ...half, draft: true }) / SAMPLES, 0.25);
  assert.equal(countSamples({ ...half, draft: false }) / SAMPLES, 0.75);
});
