import assert from "node:assert/strict";
import { test } from "node:test";
import { fullRegion, KernelDecoder, memorySource, openAsset } from "../../../../codec/internal.js";
import { syntheticAsset } from "../../../support/synthetic-asset.js";

const asset = await openAsset(memorySource(syntheticAsset({ width: 101, height: 67, groups: [3] })));
assert.ok(asset.profile === "tile");
const decoder = await KernelDecoder.create(asset);
const group = decoder.loadGroup(0, await asset.readGroup(0));

for (const [width, height] of [
  [303, 201],
  [202, 135],
  [101, 67],
  [50, 33],
  [1, 1],
]) {
  test(`${width} x ${height}: yields a coarse frame first, then the frame that decodeRgba returns`, () => {
    const viewport = { region: fullRegion(asset), width, height };
    const expected = new Uint8Array(width * height * 4);
    decoder.decodeRgba(group, 1, viewport, expected);
    const [coarse, fine, ...more] = decoder.decodeProgressively(group, 1, viewport);
    assert.equal(more.length, 0);
    assert.deepEqual([coarse.width, coarse.height], [Math.ceil(width / 2), Math.ceil(height / 2)]);
    assert.deepEqual([fine.width, fine.height], [width, height]);
    for (let i = 0; i < expected.length; i++) {
      const message = `byte ${i}: ${fine.rgba[i]}, expected ${expected[i]}`;
      assert.ok(Math.abs(fine.rgba[i] - expected[i]) <= 1, message);
    }
    if (width < 101) return;
    for (let y = 0; y < coarse.height; y++) {
      for (let x = 0; x < coarse.width; x++) {
        const at = (2 * y * width + 2 * x) * 4;
        const kept = fine.rgba.subarray(at, at + 4);
        assert.deepEqual(
          kept,
          coarse.rgba.subarray((y * coarse.width + x) * 4, (y * coarse.width + x + 1) * 4),
        );
      }
    }
  });
}

test("rejects an invalid viewport before decoding anything", () => {
  const viewport = { region: { ...fullRegion(asset), x: 1 }, width: 20, height: 20 };
  assert.throws(() => decoder.decodeProgressively(group, 0, viewport).next(), /must lie within the frame/);
});

test("the coarse frame takes about a quarter of the work", () => {
  const viewport = { region: fullRegion(asset), width: 1010, height: 670 };
  const shares = Array.from({ length: 7 }, () => {
    const started = process.cpuUsage();
    const frames = decoder.decodeProgressively(group, 0, viewport);
    frames.next();
    const coarse = process.cpuUsage(started);
    frames.next();
    const both = process.cpuUsage(started);
    return (coarse.user + coarse.system) / (both.user + both.system);
  });
  const share = shares.sort((a, b) => a - b)[3];
  assert.ok(share > 0.1 && share < 0.4, `${share.toFixed(2)} of the processor time`);
});
