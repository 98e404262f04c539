import assert from "node:assert/strict";
import { test } from "node:test";
import { planDecode } from "../../../../codec/decode/decode-plan.js";
import { chooseSampling } from "../../../../codec/decode/sampling.js";
import { fullRegion, KernelDecoder, memorySource, openAsset } from "../../../../codec/internal.js";
import { syntheticAsset } from "../../../support/synthetic-asset.js";

const FRAME = { width: 160, height: 120, groups: [2], widths: [8, 16], tileWidth: 8 };
const asset = await openAsset(memorySource(syntheticAsset(FRAME)));
assert.ok(asset.profile === "tile");
const decoder = await KernelDecoder.create(asset);
const group = decoder.loadGroup(0, await asset.readGroup(0));

function decode(width: number, height: number, region = fullRegion(asset)): Uint8Array {
  const out = new Uint8Array(width * height * 4);
  decoder.decodeRgba(group, 0, { region, width, height }, out);
  return out;
}

/** Downscales by averaging blocks of factor x factor pixels. */
function downscale(rgba: Uint8Array, width: number, height: number, factor: number): Float64Array {
  const out = new Float64Array((width / factor) * (height / factor) * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (Math.floor(y / factor) * (width / factor) + Math.floor(x / factor)) * 4;
      for (let c = 0; c < 4; c++) out[at + c] += rgba[(y * width + x) * 4 + c] / factor ** 2;
    }
  }
  return out;
}

const squaredError = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum / a.length;
};

for (const factor of [2, 3, 4, 8]) {
  test(`at 1/${factor} of the source size, a frame is close to the mean of the source pixels`, () => {
    const [width, height] = [Math.floor(160 / factor), Math.floor(120 / factor)];
    const region = { x: 0, y: 0, width: width * factor, height: height * factor };
    const source = decode(width * factor, height * factor, region);
    const reference = downscale(source, width * factor, height * factor, factor);
    const pointSampled = new Float64Array(reference.length);
    const middle = Math.floor(factor / 2);
    for (let i = 0; i < width * height; i++) {
      const [x, y] = [(i % width) * factor + middle, Math.floor(i / width) * factor + middle];
      for (let c = 0; c < 4; c++) pointSampled[i * 4 + c] = source[(y * width * factor + x) * 4 + c];
    }
    const error = squaredError(decode(width, height, region), reference);
    const aliasedError = squaredError(pointSampled, reference);
    assert.ok(
      error < aliasedError / 8,
      `error ${error.toFixed(2)}, with point sampling ${aliasedError.toFixed(2)}`,
    );
  });
}

test("a pixel takes fewer samples than it covers source pixels, and one sample at or above the source size", () => {
  for (const [width, height] of [
    [640, 360],
    [1280, 720],
    [600, 340],
    [320, 180],
    [213, 120],
    [160, 90],
    [80, 45],
    [160, 360],
    [1280, 90],
    [16, 16],
  ]) {
    const region = { x: 0, y: 0, width: 640, height: 360 };
    const { factorX, factorY, offsets, blurX, blurY } = chooseSampling({ region, width, height });
    const samples = factorX * factorY * offsets.length;
    const pixels = Math.max(1, 640 / width) * Math.max(1, 360 / height);
    assert.ok(samples <= Math.max(1, 0.85 * pixels), `${width} x ${height}: ${samples} of ${pixels}`);
    if (width >= 640) assert.equal(blurX, 0);
    if (height >= 360) assert.equal(blurY, 0);
  }
});

test("decodes any size up to 8192 pixels per side, at any aspect ratio, to its last pixel", () => {
  for (const [width, height] of [
    [16, 16],
    [8192, 16],
    [16, 8192],
    [17, 301],
    [333, 35],
  ]) {
    const out = decode(width, height);
    for (const at of [0, width - 1, width * (height - 1), width * height - 1]) {
      assert.equal(out[at * 4 + 3], 255, `${width} x ${height}`);
    }
    const corner = decode(1, 1, {
      x: 160 - 160 / width,
      y: 120 - 120 / height,
      width: 160 / width,
      height: 120 / height,
    });
    const last = out.subarray(out.length - 4);
    for (let c = 0; c < 3; c++)
      assert.ok(Math.abs(last[c] - corner[c]) <= 1, `${width} x ${height}: ${last} ${corner}`);
  }
});

test("a region below the source size equals the same region of the full frame", () => {
  const full = decode(80, 60);
  const crop = decode(30, 20, { x: 40, y: 30, width: 60, height: 40 });
  for (let y = 0; y < 20; y++) {
    for (let i = 0; i < 120; i++) {
      const expected = full[((y + 15) * 80 + 20) * 4 + i];
      assert.ok(Math.abs(expected - crop[y * 120 + i]) <= 1, `row ${y}, byte ${i}`);
    }
  }
});

test("only tiles that a region touches are computed, down to one", () => {
  const { network } = asset;
  const tile = { width: asset.width / network.columns, height: asset.height / network.rows };
  for (const [columns, rows] of [
    [1, 1],
    [2, 1],
    [3, 2],
  ]) {
    const inset = network.overlap + 0.5;
    const region = {
      x: tile.width + inset,
      y: tile.height + inset,
      width: columns * tile.width - 2 * inset,
      height: rows * tile.height - 2 * inset,
    };
    const { grids } = planDecode(network, asset, { region, width: 640, height: 480 });
    for (const grid of grids) {
      assert.deepEqual(
        grid.columns.map((span) => span.tile),
        Array.from({ length: columns }, (_, i) => 1 + i),
      );
      assert.deepEqual(
        grid.rows.map((span) => span.tile),
        Array.from({ length: rows }, (_, i) => 1 + i).filter((row) => row < network.rows),
      );
    }
  }
});

test("a region at a fractional scale equals the same region of the full frame at that scale", () => {
  // 3.3 output pixels per source pixel. The region begins at output pixel (33, 66).
  const full = decode(528, 396);
  const crop = decode(99, 66, { x: 10, y: 20, width: 30, height: 20 });
  for (let y = 0; y < 66; y++) {
    for (let i = 0; i < 99 * 4; i++) {
      const expected = full[((y + 66) * 528 + 33) * 4 + i];
      assert.ok(Math.abs(expected - crop[y * 99 * 4 + i]) <= 1, `row ${y}, byte ${i}`);
    }
  }
});
