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
  noise,
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
  ["widths a tile", SMALL],
  ["a shared encoder", { ...SMALL, encoderWidth: 12 }],
  ["width 32, one layer", { ...SMALL, widths: [32], hiddenLayers: 1 }],
  ["no overlap", { ...SMALL, overlap: 0 }],
] as const) {
  test(`the kernel agrees with the formula within 1/255: ${name}`, async () => {
    const { asset, decoder, group } = await opened(options);
    const loaded = await group(1);
    const weights = dequantize(readGroup(asset.network, 1, 2, await asset.readGroup(1)));
    const request = { region: { x: 10.5, y: 3, width: 50, height: 40 }, width: 57, height: 43 };
    const out = new Uint8Array(57 * 43 * 4);
    decoder.decodeRgba(loaded, 1, request, out);
    for (let y = 0; y < 43; y++) {
      for (let x = 0; x < 57; x++) {
        const at = [10.5 + ((x + 0.5) * 50) / 57, 3 + ((y + 0.5) * 40) / 43] as const;
        const expected = referencePixel(asset, weights, 1, at[0], at[1]);
        for (let c = 0; c < 3; c++) {
          const value = Math.max(0, Math.min(255, expected[c] * 255));
          const got = out[(y * 57 + x) * 4 + c];
          assert.ok(Math.abs(got - value) <= 1, `(${x}, ${y}) channel ${c}: ${got}, formula ${value}`);
        }
      }
    }
  });
}

test("both builds of the kernel give the same bytes", async () => {
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  assert.ok(hasRelaxedSimd());
  const asset = await openAsset(memorySource(syntheticAsset({ ...SMALL, widths: [4, 16, 24, 32] })));
  const request = { region: fullRegion(asset), width: 300, height: 200 };
  const outputs = await Promise.all(
    [true, false].map(async (relaxedSimd) => {
      assert.ok(asset.profile === "tile");
      const decoder = await KernelDecoder.create(asset, { relaxedSimd });
      const out = new Uint8Array(300 * 200 * 4);
      decoder.decodeRgba(decoder.loadGroup(0, await asset.readGroup(0)), 1, request, out);
      return out;
    }),
  );
  assert.deepEqual(outputs[0], outputs[1]);
});

test("a crop decoded at its size equals the same crop of the whole picture", async () => {
  const { asset, decoder, group } = await opened(SMALL);
  const loaded = await group(0);
  const whole = new Uint8Array(202 * 134 * 4);
  decoder.decodeRgba(loaded, 2, { region: fullRegion(asset), width: 202, height: 134 }, whole);
  const crop = new Uint8Array(60 * 40 * 4);
  decoder.decodeRgba(
    loaded,
    2,
    { region: { x: 20, y: 25, width: 30, height: 20 }, width: 60, height: 40 },
    crop,
  );
  for (let y = 0; y < 40; y++) {
    const line = whole.subarray(((y + 50) * 202 + 40) * 4, ((y + 50) * 202 + 100) * 4);
    for (let i = 0; i < line.length; i++) {
      assert.ok(Math.abs(line[i] - crop[y * 240 + i]) <= 1, `row ${y}, byte ${i}`);
    }
  }
});

test("I420 output is the R'G'B' output through the color matrix", async () => {
  const { asset, decoder, group } = await opened({ ...SMALL, width: 100, height: 66 });
  const loaded = await group(0);
  const [width, height] = [70, 50];
  const request = { region: fullRegion(asset), width, height };
  const rgba = new Uint8Array(width * height * 4);
  decoder.decodeRgba(loaded, 0, request, rgba);
  for (const [matrix, kr, kb] of [
    ["bt709", 0.2126, 0.0722],
    ["bt601", 0.299, 0.114],
  ] as const) {
    const i420 = new Uint8Array((width * height * 3) / 2);
    decoder.decodeI420(loaded, 0, request, matrix, i420);
    let worst = 0;
    for (let i = 0; i < width * height; i++) {
      const rgb = rgba.subarray(4 * i, 4 * i + 3);
      if (rgb.some((value) => value === 0 || value === 255)) continue;
      const luma = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2];
      worst = Math.max(worst, Math.abs(16 + (219 * luma) / 255 - i420[i]));
    }
    assert.ok(worst <= 1.1, `${matrix}: luma differs by ${worst}`);
  }
});

test("weights of the cross-fade sum to one everywhere", () => {
  for (const [extent, count, overlap, start, length, samples] of [
    [640, 16, 1, 0, 640, 640],
    [101, 3, 2.5, 7.25, 60, 333],
    [101, 3, 0, 0, 101, 50],
    [64, 16, 40, 0, 64, 128],
  ]) {
    const sums = new Float64Array(samples);
    for (const span of planAxis(extent, count, overlap, start, length, samples)) {
      span.fades.forEach((fade, i) => {
        sums[span.first + i] += fade;
      });
    }
    for (const sum of sums) assert.ok(Math.abs(sum - 1) < 1e-6, `sum ${sum}`);
  }
});

test("a damaged group is reported by its index and the others still play", async () => {
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

test("a small payload that promises gigabytes is refused before anything is allocated", () => {
  const frameCount = 65535;
  const network = { ...syntheticNetwork(SMALL), rows: 256, columns: 256 };
  const writer = new ByteWriter().u8(0).u32(0).u16(frameCount);
  for (let i = 0; i < 6; i++) writer.f32(0.5);
  for (let i = 0; i < 2 * network.hiddenLayers + 3; i++) writer.f32(1e-3);
  const body = writer.u8(32).bytes(new Uint8Array(64)).finish();
  const payload = new ByteWriter().bytes(body).u32(crc32c(body)).finish();
  assert.throws(
    () => readGroup(network, 3, frameCount, payload),
    (error) =>
      error instanceof SieddError && error.code === "corrupt-group" && /group 3.*numbers/.test(error.message),
  );
});

test("no flipped bit in the head gets past the reader as another video", async () => {
  const bytes = syntheticAsset({ ...SMALL, tone: 0 });
  const good = await openAsset(memorySource(bytes));
  const next = noise(11);
  let refused = 0;
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
      refused++;
    }
  }
  assert.ok(refused > 100, `${refused} of 400 refused`);
});

test("an asset cut off anywhere ends in one clear error, or plays the groups that are there", async () => {
  const bytes = syntheticAsset({ ...SMALL, tone: 0 });
  const { groups } = await openAsset(memorySource(bytes));
  for (let length = 0; length < bytes.length; length += 97) {
    await assert.rejects(openAsset(memorySource(bytes.subarray(0, length))), SieddError, `${length} bytes`);
  }
  assert.equal(groups.length, 2);
});

test("a later version is refused by name", async () => {
  const bytes = Buffer.from(syntheticAsset(SMALL));
  const at = bytes.indexOf("sivC") + 4;
  bytes.writeUInt16BE(2, at);
  await assert.rejects(openAsset(memorySource(bytes)), /format version 2.*reads version 1.*upgrade/);
});

test("other files are not taken for assets", async () => {
  for (const bytes of [
    Buffer.from("hello"),
    Buffer.alloc(4096),
    Buffer.from("\0\0\0\x18ftypisom00000000mdat"),
  ]) {
    await assert.rejects(openAsset(memorySource(bytes)), /not a siedd asset/);
  }
});

test("a region outside, a size of 0 or past the limit, an odd size for video: one clear error each", async () => {
  const { asset, decoder, group } = await opened(SMALL);
  const loaded = await group(0);
  const full = fullRegion(asset);
  for (const [request, message] of [
    [{ region: { ...full, x: 1 }, width: 10, height: 10 }, /does not lie in the picture/],
    [{ region: { ...full, width: 0 }, width: 10, height: 10 }, /does not lie in the picture/],
    [{ region: { ...full, x: Number.NaN }, width: 10, height: 10 }, /does not lie in the picture/],
    [{ region: full, width: 0, height: 10 }, /not within 1 to 8192/],
    [{ region: full, width: 10, height: 8194 }, /not within 1 to 8192/],
  ] as const) {
    assert.throws(
      () => decoder.decodeRgba(loaded, 0, request, new Uint8Array(request.width * request.height * 4)),
      message,
    );
  }
  const odd = { region: full, width: 11, height: 10 };
  assert.throws(() => decoder.decodeI420(loaded, 0, odd, "bt709", new Uint8Array(165)), /must be even/);
  assert.throws(() => decoder.decodeRgba(loaded, 3, odd, new Uint8Array(440)), /frame 3 does not exist/);
});

test("tiles of the network cover pictures of any size", async () => {
  const network: Partial<TileNetwork> = (await opened({ width: 16, height: 17, groups: [1] })).asset.network;
  assert.equal(network.rows, 1);
  assert.equal(network.columns, 1);
});
