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
const viewport = { region: fullRegion(asset), width: 80, height: 60 };
const pool = new DecodePool({ workers: 1 });
after(() => pool.close());

/** Decodes the video at a position in frames as RGBA. */
async function decodeAt(position: number): Promise<Uint8Array> {
  const out = new Uint8Array(80 * 60 * 4);
  const request = { position: locateFrame(asset.groups, position), viewport, format: "rgba" as const };
  await decodeFrameAt(decoder, load, request, out);
  return out;
}

/** Decodes one group at a frame that may be fractional or outside the group. */
function decodeGroup(group: ReturnType<KernelDecoder["loadGroup"]>, frame: number): Uint8Array {
  const out = new Uint8Array(80 * 60 * 4);
  decoder.decodeRgba(group, frame, viewport, out);
  return out;
}

test("between two frames, networks are evaluated at that time and displacements are interpolated linearly", async () => {
  const weights = dequantize(readGroup(network, { index: 0, frameCount: 4 }, await asset.readGroup(0)));
  for (const position of [1.25, 2.5]) {
    const decoded = await decodeAt(position);
    for (let i = 0; i < 200; i++) {
      const [x, y] = [(i * 37) % 80, (i * 53) % 60];
      const expected = referencePixel(asset, weights, { frame: position, x: x + 0.5, y: y + 0.5 });
      for (let c = 0; c < 3; c++) {
        const value = Math.max(0, Math.min(255, expected[c] * 255));
        assert.ok(Math.abs(decoded[(y * 80 + x) * 4 + c] - value) <= 1, `${position}: (${x}, ${y})`);
      }
    }
  }
});

test("between two groups of a scene, both are extrapolated and cross-faded", async () => {
  const [first, second] = [await load(0), await load(1)];
  const actual = await decodeAt(3.25);
  const [a, b] = [decodeGroup(first, 3.25), decodeGroup(second, -0.75)];
  for (let i = 0; i < actual.length; i++) {
    assert.ok(Math.abs(actual[i] - (0.75 * a[i] + 0.25 * b[i])) <= 1, `byte ${i}`);
  }
});

test("holds the previous frame across a scene cut and after the last frame", async () => {
  assert.deepEqual(await decodeAt(6.5), await decodeAt(6));
  assert.deepEqual(await decodeAt(9.75), await decodeAt(9));
  await assert.rejects(decodeAt(10), /frame 10 does not exist/);
  await assert.rejects(decodeAt(-0.5), /does not exist/);
  await assert.rejects(decodeAt(Number.NaN), /does not exist/);
});

test("locateFrame returns the group, the frame in it and the cross-fade weight", () => {
  assert.deepEqual(locateFrame(asset.groups, 0), { group: 0, frame: 0, blend: 0 });
  assert.deepEqual(locateFrame(asset.groups, 3.5), { group: 0, frame: 3.5, blend: 0.5 });
  assert.deepEqual(locateFrame(asset.groups, 4), { group: 1, frame: 0, blend: 0 });
  assert.deepEqual(locateFrame(asset.groups, 3.9999999), { group: 1, frame: 0, blend: 0 });
  assert.deepEqual(locateFrame(asset.groups, 9.5), { group: 2, frame: 2.5, blend: 0 });
});

test("twice the frame rate yields the frames of the video and interpolated ones between them", async (t) => {
  const path = join(await tempFolder(t), "video.siedd");
  await writeFile(path, bytes);
  const rate = { num: 50, den: 1 };
  let index = 0;
  for await (const frame of decodeFrames(pool, path, {
    from: 0,
    count: 20,
    rate,
    viewport,
    format: "rgba",
  })) {
    assert.deepEqual(Buffer.from(frame), Buffer.from(await decodeAt(index / 2)), `frame ${index}`);
    index++;
  }
  assert.equal(index, 20);
});
