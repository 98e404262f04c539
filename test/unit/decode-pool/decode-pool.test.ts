import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { fullRegion, KernelDecoder, openAsset, SieddError } from "../../../codec/internal.js";
import { planRuns } from "../../../decode-pool/decode-frames.js";
import {
  type DecodeFramesOptions,
  DecodePool,
  decodeFrames,
  fileSource,
} from "../../../decode-pool/index.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

const pool = new DecodePool({ workers: 2 });
after(() => pool.close());
const FRAME = { width: 128, height: 80, groups: [7, 6, 5] };
const all = (size: { width: number; height: number } = FRAME): DecodeFramesOptions => ({
  from: 0,
  count: 18,
  request: { region: fullRegion(FRAME), ...{ width: size.width, height: size.height } },
  format: "i420-709",
});

async function collect(frames: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const collected: Uint8Array[] = [];
  for await (const frame of frames) collected.push(frame);
  return collected;
}

async function assetFile(
  t: Parameters<typeof tempFolder>[0],
  bytes = syntheticAsset(FRAME),
): Promise<string> {
  const path = join(await tempFolder(t), "video.siedd");
  await writeFile(path, bytes);
  return path;
}

test("frames decoded in parallel are those of one decoder, in order", async (t) => {
  const path = await assetFile(t);
  const asset = await openAsset(fileSource(path));
  assert.ok(asset.profile === "tile");
  const decoder = await KernelDecoder.create(asset);
  for (const format of ["i420-709", "i420-601", "rgba"] as const) {
    const options = { ...all({ width: 96, height: 60 }), from: 3, count: 12, format };
    const found = await collect(decodeFrames(pool, path, options));
    const expected: Uint8Array[] = [];
    for (const entry of asset.groups) {
      const group = decoder.loadGroup(entry.index, await asset.readGroup(entry.index));
      for (let frame = 0; frame < entry.frameCount; frame++) {
        const index = entry.firstFrame + frame;
        if (index < options.from || index >= options.from + options.count) continue;
        const out = new Uint8Array(format === "rgba" ? 96 * 60 * 4 : 96 * 90);
        if (format === "rgba") decoder.decodeRgba(group, frame, options.request, out);
        else
          decoder.decodeI420(group, frame, options.request, format === "i420-709" ? "bt709" : "bt601", out);
        expected.push(out);
      }
    }
    assert.equal(found.length, 12);
    found.forEach((frame, i) => {
      assert.ok(Buffer.from(frame).equals(expected[i]), `${format}, frame ${i}`);
    });
  }
});

test("a slow consumer is not run ahead of", async (t) => {
  const path = await assetFile(t);
  let asked = 0;
  const counted = {
    workers: pool.workers,
    run: (task: Parameters<DecodePool["run"]>[0]) => {
      asked += task.type === "decode" ? task.times.length : 0;
      return pool.run(task);
    },
  } as DecodePool;
  const frames = decodeFrames(counted, path, all());
  await frames.next();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(asked <= 12, `${asked} frames asked for after one was taken`);
  await frames.return();
});

test("runs end at groups, and frames that are not there are refused", () => {
  const groups = [7, 6].map((frameCount, index) => ({
    index,
    firstFrame: index * 7,
    frameCount,
    offset: 0,
    size: 0,
  }));
  assert.deepEqual(planRuns(groups, 5, 5, 4), [
    { group: 0, first: 5, count: 2 },
    { group: 1, first: 0, count: 3 },
  ]);
  assert.deepEqual(planRuns(groups, 0, 0, 4), []);
  for (const [from, count] of [
    [-1, 2],
    [0, 14],
    [13, 1],
    [0.5, 1],
  ]) {
    assert.throws(() => planRuns(groups, from, count, 4), /do not exist/);
  }
});

test("a corrupt group ends the frames with its name, and those before it are given", async (t) => {
  const bytes = syntheticAsset(FRAME);
  const { groups } = await openAsset(fileSource(await assetFile(t, bytes)));
  bytes[groups[1].offset + 30] ^= 1;
  const path = await assetFile(t, bytes);
  const frames = decodeFrames(pool, path, all());
  for (let i = 0; i < 7; i++) assert.equal((await frames.next()).done, false);
  await assert.rejects(frames.next(), (error) => {
    assert.ok(error instanceof SieddError && error.code === "corrupt-group");
    assert.match(error.message, /group 1/);
    return true;
  });
});

test("an aborted decode ends with the reason", async (t) => {
  const path = await assetFile(t);
  const controller = new AbortController();
  const frames = decodeFrames(pool, path, {
    ...all({ width: 1600, height: 1000 }),
    signal: controller.signal,
  });
  await frames.next();
  controller.abort(new Error("enough"));
  await assert.rejects(collect(frames), /enough/);
});

test("a file replaced after it was opened is refused, never mixed", async (t) => {
  const path = await assetFile(t);
  const source = fileSource(path);
  const opened = { asset: await openAsset(source), source };
  await writeFile(path, syntheticAsset({ ...FRAME, seed: 5, tileWidth: 12 }));
  await assert.rejects(collect(decodeFrames(pool, opened, all())), /was replaced/);
  await assert.rejects(source.read(0, 10), /was replaced/);
  assert.throws(() => fileSource(`${path}.none`), /cannot read video\.siedd\.none: there is no such file/);
});
