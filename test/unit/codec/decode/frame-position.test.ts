import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  decodeFrameAt,
  dequantize,
  fullRegion,
  KernelDecoder,
  locateFrame,
  memorySource,
  openAsset,
  readGroup,
} from "../../../../codec/internal.js";
import { DecodePool, decodeFrames } from "../../../../decode-pool/index.js";
import { referencePixel } from "../../../support/reference-decoder.js";
import { syntheticAsset } from "../../../support/synthetic-asset.js";
import { tempFolder } from "../../../support/temp-folder.js";

// The third group begins a scene.
const bytes = syntheticAsset({ width: 80, height: 60, groups: [4, 3, 3], scenes: [0, 2] });
const asset = await openAsset(memorySource(bytes));
assert.ok(asset.profile === "tile");
const { network } = asset;
const decoder = await KernelDecoder.create(asset);
const load = async (index: number) => decoder.loadGroup(index, await asset.readGroup(index));
const request = { region: fullRegion(asset), width: 80, height: 60 };
const pool = new DecodePool({ workers: 1 });
after(() => pool.close());

/** R'G'B'A of the video at a position in frames. */
async function at(position: number): Promise<Uint8Array> {
  const out = new Uint8Array(80 * 60 * 4);
  await decodeFrameAt(decoder, load, locateFrame(asset.groups, position), request, "rgba", out);
  return out;
}

/** One group continued to a frame that may lie between two of its own, or outside. */
function alone(group: ReturnType<KernelDecoder["loadGroup"]>, frame: number): Uint8Array {
  const out = new Uint8Array(80 * 60 * 4);
  decoder.decodeRgba(group, frame, request, out);
  return out;
}

test("between two frames the networks are evaluated there, displacements on a straight line", async () => {
  const weights = dequantize(readGroup(network, 0, 4, await asset.readGroup(0)));
  for (const position of [1.25, 2.5]) {
    const between = await at(position);
    for (let i = 0; i < 200; i++) {
      const [x, y] = [(i * 37) % 80, (i * 53) % 60];
      const expected = referencePixel(asset, weights, position, x + 0.5, y + 0.5);
      for (let c = 0; c < 3; c++) {
        const value = Math.max(0, Math.min(255, expected[c] * 255));
        assert.ok(Math.abs(between[(y * 80 + x) * 4 + c] - value) <= 1, `${position}: (${x}, ${y})`);
      }
    }
  }
});

test("between two groups of a scene both are continued and cross-faded", async () => {
  const [first, second] = [await load(0), await load(1)];
  const found = await at(3.25);
  const [a, b] = [alone(first, 3.25), alone(second, -0.75)];
  for (let i = 0; i < found.length; i++) {
    assert.ok(Math.abs(found[i] - (0.75 * a[i] + 0.25 * b[i])) <= 1, `byte ${i}`);
  }
});

test("over a scene cut, and after the end, the frame before is held", async () => {
  assert.deepEqual(await at(6.5), await at(6));
  assert.deepEqual(await at(9.75), await at(9));
  await assert.rejects(at(10), /frame 10 does not exist/);
  await assert.rejects(at(-0.5), /does not exist/);
  await assert.rejects(at(Number.NaN), /does not exist/);
});

test("moments find their group", () => {
  assert.deepEqual(locateFrame(asset.groups, 0), { group: 0, frame: 0, share: 0 });
  assert.deepEqual(locateFrame(asset.groups, 3.5), { group: 0, frame: 3.5, share: 0.5 });
  assert.deepEqual(locateFrame(asset.groups, 4), { group: 1, frame: 0, share: 0 });
  assert.deepEqual(locateFrame(asset.groups, 3.9999999), { group: 1, frame: 0, share: 0 });
  assert.deepEqual(locateFrame(asset.groups, 9.5), { group: 2, frame: 2.5, share: 0 });
});

test("twice the frames a second hold the video's own frames and those between", async (t) => {
  const path = join(await tempFolder(t), "video.siedd");
  await writeFile(path, bytes);
  const rate = { num: 50, den: 1 };
  let k = 0;
  for await (const frame of decodeFrames(pool, path, { from: 0, count: 20, rate, request, format: "rgba" })) {
    assert.deepEqual(Buffer.from(frame), Buffer.from(await at(k / 2)), `frame ${k}`);
    k++;
  }
  assert.equal(k, 20);
});
