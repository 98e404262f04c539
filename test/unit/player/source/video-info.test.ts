import assert from "node:assert/strict";
import { test } from "node:test";
import { PlayerError } from "../../../../player/errors.js";
import { parseVideoInfo } from "../../../../player/source/video-info.js";

test("an invalid info.json is a bad-answer error", () => {
  const isBadAnswer = (error: unknown) => error instanceof PlayerError && error.reason === "bad-answer";
  for (const json of [
    null,
    {},
    { width: "640", height: 360, duration: 1 },
    { width: 0, height: 1, duration: 1 },
  ]) {
    assert.throws(() => parseVideoInfo(json), isBadAnswer);
  }
});

test("missing limits get their defaults", () => {
  const { limits } = parseVideoInfo({ width: 2, height: 2, duration: 1, limits: { maxSide: 4096 } });
  assert.deepEqual([limits.minSide, limits.maxSide], [16, 4096]);
});
