import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, formatCount, formatDuration } from "../../../../cli/output/format.js";

test("formats durations more coarsely the longer they are", () => {
  assert.deepEqual([0.4, 59.6, 3599.7, 7199, 7300].map(formatDuration), [
    "0 s",
    "1 min 0 s",
    "1 h 0 min",
    "2 h 0 min",
    "2 h 2 min",
  ]);
});

test("formats counts with a singular or plural noun", () => {
  assert.deepEqual([formatCount(1, "frame"), formatCount(0, "frame")], ["1 frame", "0 frames"]);
});

test("formats bytes in decimal units", () => {
  assert.deepEqual([999, 1000, 999_999, 1_234_567].map(formatBytes), [
    "999 bytes",
    "1.00 kB",
    "1.00 MB",
    "1.23 MB",
  ]);
});
