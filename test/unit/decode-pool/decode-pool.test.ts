import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fullRegion, KernelDecoder, openAsset, SieddError } from "../../../codec/internal.js";
import { planRuns } from "../../../decode-pool/decode-frames.js";
import {
  type DecodeFramesOptions,
  DecodePool,
  decodeFrames,
  fileSource,
} from "../../../decode-pool/index.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { syntheticPaperAsset } from "../../support/synthetic-paper.js";
import { tempFolder } from "../../support/temp-folder.js";

const pool = new DecodePool({ workers: 2 });
after(() => pool.close());
const FRAME = { width: 128, height: 80, groups: [7, 6, 5] };
const all = (size: { width: number; height: number } = FRAME): DecodeFramesOptions => ({
  from: 0,
  count: 18,
  viewport: { region: fullRegion(FRAME), width: size.width, height: size.height },
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

test("frames decoded in parallel equal those of one decoder, in order", async (t) => {
  const path = await assetFile(t);
  const asset = await openAsset(fileSource(path));
  assert.ok(asset.profile === "tile");
  const decoder = await KernelDecoder.create(asset);
  for (const format of ["i420-709", "i420-601", "rgba"] as const) {
    const options = { ...all({ width: 96, height: 60 }), from: 3, count: 12, format };
    const decoded = await collect(decodeFrames(pool, path, options));
    const expected: Uint8Array[] = [];
    for (const entry of asset.groups) {
      const group = decoder.loadGroup(entry.index, await asset.readGroup(entry.index));
      for (let frame = 0; frame < entry.frameCount; frame++) {
        const index = entry.firstFrame + frame;
        if (index < options.from || index >= options.from + options.count) continue;
        const out = new Uint8Array(format === "rgba" ? 96 * 60 * 4 : 96 * 90);
        if (format === "rgba") decoder.decodeRgba(group, frame, options.viewport, out);
        else
          decoder.decodeI420(
            group,
            frame,
            { viewport: options.viewport, matrix: format === "i420-709" ? "bt709" : "bt601" },
            out,
          );
        expected.push(out);
      }
    }
    assert.equal(decoded.length, 12);
    decoded.forEach((frame, i) => {
      assert.ok(Buffer.from(frame).equals(expected[i]), `${format}, frame ${i}`);
    });
  }
});

test("a slow consumer limits how far decoding runs ahead", async (t) => {
  const path = await assetFile(t);
  let submitted = 0;
  const countingPool = {
    workers: pool.workers,
    run: (task: Parameters<DecodePool["run"]>[0]) => {
      submitted += task.positions.length;
      return pool.run(task);
    },
  } as DecodePool;
  const frames = decodeFrames(countingPool, path, all());
  await frames.next();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(submitted <= 12, `${submitted} frames submitted after one was consumed`);
  await frames.return();
});

test("planRuns splits at group boundaries and rejects frames that do not exist", () => {
  const groups = [7, 6].map((frameCount, index) => ({
    index,
    firstFrame: index * 7,
    frameCount,
    offset: 0,
    size: 0,
  }));
  assert.deepEqual(planRuns(groups, { from: 5, count: 5 }, 4), [
    { group: 0, first: 5, count: 2 },
    { group: 1, first: 0, count: 3 },
  ]);
  assert.deepEqual(planRuns(groups, { from: 0, count: 0 }, 4), []);
  for (const [from, count] of [
    [-1, 2],
    [0, 14],
    [13, 1],
    [0.5, 1],
  ]) {
    assert.throws(() => planRuns(groups, { from, count }, 4), /do not exist/);
  }
});

test("yields the frames before a corrupt group, then throws an error with its index", async (t) => {
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

test("an aborted decode rejects with the signal's reason", async (t) => {
  const path = await assetFile(t);
  const controller = new AbortController();
  const frames = decodeFrames(pool, path, {
    ...all({ width: 1600, height: 1000 }),
    signal: controller.signal,
  });
  await frames.next();
  controller.abort(new Error("aborted by the test"));
  await assert.rejects(collect(frames), /aborted by the test/);
});

test("an aborted decode of a very large network frees its thread", async (t) => {
  const frame = { width: 4096, height: 4096 };
  const paper = await assetFile(
    t,
    syntheticPaperAsset({ ...frame, groups: [1], neurons: 256, hiddenLayers: 4 }),
  );
  const single = new DecodePool({ workers: 1 });
  t.after(() => single.close());
  await single.ready;
  const viewport = { region: fullRegion(frame), width: 16, height: 16 };
  const decode = (signal: AbortSignal) =>
    collect(decodeFrames(single, paper, { from: 0, count: 1, viewport, format: "rgba", signal }));
  // Half a minute of work.
  await assert.rejects(decode(AbortSignal.timeout(1000)), { name: "TimeoutError" });
  const small = await assetFile(t);
  const signal = AbortSignal.timeout(10_000);
  assert.equal((await collect(decodeFrames(single, small, { ...all(), signal }))).length, 18);
});

test("rejects reads from a file that was replaced after it was opened", async (t) => {
  const path = await assetFile(t);
  const source = fileSource(path);
  const opened = { asset: await openAsset(source), source };
  await writeFile(path, syntheticAsset({ ...FRAME, seed: 5, tileWidth: 12 }));
  await assert.rejects(collect(decodeFrames(pool, opened, all())), /was replaced/);
  await assert.rejects(source.read(0, 10), /was replaced/);
  assert.throws(() => fileSource(`${path}.none`), /cannot read video\.siedd\.none: no such file/);
});

test("closing waits for a task in the ONNX runtime, which would abort the process", async (t) => {
  const path = await assetFile(t, syntheticPaperAsset({ width: 320, height: 180 }));
  const onnxPool = new DecodePool({ workers: 1 });
  await onnxPool.ready;
  const viewport = { region: { x: 0, y: 0, width: 320, height: 180 }, width: 320, height: 180 };
  const source = fileSource(path);
  const opened = { asset: await openAsset(source), source };
  const frames = decodeFrames(onnxPool, opened, { from: 0, count: 1, viewport, format: "rgba" });
  const frame = frames.next();
  // The worker is loading the runtime or decoding.
  await sleep(50);
  await onnxPool.close();
  assert.equal((await frame).value?.length, 320 * 180 * 4);
});
