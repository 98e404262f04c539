import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestLevel } from "../../../../player/hls/levels.js";

test("pins the smallest level that covers the size, else the largest", () => {
  const size = (width: number, height: number) => ({ width, height });
  const levels = [size(320, 180), size(640, 360), size(960, 540)];
  assert.equal(nearestLevel(levels, size(400, 226)), 1);
  assert.equal(nearestLevel(levels, size(640, 360)), 1);
  assert.equal(nearestLevel(levels, size(4000, 2000)), 2);
  assert.equal(nearestLevel([], size(640, 360)), -1);
});
