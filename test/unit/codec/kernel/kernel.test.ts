import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { planDecode } from "../../../../codec/decode/decode-plan.js";
import { createMemoryMap } from "../../../../codec/decode/memory-map.js";
import {
  fullRegion,
  hasRelaxedSimd,
  KernelDecoder,
  memorySource,
  openAsset,
  type TileAsset,
} from "../../../../codec/internal.js";
import { Kernel } from "../../../../codec/kernel/kernel.js";
import { syntheticAsset, syntheticNetwork } from "../../../support/synthetic-asset.js";

const FRAME = { width: 101, height: 67 };
const asset = (await openAsset(
  memorySource(syntheticAsset({ ...FRAME, groups: [2], widths: [8, 4, 12, 0, 16], encoderWidth: 12 })),
)) as TileAsset;
if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");

/** SHA-256 of frame 1 at the source size, twice the size and half of it, as I420 and RGBA. It must never change. */
const GOLDEN_FRAMES = "ee31fc22ecc89cbf620857f86ee3644ac3dc73b4d2846b91b4dbe73e9e5e6de2";

for (const relaxedSimd of [false, true]) {
  test(`frames have the golden hash, ${relaxedSimd ? "with" : "without"} relaxed SIMD`, async () => {
    const decoder = await KernelDecoder.create(asset, { relaxedSimd });
    const group = decoder.loadGroup(0, await asset.readGroup(0));
    const hash = createHash("sha256");
    for (const [width, height] of [
      [102, 68],
      [202, 134],
      [50, 34],
    ]) {
      const viewport = { region: fullRegion(FRAME), width, height };
      const i420 = new Uint8Array(width * height * 1.5);
      decoder.decodeI420(group, 1, { viewport, matrix: "bt709" }, i420);
      const rgba = new Uint8Array(width * height * 4);
      decoder.decodeRgba(group, 1, viewport, rgba);
      assert.ok(new Set(i420).size > 8, "the frame is nearly uniform");
      hash.update(i420).update(rgba);
    }
    assert.equal(hash.digest("hex"), GOLDEN_FRAMES);
  });
}

test("the planned memory begins after the constants of the kernel", async () => {
  const kernel = await Kernel.create(false);
  const constants = kernel.exports.staticBytes();
  assert.ok(constants > 64, `the kernel has ${constants} bytes of constants`);
  const viewport = { region: fullRegion(FRAME), ...FRAME };
  const map = createMemoryMap(kernel, planDecode(syntheticNetwork(FRAME), FRAME, viewport), {
    frequencies: 4,
    encoderFloats: 0,
    weightWords: 100,
    maxWidth: 16,
  });
  const { time, encoder, weights, scratch, sums, output } = map;
  for (const address of [time, encoder, weights, scratch, sums, output]) {
    assert.ok(address >= constants, `${address} is below ${constants}`);
  }
});

test("a view that overlaps the constants of the kernel is rejected", async () => {
  const kernel = await Kernel.create(false);
  const message = {
    name: "RangeError",
    message: /^address 64 overlaps the constants of the decoding kernel/,
  };
  assert.throws(() => kernel.floats(64, 3), message);
  assert.throws(() => kernel.words(64, 3), message);
  assert.throws(() => kernel.bytes(64, 3), message);
  assert.equal(kernel.floats(kernel.start, 3).length, 3);
});
