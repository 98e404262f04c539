import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import * as ort from "onnxruntime-node";
import {
  createFrameDecoder,
  fullRegion,
  memorySource,
  type OnnxRuntime,
  openAsset,
  type PaperAsset,
  PaperDecoder,
  SieddError,
} from "../../../../codec/internal.js";
import { DecodePool, decodeFrames } from "../../../../decode-pool/index.js";
import { paperFormula } from "../../../support/paper-formula.js";
import { syntheticAsset } from "../../../support/synthetic-asset.js";
import { type SyntheticPaperOptions, syntheticPaperAsset } from "../../../support/synthetic-paper.js";
import { tempFolder } from "../../../support/temp-folder.js";

async function openPaper(options: SyntheticPaperOptions = {}): Promise<PaperAsset> {
  const asset = await openAsset(memorySource(syntheticPaperAsset(options)));
  assert.ok(asset.profile === "paper");
  return asset;
}

async function opened(runtime: OnnxRuntime = ort, options: SyntheticPaperOptions = {}, windowBytes?: number) {
  const asset = await openPaper(options);
  const decoder = await PaperDecoder.create(asset, runtime, { threads: 1, windowBytes });
  const group = async (index: number) => decoder.loadGroup(index, await asset.readGroup(index));
  return { asset, decoder, group };
}

for (const [name, options] of Object.entries({
  "single pixels": {},
  "patches of 3": { patch: 3 },
  "patches of 6 and factored matrices": {
    patch: 6,
    factors: { rank: 4, frequency: 200, amplitude: Math.fround(0.02) },
  },
})) {
  test(`any region at any size matches the formula within 1/255: ${name}`, async () => {
    const { asset, decoder, group } = await opened(ort, options);
    const expected = await paperFormula(asset, 1);
    const loaded = await group(1);
    const region = { x: 10.5, y: 3, width: 80, height: 50 };
    const [width, height] = [83, 57];
    const out = new Uint8Array(width * height * 4);
    for (const frame of [0, 2]) {
      await decoder.decodeRgba(loaded, frame, { region, width, height }, out);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const rgb = expected(frame, 10.5 + ((x + 0.5) * 80) / width, 3 + ((y + 0.5) * 50) / height);
          rgb.forEach((value, c) => {
            const clamped = Math.max(0, Math.min(255, 255 * value));
            const actual = out[(y * width + x) * 4 + c];
            assert.ok(
              Math.abs(actual - clamped) <= 1,
              `(${x}, ${y}) channel ${c}: ${actual}, expected ${clamped}`,
            );
          });
        }
      }
    }
  });
}

test("below the source size, a pixel is close to the mean of the source pixels", async () => {
  const { asset, decoder, group } = await opened(ort, { width: 96, height: 60 });
  const loaded = await group(0);
  const viewport = (width: number, height: number) => ({ region: fullRegion(asset), width, height });
  const decode = async (width: number, height: number) => {
    const rgba = new Uint8Array(width * height * 4);
    await decoder.decodeRgba(loaded, 1, viewport(width, height), rgba);
    return rgba;
  };
  const source = await decode(96, 60);
  for (const by of [2, 3, 4, 6]) {
    const [width, height] = [96 / by, 60 / by];
    const errors = (rgba: Uint8Array, point: boolean) => {
      let squares = 0;
      for (let i = 0; i < width * height * 3; i++) {
        const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
        const at = (dx: number, dy: number) => source[((y * by + dy) * 96 + x * by + dx) * 4 + c];
        let mean = 0;
        for (let dy = 0; dy < by; dy++) for (let dx = 0; dx < by; dx++) mean += at(dx, dy) / by ** 2;
        const value = point ? at(by >> 1, by >> 1) : rgba[(y * width + x) * 4 + c];
        squares += (value - mean) ** 2;
      }
      return squares;
    };
    const small = await decode(width, height);
    assert.ok(
      errors(small, false) < 0.25 * errors(small, true),
      `at 1/${by}: the error is below a quarter of that of one sample per pixel`,
    );
  }
});

test("I420 output equals the R'G'B' output converted by the color matrix", async () => {
  const { asset, decoder, group } = await opened();
  const loaded = await group(0);
  const [width, height] = [64, 38];
  const viewport = { region: fullRegion(asset), width, height };
  const rgba = new Uint8Array(width * height * 4);
  await decoder.decodeRgba(loaded, 3, viewport, rgba);
  const inside = (value: number) => value > 0 && value < 255;
  for (const [matrix, kr, kb] of [
    ["bt709", 0.2126, 0.0722],
    ["bt601", 0.299, 0.114],
  ] as const) {
    const i420 = new Uint8Array((width * height * 3) / 2);
    await decoder.decodeI420(loaded, 3, { viewport, matrix }, i420);
    let compared = 0;
    for (let i = 0; i < width * height; i += 2) {
      const [x, y] = [i % width, Math.floor(i / width)];
      if (y % 2 === 1) continue;
      const four = [i, i + 1, i + width, i + width + 1].map((at) => [...rgba.subarray(4 * at, 4 * at + 3)]);
      if (!four.flat().every(inside)) continue;
      compared++;
      const luma = ([r, g, b]: number[]) => kr * r + (1 - kr - kb) * g + kb * b;
      assert.ok(Math.abs(16 + (219 * luma(four[0])) / 255 - i420[i]) <= 1.1, `luma at ${x}, ${y}`);
      const [r, g, b] = [0, 1, 2].map((c) => four.reduce((sum, rgb) => sum + rgb[c], 0) / 4);
      const at = width * height + (y / 2) * (width / 2) + x / 2;
      const cb = 128 + (224 * (b - luma([r, g, b]))) / (2 * (1 - kb)) / 255;
      const cr = 128 + (224 * (r - luma([r, g, b]))) / (2 * (1 - kr)) / 255;
      assert.ok(Math.abs(cb - i420[at]) <= 1.6, `${matrix}: Cb at ${x}, ${y}: ${i420[at]}, expected ${cb}`);
      assert.ok(Math.abs(cr - i420[at + (width * height) / 4]) <= 1.6, `${matrix}: Cr at ${x}, ${y}`);
    }
    assert.ok(compared > 100);
  }
});

/** Wraps onnxruntime to count the multiplications of the matrix products that it runs. */
function counting(): { runtime: OnnxRuntime; count: { multiplications: number; maxPoints: number } } {
  const count = { multiplications: 0, maxPoints: 0 };
  const runtime: OnnxRuntime = {
    Tensor: ort.Tensor as unknown as OnnxRuntime["Tensor"],
    InferenceSession: {
      async create(model, options) {
        const session = await ort.InferenceSession.create(
          model,
          options as ort.InferenceSession.SessionOptions,
        );
        return {
          run(feeds) {
            const points = feeds.position.dims[1];
            for (const [name, { dims }] of Object.entries(feeds)) {
              if (/^(weights|heads)/.test(name)) count.multiplications += dims[0] * dims[1] * points;
            }
            count.maxPoints = Math.max(count.maxPoints, points);
            return session.run(feeds as Record<string, ort.Tensor>);
          },
        };
      },
    },
  };
  return { runtime, count };
}

test("hidden features are computed once per group, and each further frame costs only its head", async () => {
  const [width, height, neurons] = [98, 62, 20];
  const hidden = 18 * neurons + 3 * neurons * neurons;
  const head = 3 * neurons;
  const costs: number[] = [];
  for (const frames of [1, 2, 5]) {
    const { runtime, count } = counting();
    const { asset, decoder, group } = await opened(runtime, { groups: [frames], neurons });
    const loaded = await group(0);
    const viewport = { region: fullRegion(asset), width, height };
    const out = new Uint8Array(width * height * 1.5);
    for (let frame = 0; frame < frames; frame++)
      await decoder.decodeI420(loaded, frame, { viewport, matrix: "bt709" }, out);
    costs.push(count.multiplications / (width * height));
  }
  assert.deepEqual(costs, [hidden + head, hidden + 2 * head, hidden + 5 * head]);
});

test("a few frames of a group cost their own heads only, and have the same bytes", async () => {
  const neurons = 20;
  const decodeFrame = async (expected?: number) => {
    const { runtime, count } = counting();
    const { asset, decoder, group } = await opened(runtime, { groups: [5], neurons, patch: 3 });
    if (expected !== undefined) decoder.expect({ count: expected });
    const { width, height } = asset;
    const out = new Uint8Array(width * height * 4);
    await decoder.decodeRgba(await group(0), 2, { region: fullRegion(asset), width, height }, out);
    return { out, products: count.multiplications / (Math.ceil(width / 3) * Math.ceil(height / 3)) };
  };
  const [all, one, two, most] = await Promise.all([undefined, 1, 2, 3].map(decodeFrame));
  const hidden = 18 * neurons + 3 * neurons * neurons;
  const head = 9 * 3 * neurons;
  // Patches at the border of two batches are evaluated twice.
  for (const [{ products, out }, heads] of [
    [all, 5],
    [one, 1],
    [two, 2],
    [most, 5],
  ] as const) {
    const expected = hidden + heads * head;
    assert.ok(products >= expected && products < 1.15 * expected, `${products}, expected ${expected}`);
    assert.ok(Buffer.from(out).equals(all.out));
  }
});

test("strips bound memory, and frames that do not fit in the window decode to identical bytes later", async () => {
  const { runtime, count } = counting();
  const size = { width: 600, height: 400 };
  const frameBytes = size.width * size.height * 1.5;
  const small = await opened(runtime, { neurons: 64, groups: [3] }, 2 * frameBytes);
  const large = await opened(ort, { neurons: 64, groups: [3] });
  const viewport = { region: fullRegion(small.asset), ...size };
  const [smallGroup, largeGroup] = [await small.group(0), await large.group(0)];
  for (let frame = 0; frame < 3; frame++) {
    const [a, b] = [new Uint8Array(frameBytes), new Uint8Array(frameBytes)];
    await small.decoder.decodeI420(smallGroup, frame, { viewport, matrix: "bt709" }, a);
    await large.decoder.decodeI420(largeGroup, frame, { viewport, matrix: "bt709" }, b);
    assert.deepEqual(a, b, `frame ${frame}`);
  }
  assert.ok(count.maxPoints * 64 <= 2 ** 20, `${count.maxPoints} points at a time`);
});

test("a patch takes one evaluation, 1/9 or 1/36 of the work, even at twice the size", async () => {
  const neurons = 20;
  const hidden = 18 * neurons + 3 * neurons * neurons;
  for (const patch of [3, 6]) {
    for (const scale of [1, 2]) {
      const { runtime, count } = counting();
      const { asset, decoder, group } = await opened(runtime, { width: 96, height: 60, groups: [1], patch });
      const viewport = { region: fullRegion(asset), width: 96 * scale, height: 60 * scale };
      const out = new Uint8Array(viewport.width * viewport.height * 1.5);
      await decoder.decodeI420(await group(0), 0, { viewport, matrix: "bt709" }, out);
      const head = 3 * patch ** 2 * neurons;
      assert.equal(count.multiplications, ((96 * 60) / patch ** 2) * (hidden + head), `${patch}, ${scale}`);
    }
  }
});

test("a paper asset requires an ONNX runtime, and a tile asset does not load one", async () => {
  await assert.rejects(
    createFrameDecoder(await openPaper()),
    (error) =>
      error instanceof SieddError &&
      error.code === "bad-request" &&
      /paper.*ONNX runtime/.test(error.message),
  );
  const tile = await openAsset(memorySource(syntheticAsset({ groups: [2] })));
  const runtime = () => Promise.reject(new Error("must not be loaded"));
  const decoder = await createFrameDecoder(tile, { runtime });
  const out = new Uint8Array(32 * 18 * 1.5);
  const group = decoder.loadGroup(0, await tile.readGroup(0));
  const viewport = { region: fullRegion(tile), width: 32, height: 18 };
  assert.equal(
    decoder.decodeI420(group, 0, { viewport, matrix: "bt709" }, out),
    undefined,
    "the kernel is synchronous",
  );
});

test("rejects frames and viewports out of range, as the tile profile does", async () => {
  const { asset, decoder, group } = await opened();
  const loaded = await group(0);
  const full = fullRegion(asset);
  const out = new Uint8Array(11 * 10 * 4);
  const size = { width: 11, height: 10 };
  await assert.rejects(
    decoder.decodeRgba(loaded, 0, { region: { ...full, x: 1 }, ...size }, out),
    /must lie within the frame/,
  );
  await assert.rejects(
    decoder.decodeRgba(loaded, 4, { region: full, ...size }, out),
    /frame 4 does not exist/,
  );
  await assert.rejects(
    decoder.decodeI420(loaded, 0, { viewport: { region: full, ...size }, matrix: "bt709" }, out),
    /must be even/,
  );
});

test("the decode pool decodes paper assets", async (t) => {
  const path = join(await tempFolder(t), "paper.siedd");
  await writeFile(path, syntheticPaperAsset());
  const { asset, decoder, group } = await opened();
  const viewport = { region: fullRegion(asset), width: 48, height: 30 };
  const pool = new DecodePool({ workers: 2 });
  t.after(() => pool.close());
  let index = 0;
  for await (const frame of decodeFrames(pool, path, { from: 0, count: 7, viewport, format: "i420-709" })) {
    const expected = new Uint8Array(48 * 45);
    const [groupIndex, frameInGroup] = index < 4 ? [0, index] : [1, index - 4];
    await decoder.decodeI420(await group(groupIndex), frameInGroup, { viewport, matrix: "bt709" }, expected);
    assert.deepEqual(Buffer.from(frame), Buffer.from(expected), `frame ${index}`);
    index++;
  }
  assert.equal(index, 7);
});
