import assert from "node:assert/strict";
import { test } from "node:test";
import { peakBitrate } from "../../../../server/hls/bandwidth.js";

test("the peak of a hundred thousand tiny segments beside a long one is found in linear time", () => {
  const segments = Array.from({ length: 100_000 }, (_, i) => ({
    bits: i === 50_000 ? 300 : 100,
    seconds: 0.001,
  }));
  const started = process.cpuUsage();
  const peak = peakBitrate([...segments, { bits: 1000, seconds: 3000 }], 3000);
  const { user } = process.cpuUsage(started);
  assert.equal(peak, 300 / 0.001);
  assert.ok(user < 1e6, `took ${user / 1000} ms`);
});
