import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { memorySource, openAsset } from "../../../codec/internal.js";
import {
  type EncodeEvent,
  type EncodeOptions,
  EncoderError,
  encode,
  MediaError,
} from "../../../encoder/index.js";
import { planGroups } from "../../../encoder/plan/groups.js";
import { settingsForSize } from "../../../encoder/plan/tile-grid.js";
import { resolveTileOptions } from "../../../encoder/tile/options.js";
import { hasCudaProvider } from "../../../encoder/training/onnx/cuda-provider.js";
import { remainingProcesses } from "../../support/child-processes.js";
import { clip } from "../../support/clips.js";
import { ffmpeg, lavfi } from "../../support/odd-videos.js";
import { tempFolder } from "../../support/temp-folder.js";

/** Options for two seconds of bunny at a small size: two groups, one of them the anchor. */
async function smallEncode(output: string): Promise<EncodeOptions> {
  const size = { width: 160, height: 90 };
  return {
    input: await clip("bunny"),
    output,
    size,
    to: 2,
    steps: 150,
    phase1Steps: 100,
    points: 128,
    workers: 2,
  };
}

test("encodes every frame and the audio of a video, in groups of about one second", async (t) => {
  const output = join(await tempFolder(t), "bunny.siedd");
  const events: EncodeEvent[] = [];
  const summary = await encode({ ...(await smallEncode(output)), onEvent: (event) => events.push(event) });
  const bytes = await readFile(output);
  const asset = await openAsset(memorySource(bytes));
  assert.equal(asset.frameCount, 50);
  const at = bytes.indexOf("sivI") + 4;
  assert.equal(asset.identity, bytes.toString("hex", at, at + 16));
  const zeroed = Buffer.from(bytes).fill(0, at, at + 16);
  assert.equal(asset.identity, createHash("sha256").update(zeroed).digest("hex").slice(0, 32));
  assert.deepEqual(
    asset.groups.map(({ frameCount }) => frameCount),
    [25, 25],
  );
  assert.deepEqual([asset.width, asset.height, asset.duration], [160, 90, 2]);
  // The clip has 5.1 channels, and gets a stereo downmix beside them.
  assert.deepEqual(
    asset.audio.map(({ channels, downmixOf }) => [channels, downmixOf]),
    [
      [6, null],
      [2, 0],
    ],
  );
  const { packetCount, packetDuration, sampleRate } = asset.audio[0]!;
  const seconds = (packetCount * packetDuration) / sampleRate;
  assert.ok(seconds >= 2 && seconds < 2.1, `${seconds} s of audio`);
  assert.ok(summary.psnr > 22, `${summary.psnr} dB`);
  assert.equal(summary.bytes, (await stat(output)).size);
  assert.ok(Math.abs(summary.bpp - ((summary.bytes - summary.audioBytes) * 8) / (50 * 160 * 90)) < 1e-9);
  const shares = events.flatMap((event) => (event.type === "progress" ? [event.done] : []));
  assert.ok(
    shares.every((share, i) => share >= (shares[i - 1] ?? 0) && share <= 1),
    `progress ${shares}`,
  );
  assert.equal(events.at(-1)?.type, "done");
  assert.deepEqual(await readdir(join(output, "..")), ["bunny.siedd"]);
});

test("resumes an aborted encode with identical bytes for any number of workers", async (t) => {
  const folder = await tempFolder(t);
  const uninterrupted = join(folder, "uninterrupted.siedd");
  // Groups whose networks cover nothing else are finished one by one.
  const short = { groupFrames: 8, maxSpan: 1 };
  await encode({ ...(await smallEncode(uninterrupted)), ...short, workers: 1 });

  const output = join(folder, "part.siedd");
  const interrupt = new AbortController();
  const finished: number[] = [];
  const onEvent = (event: EncodeEvent) => {
    if (event.type !== "group") return;
    finished.push(event.index);
    interrupt.abort();
  };
  await assert.rejects(
    encode({ ...(await smallEncode(output)), ...short, signal: interrupt.signal, onEvent }),
    (error) =>
      error instanceof EncoderError && error.code === "interrupted" && /resume: true/.test(error.message),
  );
  assert.equal(await remainingProcesses("ffmpeg"), 0);
  assert.deepEqual((await readdir(folder)).sort(), ["part.siedd.work", "uninterrupted.siedd"]);

  const groups: number[] = [];
  await encode({
    ...(await smallEncode(output)),
    ...short,
    resume: true,
    onEvent: (event) => event.type === "group" && groups.push(event.index),
  });
  assert.ok(finished.length < 6, `finished before the abort: ${finished}`);
  assert.deepEqual([...finished, ...groups].sort(), [0, 1, 2, 3, 4, 5], "no group is trained twice");
  assert.deepEqual(await readFile(output), await readFile(uninterrupted));
});

test("rejects checkpoints of another encode with resume, and replaces them without resume", async (t) => {
  const output = join(await tempFolder(t), "a.siedd");
  const interrupt = new AbortController();
  const onEvent = (event: EncodeEvent) =>
    event.type === "progress" && event.phase === "phase2" && interrupt.abort();
  await assert.rejects(
    encode({ ...(await smallEncode(output)), signal: interrupt.signal, onEvent }),
    /interrupted/,
  );
  await assert.rejects(
    encode({ ...(await smallEncode(output)), resume: true, steps: 151 }),
    (error) => error instanceof EncoderError && error.code === "no-match",
  );
  await encode({ ...(await smallEncode(output)), steps: 20, phase1Steps: 20 });
  assert.ok((await stat(output)).size > 0);
});

test("encodes a single frame, an odd size and a tiny size", async (t) => {
  const folder = await tempFolder(t);
  const input = await clip("carphone");
  for (const [size, to] of [
    [{ width: 16, height: 16 }, 0.3],
    [{ width: 97, height: 55 }, 0.03],
  ] as const) {
    const output = join(folder, `${size.width}.siedd`);
    const summary = await encode({ input, output, size, to, steps: 30, phase1Steps: 10 });
    const asset = await openAsset(memorySource(await readFile(output)));
    assert.deepEqual([asset.width, asset.height], [size.width, size.height]);
    assert.equal(asset.frameCount, summary.frames);
  }
});

test("rejects device cuda without CUDA before it reads the video, and names the fix", {
  skip: hasCudaProvider(),
}, async (t) => {
  const output = join(await tempFolder(t), "a.siedd");
  const onEvent = () => assert.fail("no event is emitted");
  await assert.rejects(
    encode({ ...(await smallEncode(output)), device: "cuda", onEvent }),
    (error) =>
      error instanceof EncoderError &&
      error.code === "no-cuda" &&
      /setup:cuda.*device: "cpu"/.test(error.message),
  );
});

test("rejects options out of bounds with name, rule and value", async () => {
  const base = { input: "a.mp4", output: "a.siedd" };
  for (const [options, option, message] of [
    [{ steps: 0 }, "steps", "steps must be an integer from 1 to 1000000, got 0"],
    [{ width: 13 }, "width", "width must be one of 4, 8, 12, 16, 24, 32, got 13"],
    [{ size: { width: 15, height: 20 } }, "size", "size must be an integer from 16 to 8192, got 15"],
    [{ from: 3, to: 2 }, "to", "to must be > 3 seconds, got 2"],
    [{ output: "a.mp4" }, "output", 'output must be a path that ends in ".siedd", got a.mp4'],
  ] as const) {
    await assert.rejects(encode({ ...base, ...options }), { code: "bad-option", option, message });
  }
});

test("large tiles get wider decoders, unless the option width is set", () => {
  const widthAt = (width: number, height: number, options: Partial<EncodeOptions> = {}) =>
    settingsForSize(
      width,
      height,
      resolveTileOptions({ input: "a.mp4", output: "a.siedd", ...options }).training,
    ).width;
  assert.equal(widthAt(640, 360), 16);
  assert.equal(widthAt(1280, 720), 24);
  assert.equal(widthAt(720, 1280), 24);
  assert.equal(widthAt(1280, 720, { width: 16 }), 16);
  assert.equal(widthAt(1280, 720, { preset: "draft" }), 16);
});

test("groups begin at scene cuts and at whole seconds, and last half a second to two seconds", () => {
  const rate = { num: 25, den: 1 };
  const starts = (frames: number, cuts: readonly number[], groupFrames?: number) => {
    const groups = planGroups(frames, cuts, rate, groupFrames);
    assert.deepEqual(
      groups.filter((group) => group.startsScene).map(({ firstFrame }) => firstFrame),
      [0, ...cuts],
    );
    groups.forEach(({ index, firstFrame, frameCount }, i) => {
      assert.equal(index, i);
      assert.equal(firstFrame + frameCount, groups[i + 1]?.firstFrame ?? frames);
    });
    return groups.map(({ firstFrame }) => firstFrame);
  };
  assert.deepEqual(starts(132, []), [0, 25, 50, 75, 100]);
  assert.deepEqual(starts(138, []), [0, 25, 50, 75, 100, 125]);
  assert.deepEqual(starts(150, [31, 100, 107]), [0, 31, 50, 75, 100, 107, 125]);
  assert.deepEqual(starts(150, [45]), [0, 25, 45, 75, 100, 125]);
  assert.deepEqual(starts(1, []), [0]);
  assert.deepEqual(starts(60, [59]), [0, 25, 59]);
  // An explicit length divides scenes evenly.
  assert.deepEqual(starts(50, [20], 10), [0, 10, 20, 30, 40]);
});

test("rejects a video that is smaller than an asset may be", async (t) => {
  const folder = await tempFolder(t);
  const input = join(folder, "tiny.mp4");
  await ffmpeg(...lavfi("testsrc=s=64x8:d=0.2"), "-c:v", "libx264", "-preset", "ultrafast", input);
  await assert.rejects(
    encode({ input, output: join(folder, "tiny.siedd") }),
    (error) =>
      error instanceof MediaError &&
      error.code === "unsupported-video" &&
      /64 x 8 pixels, but an asset must have 16 to 8192 pixels per side; choose another size/.test(
        error.message,
      ),
  );
});
