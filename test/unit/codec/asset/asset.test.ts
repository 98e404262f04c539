import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import {
  ByteWriter,
  crc32c,
  dequantize,
  fullRegion,
  hasRelaxedSimd,
  KernelDecoder,
  memorySource,
  openAsset,
  planAxis,
  readGroup,
  SieddError,
  type TileNetwork,
} from "../../../../codec/internal.js";
import { referencePixel } from "../../../support/reference-decoder.js";
import {
  createRandom,
  type SyntheticOptions,
  syntheticAsset,
  syntheticNetwork,
} from "../../../support/synthetic-asset.js";

const SMALL: SyntheticOptions = { width: 101, height: 67, groups: [3, 2], widths: [8, 4, 12, 0, 16] };

async function opened(options: SyntheticOptions) {
  const asset = await openAsset(memorySource(syntheticAsset(options)));
  assert.ok(asset.profile === "tile");
  const decoder = await KernelDecoder.create(asset);
  const group = async (index: number) => decoder.loadGroup(index, await asset.readGroup(index));
  return { asset, decoder, group };
}

for (const [name, options] of [
  ["a width per tile", SMALL],
  ["a shared encoder", { ...SMALL, encoderWidth: 12 }],
  ["width 32, one layer", { ...SMALL, widths: [32], hiddenLayers: 1 }],
  ["no overlap", { ...SMALL, overlap: 0 }],
] as const) {
  test(`the kernel matches the reference decoder within 1/255: ${name}`, async () => {
    const { asset, decoder, group } = await opened(options);
    const loaded = await group(1);
    const weights = dequantize(
      readGroup(asset.network, { index: 1, frameCount: 2 }, await asset.readGroup(1)),
    );
    const viewport = { region: { x: 10.5, y: 3, width: 50, height: 40 }, width: 57, height: 43 };
    const out = new Uint8Array(57 * 43 * 4);
    decoder.decodeRgba(loaded, 1, viewport, out);
    for (let y = 0; y < 43; y++) {
      for (let x = 0; x < 57; x++) {
        const [sourceX, sourceY] = [10.5 + ((x + 0.5) * 50) / 57, 3 + ((y + 0.5) * 40) / 43];
        const reference = referencePixel(asset, weights, { frame: 1, x: sourceX, y: sourceY });
        for (let c = 0; c < 3; c++) {
          const expected = Math.max(0, Math.min(255, reference[c] * 255));
          const actual = out[(y * 57 + x) * 4 + c];
          assert.ok(
            Math.abs(actual - expected) <= 1,
            `(${x}, ${y}) channel ${c}: ${actual}, expected ${expected}`,
          );
        }
      }
    }
  });
}

test("both builds of the kernel output identical bytes", async () => {
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  assert.ok(hasRelaxedSimd());
  const asset = await openAsset(memorySource(syntheticAsset({ ...SMALL, widths: [4, 16, 24, 32] })));
  const viewport = { region: fullRegion(asset), width: 300, height: 200 };
  const outputs = await Promise.all(
    [true, false].map(async (relaxedSimd) => {
      assert.ok(asset.profile === "tile");
      const decoder = await KernelDecoder.create(asset, { relaxedSimd });
      const out = new Uint8Array(300 * 200 * 4);
      decoder.decodeRgba(decoder.loadGroup(0, await asset.readGroup(0)), 1, viewport, out);
      return out;
    }),
  );
  assert.deepEqual(outputs[0], outputs[1]);
});

test("a decoded region equals the same region of the full frame", async () => {
  const { asset, decoder, group } = await opened(SMALL);
  const loaded = await group(0);
  const full = new Uint8Array(202 * 134 * 4);
  decoder.decodeRgba(loaded, 2, { region: fullRegion(asset), width: 202, height: 134 }, full);
  const crop = new Uint8Array(60 * 40 * 4);
  decoder.decodeRgba(
    loaded,
    2,
    { region: { x: 20, y: 25, width: 30, height: 20 }, width: 60, height: 40 },
    crop,
  );
  for (let y = 0; y < 40; y++) {
    const line = full.subarray(((y + 50) * 202 + 40) * 4, ((y + 50) * 202 + 100) * 4);
    for (let i = 0; i < line.length; i++) {
      assert.ok(Math.abs(line[i] - crop[y * 240 + i]) <= 1, `row ${y}, byte ${i}`);
    }
  }
});

test("I420 output equals the R'G'B' output converted by the color matrix", async () => {
  const { asset, decoder, group } = await opened({ ...SMALL, width: 100, height: 66 });
  const loaded = await group(0);
  const [width, height] = [70, 50];
  const viewport = { region: fullRegion(asset), width, height };
  const rgba = new Uint8Array(width * height * 4);
  decoder.decodeRgba(loaded, 0, viewport, rgba);
  for (const [matrix, kr, kb] of [
    ["bt709", 0.2126, 0.0722],
    ["bt601", 0.299, 0.114],
  ] as const) {
    const i420 = new Uint8Array((width * height * 3) / 2);
    decoder.decodeI420(loaded, 0, { viewport, matrix }, i420);
    let maxError = 0;
    for (let i = 0; i < width * height; i++) {
      const rgb = rgba.subarray(4 * i, 4 * i + 3);
      if (rgb.some((value) => value === 0 || value === 255)) continue;
      const luma = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2];
      maxError = Math.max(maxError, Math.abs(16 + (219 * luma) / 255 - i420[i]));
    }
    assert.ok(maxError <= 1.1, `${matrix}: luma differs by ${maxError}`);
  }
});

test("cross-fade weights sum to one at every sample", () => {
  for (const [extent, count, overlap, start, length, samples] of [
    [640, 16, 1, 0, 640, 640],
    [101, 3, 2.5, 7.25, 60, 333],
    [101, 3, 0, 0, 101, 50],
    [64, 16, 40, 0, 64, 128],
  ]) {
    const sums = new Float64Array(samples);
    for (const span of planAxis({ extent, count, overlap }, { start, length, samples })) {
      span.fades.forEach((fade, i) => {
        sums[span.first + i] += fade;
      });
    }
    for (const sum of sums) assert.ok(Math.abs(sum - 1) < 1e-6, `sum ${sum}`);
  }
});

test("a damaged group is reported by its index, and other groups still load", async () => {
  const bytes = syntheticAsset(SMALL);
  const asset = await openAsset(memorySource(bytes));
  assert.ok(asset.profile === "tile");
  bytes[asset.groups[1].offset + 40] ^= 4;
  const decoder = await KernelDecoder.create(asset);
  decoder.loadGroup(0, await asset.readGroup(0));
  const payload = await asset.readGroup(1);
  assert.throws(
    () => decoder.loadGroup(1, payload),
    (error) => error instanceof SieddError && error.code === "corrupt-group" && /group 1/.test(error.message),
  );
  decoder.loadGroup(0, await asset.readGroup(0));
});

test("rejects a small payload that claims gigabytes before allocating anything", () => {
  const frameCount = 65535;
  const network = { ...syntheticNetwork(SMALL), rows: 256, columns: 256 };
  const writer = new ByteWriter().u8(0).u32(0).u16(frameCount);
  for (let i = 0; i < 6; i++) writer.f32(0.5);
  for (let i = 0; i < 2 * network.hiddenLayers + 3; i++) writer.f32(1e-3);
  const body = writer.u8(32).bytes(new Uint8Array(64)).finish();
  const payload = new ByteWriter().bytes(body).u32(crc32c(body)).finish();
  assert.throws(
    () => readGroup(network, { index: 3, frameCount }, payload),
    (error) =>
      error instanceof SieddError &&
      error.code === "corrupt-group" &&
      /group 3.*the number of parameters/.test(error.message),
  );
});

test("a flipped bit in the header never yields a different network", async () => {
  const bytes = syntheticAsset({ ...SMALL, tone: 0 });
  const good = await openAsset(memorySource(bytes));
  const next = createRandom(11);
  let rejected = 0;
  for (let i = 0; i < 400; i++) {
    const at = Math.floor(((next() + 1) / 2) * good.headerBytes);
    const bit = 1 << Math.floor((next() + 1) * 4);
    const damaged = bytes.slice();
    damaged[at] ^= bit;
    try {
      const asset = await openAsset(memorySource(damaged));
      assert.deepEqual(asset.network, good.network, `byte ${at}`);
    } catch (error) {
      assert.ok(error instanceof SieddError, `byte ${at}: ${error}`);
      rejected++;
    }
  }
  assert.ok(rejected > 100, `${rejected} of 400 rejected`);
});

test("rejects an asset truncated at any length with a SieddError", async () => {
  const bytes = syntheticAsset({ ...SMALL, tone: 0 });
  const { groups } = await openAsset(memorySource(bytes));
  for (let length = 0; length < bytes.length; length += 97) {
    await assert.rejects(openAsset(memorySource(bytes.subarray(0, length))), SieddError, `${length} bytes`);
  }
  assert.equal(groups.length, 2);
});

test("rejects a later format version and names both versions", async () => {
  const bytes = Buffer.from(syntheticAsset(SMALL));
  const at = bytes.indexOf("sivC") + 4;
  bytes.writeUInt16BE(3, at);
  await assert.rejects(
    openAsset(memorySource(bytes)),
    /unsupported format version 3.*reads versions 1 and 2.*upgrade/,
  );
});

test("rejects files that are not assets", async () => {
  for (const bytes of [
    Buffer.from("hello"),
    Buffer.alloc(4096),
    Buffer.from("\0\0\0\x18ftypisom00000000mdat"),
  ]) {
    await assert.rejects(openAsset(memorySource(bytes)), /not a siedd asset/);
  }
});

test("rejects a region out of bounds, a size out of range, and an odd size for 4:2:0", async () => {
  const { asset, decoder, group } = await opened(SMALL);
  const loaded = await group(0);
  const full = fullRegion(asset);
  for (const [viewport, message] of [
    [{ region: { ...full, x: 1 }, width: 10, height: 10 }, /must lie within the frame/],
    [{ region: { ...full, width: 0 }, width: 10, height: 10 }, /must lie within the frame/],
    [{ region: { ...full, x: Number.NaN }, width: 10, height: 10 }, /must lie within the frame/],
    [{ region: full, width: 0, height: 10 }, /must be integers from 1 to 8192/],
    [{ region: full, width: 10, height: 8194 }, /must be integers from 1 to 8192/],
  ] as const) {
    assert.throws(
      () => decoder.decodeRgba(loaded, 0, viewport, new Uint8Array(viewport.width * viewport.height * 4)),
      message,
    );
  }
  const odd = { region: full, width: 11, height: 10 };
  assert.throws(
    () => decoder.decodeI420(loaded, 0, { viewport: odd, matrix: "bt709" }, new Uint8Array(165)),
    /must be even/,
  );
  assert.throws(() => decoder.decodeRgba(loaded, 3, odd, new Uint8Array(440)), /frame 3 does not exist/);
});

test("a frame smaller than a tile has one tile", async () => {
  const network: Partial<TileNetwork> = (await opened({ width: 16, height: 17, groups: [1] })).asset.network;
  assert.equal(network.rows, 1);
  assert.equal(network.columns, 1);
});
