import assert from "node:assert/strict";
import { test } from "node:test";
import {
  concatenate,
  createFrameDecoder,
  dequantize,
  type FrameDecoder,
  fullRegion,
  type GroupSpans,
  KernelDecoder,
  locateParts,
  memorySource,
  openAsset,
  payloadRanges,
  readParts,
  type TileAsset,
} from "../../../../codec/internal.js";
import { loadOnnxRuntime } from "../../../../decode-pool/load-onnxruntime.js";
import { referencePixel } from "../../../support/reference-decoder.js";
import { SPANS } from "../../../support/spans-sample.js";
import { createRandom, type SyntheticOptions, syntheticAsset } from "../../../support/synthetic-asset.js";

async function openTile(bytes: Uint8Array): Promise<TileAsset> {
  const asset = await openAsset(memorySource(bytes));
  assert.ok(asset.profile === "tile");
  return asset;
}

const openSynthetic = (options: SyntheticOptions) => openTile(syntheticAsset(options));

/** Decodes one frame of the video. */
async function decodeFrame(asset: TileAsset, decoder: FrameDecoder, frame: number): Promise<Uint8Array> {
  const { width, height } = asset;
  const entry = asset.groups.findLast(({ firstFrame }) => firstFrame <= frame)!;
  const group = decoder.loadGroup(entry.index, await asset.readGroup(entry.index));
  const out = new Uint8Array(width * height * 4);
  await decoder.decodeRgba(
    group,
    frame - entry.firstFrame,
    { region: fullRegion(asset), width, height },
    out,
  );
  return out;
}

for (const [name, options] of [
  ["spans of all levels", SPANS],
  ["one span", { ...SPANS, spans: [{ group: 4, level: 2, tiles: [3] }] }],
  ["tiles of several widths", { ...SPANS, widths: [8, 0, 16, 4, 12] }],
] as const) {
  test(`frames equal those of copied networks, also if each is the first that is decoded: ${name}`, async () => {
    const spans = await openSynthetic({ ...options, timeless: true });
    const copies = await openSynthetic({ ...options, timeless: true, copiesSpans: true });
    assert.equal(spans.version, 2);
    assert.equal(copies.version, 1);
    assert.ok(spans.bytes < copies.bytes);
    const reference = await KernelDecoder.create(copies);
    const warm = await KernelDecoder.create(spans);
    for (let frame = 0; frame < spans.frameCount; frame++) {
      const expected = await decodeFrame(copies, reference, frame);
      assert.deepEqual(await decodeFrame(spans, warm, frame), expected, `frame ${frame}`);
      const cold = await KernelDecoder.create(spans);
      assert.deepEqual(await decodeFrame(spans, cold, frame), expected, `frame ${frame}, cold`);
    }
  });
}

test("an asset without spans has version 1", async () => {
  const options = { ...SPANS, spans: [] };
  const bytes = syntheticAsset(options);
  assert.equal((await openTile(bytes)).version, 1);
  assert.deepEqual(bytes, syntheticAsset({ ...SPANS, spans: undefined }));
});

for (const [name, options] of [
  ["no shared encoder", SPANS],
  ["a shared encoder", { ...SPANS, encoderWidth: 12 }],
] as const) {
  test(`time runs over the whole span, and both decoders agree with the definition: ${name}`, async () => {
    const asset = await openSynthetic(options);
    const kernel = await KernelDecoder.create(asset);
    const runtime = () => loadOnnxRuntime("the engine onnx");
    const graph = await createFrameDecoder(asset, { engine: "onnx", runtime });
    const random = createRandom(5);
    for (const [index, frame] of [
      [0, 0],
      [3, 1],
      [5, 1],
      [7, 0],
      [10, 1],
    ]) {
      const { firstFrame, parts, ...entry } = asset.groups[index];
      const payload = await asset.readGroup(index);
      const decoded = readParts(asset.network, { ...entry, index, parts }, payload, (part) => part);
      const pixels = await decodeFrame(asset, kernel, firstFrame + frame);
      const fromGraph = await decodeFrame(asset, graph, firstFrame + frame);
      assert.ok(
        pixels.every((value, i) => Math.abs(value - fromGraph[i]) <= 1),
        `group ${index}`,
      );
      for (let i = 0; i < 60; i++) {
        const [x, y] = [asset.width, asset.height].map((side) => Math.floor(((random() + 1) / 2) * side));
        const expected = [0, 0, 0];
        // Each part contributes with its own time: the colors of the others are 0.
        for (const [p, part] of decoded.entries()) {
          const start = firstFrame - parts![p].firstFrame;
          const color = referencePixel(asset, allTiles(asset, dequantize(part)), {
            frame: start + frame,
            x: x + 0.5,
            y: y + 0.5,
          });
          for (const c of expected.keys()) expected[c] += color[c];
        }
        for (const [c, value] of expected.entries()) {
          const actual = pixels[(y * asset.width + x) * 4 + c];
          const clamped = Math.max(0, Math.min(255, value * 255));
          assert.ok(
            Math.abs(actual - clamped) <= 1,
            `group ${index} (${x}, ${y}): ${actual}, expected ${clamped}`,
          );
        }
      }
    }
  });
}

/** Returns a group in which all tiles are black, except for those of a part. */
function allTiles(asset: TileAsset, part: ReturnType<typeof dequantize> & { indices: readonly number[] }) {
  const { rows, columns } = asset.network;
  const { mean, deviation, frameCount } = part;
  const black = {
    width: 0,
    hidden: [],
    hiddenBias: [],
    head: new Float32Array(0),
    headBias: Float32Array.from(mean, (value, c) => -value / (deviation[c] || 1)),
  };
  const tiles = new Array(rows * columns).fill(black);
  const motion = new Float32Array(tiles.length * frameCount * 2);
  for (const [i, tile] of part.indices.entries()) {
    tiles[tile] = part.tiles[i];
    const values = frameCount * 2;
    motion.set(part.motion.subarray(i * values, (i + 1) * values), tile * values);
  }
  return { ...part, tiles, motion };
}

test("groups that share a span share its opened networks", async () => {
  const asset = await openSynthetic(SPANS);
  const decoder = await KernelDecoder.create(asset);
  const first = decoder.loadGroup(0, await asset.readGroup(0));
  const second = decoder.loadGroup(1, await asset.readGroup(1));
  assert.deepEqual(
    second.parts.map(({ start }) => start),
    [3, 3, 3, 0],
  );
  for (const level of [0, 1, 2]) assert.equal(second.parts[level].part, first.parts[level].part);
  assert.notEqual(second.parts[3].part, first.parts[3].part);
});

test("a group needs at most three ranges of earlier groups, which are exactly its spans", async () => {
  const asset = await openSynthetic(SPANS);
  const needed = asset.groups.map(({ index, parts = [] }) =>
    parts.flatMap(({ level, group }) => (group === index ? [] : [`${level}@${group}`])),
  );
  assert.deepEqual(needed, [
    [],
    ["3@0", "2@0", "1@0"],
    ["3@0", "2@0"],
    ["3@0", "2@0", "1@2"],
    ["3@0"],
    ["3@0", "2@4"],
    ["3@0", "2@4"],
    ["3@0", "2@4", "1@6"],
    [],
    [],
    ["1@9"],
  ]);
  const read: [number, number][] = [];
  const bytes = syntheticAsset(SPANS);
  const source = memorySource(bytes);
  const recorded = await openAsset({
    size: source.size,
    read: (offset, length) => {
      read.push([offset, length]);
      return source.read(offset, length);
    },
  });
  for (const entry of recorded.groups) {
    read.length = 0;
    const payload = await recorded.readGroup(entry.index);
    assert.equal(
      payload.length,
      (entry.parts ?? [entry]).reduce((sum, { size }) => sum + size, 0),
    );
    assert.deepEqual(
      read,
      payloadRanges(entry).map(({ offset, size }) => [offset, size]),
    );
    assert.ok(read.length <= 4);
  }
});

test("the sync samples are the groups that need no other", () => {
  const bytes = Buffer.from(syntheticAsset(SPANS));
  const at = bytes.indexOf("stss");
  assert.deepEqual(
    Array.from({ length: bytes.readUInt32BE(at + 8) }, (_, i) => bytes.readUInt32BE(at + 12 + 4 * i)),
    [1, 9, 10],
  );
  assert.equal(Buffer.from(syntheticAsset({ ...SPANS, spans: [] })).indexOf("stss"), -1);
});

test("a damaged span damages all groups that it covers, and no others", async () => {
  const bytes = syntheticAsset(SPANS);
  const { groups } = await openTile(bytes);
  const damagedBy = async (offset: number) => {
    const copy = Uint8Array.from(bytes);
    copy[offset] ^= 1;
    const asset = await openTile(copy);
    const decoder = await KernelDecoder.create(asset);
    const damaged: number[] = [];
    for (const { index } of asset.groups) {
      try {
        decoder.loadGroup(index, await asset.readGroup(index));
      } catch (error) {
        assert.match(String(error), new RegExp(`group ${index} is damaged: its checksum does not match`));
        assert.equal((error as { code?: string }).code, "corrupt-group");
        damaged.push(index);
      }
    }
    return damaged;
  };
  const part = (group: number, level: number) => groups[group].parts!.find((entry) => entry.level === level)!;
  assert.deepEqual(await damagedBy(part(0, 3).offset + 40), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(await damagedBy(part(4, 2).offset + 40), [4, 5, 6, 7]);
  assert.deepEqual(await damagedBy(part(9, 1).offset + 40), [9, 10]);
  assert.deepEqual(await damagedBy(part(0, 0).offset + 40), [0]);
  assert.deepEqual(await damagedBy(groups[8].offset + 40), [8]);
});

test("rejects parts that overlap, or that do not have the listed sizes", async () => {
  const asset = await openSynthetic(SPANS);
  const decoder = await KernelDecoder.create(asset);
  const parts = asset.groups[1].parts!;
  const payload = await asset.readGroup(1);
  const bytesOf = (level: number) => {
    const start = parts.filter((part) => part.level > level).reduce((sum, { size }) => sum + size, 0);
    return payload.subarray(start, start + parts.find((part) => part.level === level)!.size);
  };
  const load = (entries: typeof parts, bytes: Uint8Array[]) => {
    const groups = asset.groups.with(1, { ...asset.groups[1], parts: entries });
    return readParts(asset.network, { ...groups[1], index: 1 }, concatenate(bytes), (part) => part);
  };
  const [long, , , own] = parts;
  assert.throws(() => load([long, long, own], [bytesOf(3), bytesOf(3), bytesOf(0)]), /two of its parts/);
  assert.throws(() => load([long, own], [bytesOf(3), bytesOf(0)]), /the number of its tiles must be from/);
  assert.throws(() => decoder.loadGroup(1, payload.subarray(1)), /the index says/);
});

const group = (index: number, frameCount = 10) => ({
  index,
  firstFrame: index * frameCount,
  frameCount,
  offset: 1000 * index,
  size: 1000,
});

for (const [reason, spans, frameCount] of [
  [/3 groups, but it has 2/, [[0], [1], [2]], 10],
  [/position 1 of a scene, after position 7/, [[1], [2]], 10],
  [/position 2 of a scene, after position 0/, [[0], [2]], 10],
  [/level 1 begins at position 1/, [[0], [1, 1]], 10],
  [/level 2 covers 2 groups/, [[0, 2], [1]], 10],
  [/level 1 covers 1 groups/, [[0, 1], [0]], 10],
  [/larger than its sample/, [[0, 1, 995], [1]], 10],
  [/larger than its sample/, [[0, 1, 2000], [1]], 10],
  [/has 14 bytes/, [[0, 1, 14], [1]], 10],
  [/has 80000 frames/, [[0, 1], [1]], 40_000],
] as const) {
  test(`rejects spans: ${reason.source}`, () => {
    const groups = [group(0, frameCount), group(1, frameCount)];
    const listed = spans.map(
      ([position, level, size = 500]): GroupSpans => ({
        position,
        longParts: level === undefined ? [] : [{ level, size }],
      }),
    );
    assert.throws(() => locateParts(groups, listed), { code: "bad-asset", message: reason });
  });
}

test("rejects a truncated or malformed table of spans", async () => {
  const bytes = Buffer.from(syntheticAsset(SPANS));
  const at = bytes.indexOf("sivS");
  const change = (edit: (copy: Buffer) => void) => {
    const copy = Buffer.from(bytes);
    edit(copy);
    return assert.rejects(openAsset(memorySource(copy)), { code: "bad-asset" });
  };
  await change((copy) => copy.writeUInt32BE(12, at + 4));
  await change((copy) => copy.writeUInt32BE(0xffffffff, at + 4));
  await change((copy) => copy.write("free", at));
  await change((copy) => copy.writeUInt8(copy[at + 8] | 64, at + 8));
  await change((copy) => copy.writeUInt8(copy[at + 8] & ~32, at + 8));
  await change((copy) => copy.writeUInt32BE(0xffffffff, at + 8 + 11));
});
