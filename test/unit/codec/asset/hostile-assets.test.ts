import assert from "node:assert/strict";
import { test } from "node:test";
import { type BoxNode, findBoxes, rewriteAsset, table } from "../../../../bench/fuzzing/box-tree.js";
import { memorySource, openAsset, SieddError } from "../../../../codec/index.js";
import { assetInfo, KernelDecoder, readGroup } from "../../../../codec/internal.js";
import { MAX_GROUP_VALUES, maxGroupValues } from "../../../../codec/limits.js";
import { syntheticAsset } from "../../../support/synthetic-asset.js";

const cue = { start: 100, end: 400, settings: "", text: "text" };
const valid = syntheticAsset({
  width: 64,
  height: 36,
  groups: [5, 5],
  text: [{ language: "eng", cues: [cue] }],
});

/** Returns the box of a type in the video track. */
const videoBox = (nodes: readonly BoxNode[], type: string): BoxNode => findBoxes(nodes, type)[0];

/** Returns the valid asset with another `stsc`, `stsz` or `stts` of the video track. */
const withTable = (type: string, values: readonly number[]): Buffer =>
  rewriteAsset(valid, (nodes) => {
    videoBox(nodes, type).bytes = table(values);
  });

const open = (bytes: Uint8Array) => openAsset(memorySource(bytes));

async function assertRejected(bytes: Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(open(bytes), (error) => {
    assert.ok(error instanceof SieddError && error.code === "bad-asset", `${error}`);
    assert.match(error.message, message);
    return true;
  });
}

test("an asset whose boxes are rewritten unchanged opens", async () => {
  const bytes = rewriteAsset(valid, () => {});
  assert.deepEqual(bytes, Buffer.from(valid));
  assert.equal((await open(bytes)).groups.length, 2);
});

test("rejects runs of chunks that are out of order, or without samples", async () => {
  await assertRejected(
    withTable("stsc", [2, 1, 1, 1, 1, 1, 1]),
    /stsc.*the first chunk of a run must be from 2/,
  );
  await assertRejected(
    withTable("stsc", [2, 2, 1, 1, 1, 1, 1]),
    /stsc.*the first chunk of a run must be from 1 to 1/,
  );
  await assertRejected(withTable("stsc", [1, 1, 0, 1]), /stsc.*the samples per chunk must be from 1/);
  await assertRejected(
    withTable("stsc", [2, 1, 1, 1, 3, 1, 1]),
    /stsc.*the first chunk of a run must be from 2 to 2/,
  );
  await assertRejected(withTable("stts", [3, 1, 5, 0, 9, 1, 5]), /stts.*the length of a run of durations/);
});

test("opens tables of 4 MB in linear time, however many runs they have", async () => {
  const groups = 200_000;
  const size = 32;
  const bytes = rewriteAsset(valid, (nodes) => {
    const start = 2 ** 20 * 8;
    const numbers = Array.from({ length: groups }, (_, i) => i);
    videoBox(nodes, "stsz").bytes = table([0, groups, ...numbers.map((i) => size + (i % 2))]);
    videoBox(nodes, "stts").bytes = table([1, groups, 1]);
    videoBox(nodes, "stsc").bytes = table([
      groups / 2,
      ...numbers.slice(0, groups / 2).flatMap((i) => [i + 1, 1, 1]),
    ]);
    videoBox(nodes, "co64").bytes = table([
      groups,
      ...numbers.flatMap((i) => [0, start + 40 * (groups - i)]),
    ]);
    videoBox(nodes, "sivC").bytes.writeUInt32BE(groups, 15);
  });
  const large = Buffer.concat([bytes, Buffer.alloc(2 ** 20 * 8 + 40 * (groups + 1))]);
  const started = process.cpuUsage();
  assert.equal((await open(large)).groups.length, groups);
  const { user, system } = process.cpuUsage(started);
  assert.ok(user + system < 1e6, `took ${(user + system) / 1000} ms`);
});

test("rejects more groups than a video can have, and groups without bytes", async () => {
  const many = 300_000;
  const sizes = (size: number) => Array.from({ length: many }, () => size);
  await assertRejected(
    withTable("stsz", [0, many, ...sizes(40)]),
    /the number of samples must be from 0 to 262144/,
  );
  await assertRejected(withTable("stsz", [0, 2, 0, 40]), /the size of a sample must be from 32 to/);
});

test("rejects samples that overlap, within a track and between tracks", async () => {
  const shareChunks = (from: number, to: number) =>
    rewriteAsset(valid, (nodes) => {
      const chunks = findBoxes(nodes, "co64");
      chunks[0].bytes.copy(chunks[to].bytes, to === 0 ? 16 : 8, from, from + 8);
    });
  await assertRejected(shareChunks(8, 0), /samples that overlap/);
  await assertRejected(shareChunks(8, 1), /samples that overlap/);
});

test("rejects text that is too large for one read, and boxes without end", async () => {
  const bytes = rewriteAsset(valid, (nodes) => {
    const count = 20;
    findBoxes(nodes, "stsz")[1].bytes = table([0, count, ...Array.from({ length: count }, () => 1 << 20)]);
    findBoxes(nodes, "stts")[1].bytes = table([1, count, 10]);
    findBoxes(nodes, "stsc")[1].bytes = table([1, 1, count, 1]);
  });
  await assertRejected(Buffer.concat([bytes, Buffer.alloc(20 << 20)]), /the bytes of a text track/);
  const boxes = rewriteAsset(valid, (nodes) => {
    const free = { type: "free", bytes: Buffer.alloc(0), children: undefined };
    nodes[1].children?.push(...Array.from({ length: 2000 }, () => free));
  });
  await assertRejected(boxes, /moov has more than 1024 boxes/);
});

test("rejects frame rates, durations and tiles that no video has", async () => {
  const withConfiguration = (offset: number, value: number, bytes: 2 | 4 = 4) =>
    rewriteAsset(valid, (nodes) => {
      videoBox(nodes, "sivC").bytes.writeUIntBE(value, offset, bytes);
    });
  await assertRejected(
    withConfiguration(7, 1_000_000_000),
    /the frame rate in frames per second must be from/,
  );
  await assertRejected(
    withConfiguration(11, 1_000_000_000),
    /the frame rate in frames per second must be from/,
  );
  await assertRejected(withConfiguration(15, 2 ** 31), /the number of frames must be from 1 to 6480000/);
  await assertRejected(withConfiguration(19, 64, 2), /the side of a tile in pixels must be from 4/);
});

test("rejects a small file that lasts for hours", async () => {
  const withSeconds = (seconds: number) =>
    rewriteAsset(valid, (nodes) => {
      videoBox(nodes, "stts").bytes = table([1, 2, seconds]);
      const { bytes } = videoBox(nodes, "sivC");
      bytes.writeUInt32BE(1, 7);
      bytes.writeUInt32BE(1, 11);
      bytes.writeUInt32BE(2 * seconds, 15);
    });
  assert.ok(valid.length < 3600);
  await assertRejected(withSeconds(3600), /it lasts 7200 s, must be at most/);
  await assertRejected(withSeconds(65_535), /group 0 lasts 65535 s, must be at most 3600 s/);
  assert.equal((await open(withSeconds(1800))).duration, 3600);
});

test("a video of ten hours at 120 fps opens", async () => {
  const groups = 36_000;
  const bytes = syntheticAsset({ width: 64, height: 36, groups: [120], frameRate: { num: 120, den: 1 } });
  const payload = Buffer.from(bytes).subarray(-(await open(bytes)).groups[0].size);
  const long = rewriteAsset(bytes, (nodes) => {
    videoBox(nodes, "stsz").bytes = table([
      0,
      groups,
      ...Array.from({ length: groups }, () => payload.length),
    ]);
    videoBox(nodes, "stts").bytes = table([1, groups, 120]);
    videoBox(nodes, "stsc").bytes = table([1, 1, groups, 1]);
    videoBox(nodes, "sivC").bytes.writeUInt32BE(groups * 120, 15);
    nodes[2].bytes = Buffer.concat(Array.from({ length: groups }, () => payload));
  });
  const asset = await open(long);
  assert.equal(asset.duration, 36_000);
  assert.equal(assetInfo(asset).groups.length, groups);
  assert.deepEqual(Buffer.from(await asset.readGroup(groups - 1)), payload);
});

test("a group has at most as many numbers as its bytes can mean, and as the largest frames need", async () => {
  assert.equal(maxGroupValues([{ size: 1000 }]), 2 ** 22 + 16_000);
  assert.equal(maxGroupValues([{ size: 2 ** 26 }]), MAX_GROUP_VALUES);
  // A group of black frames among detailed ones.
  assert.equal(maxGroupValues([{ size: 1000 }, { size: 2 ** 21 }]), 2 ** 22 + 8 * (1000 + 2 ** 21));
  const asset = await open(valid);
  assert.ok(asset.profile === "tile");
  const payload = await asset.readGroup(0);
  assert.throws(
    () => readGroup(asset.network, { index: 0, frameCount: 5, maxValues: 100 }, payload),
    /group 0 is damaged: .*the number of parameters must be from 1 to 100/,
  );
  (await KernelDecoder.create(asset)).loadGroup(0, payload);
});
