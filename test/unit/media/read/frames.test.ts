import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { detectScenes, probeVideo, readFrames, writeSample } from "../../../../media/index.js";
import { readViewport } from "../../../../media/read/viewport-frames.js";
import { remainingProcesses } from "../../../support/child-processes.js";
import { clip } from "../../../support/clips.js";
import { assertNear, framesOf, isMediaError } from "../../../support/media-checks.js";
import { ffmpeg } from "../../../support/odd-videos.js";
import { tempFolder } from "../../../support/temp-folder.js";

const pixel = (frame: Uint8Array, index = 0) => [...frame.subarray(index * 3, index * 3 + 3)];

test("probeVideo reports display size, frame rate, duration and audio", async () => {
  const { width, height, frameRate, duration, audio } = await probeVideo(await clip("carphone"));
  assert.deepEqual(
    { width, height, frameRate },
    { width: 193, height: 144, frameRate: { num: 30000, den: 1001 } },
  );
  assertNear([duration], [4.004], 0.05);
  assert.equal(audio.length, 0);
  assert.equal((await probeVideo(await clip("bunny"))).audio.length, 1);
});

test("a video with rotation metadata is read upright", async (t) => {
  const folder = await tempFolder(t);
  const [coded, rotated] = [join(folder, "coded.mp4"), join(folder, "rotated.mp4")];
  // Left half black, right half white: rotated by 90 degrees clockwise, the top is black.
  await ffmpeg("-f", "lavfi", "-i", "color=black:s=64x64:r=10:d=0.5,pad=128:64:0:0:white", coded);
  await ffmpeg("-i", coded, "-c", "copy", "-metadata:s:v", "rotate=270", rotated);
  const info = await probeVideo(rotated);
  assert.deepEqual([info.width, info.height, info.rotation], [64, 128, 90]);
  const [frame] = await framesOf(rotated, { width: 8, height: 16, firstFrame: 0, frameCount: 1 });
  assertNear([...pixel(frame!), ...pixel(frame!, 8 * 15)], [0, 0, 0, 255, 255, 255], 3);
});

test("a video whose frame size changes is read at the first size", async (t) => {
  const folder = await tempFolder(t);
  const parts = [];
  for (const [at, size, color] of [
    ["0", "64x36", "black"],
    ["1", "96x54", "white"],
  ]) {
    const part = join(folder, `${color}.ts`);
    const frame = ["-f", "lavfi", "-i", `color=${color}:s=${size}:r=10:d=1`];
    await ffmpeg(...frame, "-c:v", "mpeg2video", "-bf", "0", "-output_ts_offset", at!, part);
    parts.push(await readFile(part));
  }
  const video = join(folder, "video.ts");
  await writeFile(video, Buffer.concat(parts));
  const info = await probeVideo(video);
  assert.deepEqual([info.width, info.height], [64, 36]);
  // One of the 20 frames may be lost where the parts meet.
  const { frameCount } = await detectScenes(video, info, {});
  assert.ok(frameCount >= 19 && frameCount <= 20, `${frameCount} frames`);
  const frames = await framesOf(video, { width: 64, height: 36, firstFrame: 0, frameCount });
  assertNear([...pixel(frames[0]!), ...pixel(frames.at(-1)!, 36 * 64 - 1)], [0, 0, 0, 255, 255, 255], 3);
});

test("detectScenes counts all frames and finds the cuts", async () => {
  const bikes = await clip("bikes");
  const seconds: number[] = [];
  const info = await probeVideo(bikes);
  const { frameCount, cuts } = await detectScenes(bikes, info, { onProgress: (at) => seconds.push(at) });
  assert.equal(frameCount, 250);
  assert.ok(cuts.length >= 3, String(cuts));
  assert.ok(cuts.every((cut, index) => cut - (cuts[index - 1] ?? 0) >= 5));
  assert.ok(seconds.length > 0);
  const part = await detectScenes(bikes, info, { from: 1, to: 3 });
  assert.deepEqual(part, {
    frameCount: 50,
    cuts: cuts.filter((cut) => cut >= 30 && cut <= 70).map((cut) => cut - 25),
  });
  const bunny = await clip("bunny");
  const bunnyInfo = await probeVideo(bunny);
  assert.deepEqual(await detectScenes(bunny, bunnyInfo, {}), { frameCount: 132, cuts: [] });
  const end = { from: bunnyInfo.duration - 1e-3 };
  await assert.rejects(
    detectScenes(bunny, bunnyInfo, end),
    isMediaError("no-frames", /after 5\.279 s; start earlier/),
  );
});

test("a frame does not depend on where reading starts", async () => {
  const bunny = await clip("bunny");
  const size = { width: 64, height: 36 };
  const all = await framesOf(bunny, { ...size, firstFrame: 0, frameCount: 132 });
  assert.deepEqual(await framesOf(bunny, { ...size, firstFrame: 107, frameCount: 9 }), all.slice(107, 116));
  assert.deepEqual(
    await framesOf(bunny, { ...size, from: 4.2, firstFrame: 3, frameCount: 5 }),
    all.slice(108, 113),
  );
  await assert.rejects(
    framesOf(bunny, { ...size, firstFrame: 130, frameCount: 5 }),
    isMediaError("no-frames", /2 of 5 frames/),
  );
});

test("a variable frame rate is converted to a constant one by repeating frames", async (t) => {
  const path = join(await tempFolder(t), "variable.mkv");
  // Frames at 0 and 0.04 s, then one second later: the second frame is repeated.
  const gap = "select='not(between(n,2,25))'";
  await ffmpeg(
    "-f",
    "lavfi",
    "-i",
    `color=black:s=64x64:r=25:d=2,geq=lum='if(gte(N,26),200,50)':cb=128:cr=128,${gap}`,
    path,
  );
  const info = { ...(await probeVideo(path)), frameRate: { num: 25, den: 1 } };
  assert.equal((await detectScenes(path, info, {})).frameCount, 50);
  const levels: number[] = [];
  for await (const frame of readFrames(path, info, {
    width: 16,
    height: 16,
    firstFrame: 20,
    frameCount: 10,
  })) {
    levels.push(frame[0]! > 120 ? 1 : 0);
  }
  assert.deepEqual(levels, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
});

test("color tags are honored, and untagged color is BT.601", async (t) => {
  const folder = await tempFolder(t);
  // Pure red as YCbCr. Only the tags identify the matrix and the range of the raw bytes.
  const cases = [
    { name: "bt601", ycc: [81, 90, 240], tags: [] },
    { name: "bt709", ycc: [63, 102, 240], tags: ["-colorspace", "bt709", "-color_range", "tv"] },
    { name: "full", ycc: [76, 85, 255], tags: ["-colorspace", "smpte170m", "-color_range", "pc"] },
    { name: "pal", ycc: [81, 90, 240], tags: ["-colorspace", "bt470bg", "-color_range", "tv"] },
  ];
  for (const { name, ycc, tags } of cases) {
    const raw = join(folder, "red.yuv");
    const path = join(folder, `${name}.mp4`);
    await writeFile(
      raw,
      Buffer.concat(ycc.map((level, index) => Buffer.alloc(index === 0 ? 4096 : 1024, level))),
    );
    const input = [
      "-f",
      "rawvideo",
      "-pix_fmt",
      name === "full" ? "yuvj420p" : "yuv420p",
      "-s",
      "64x64",
      "-i",
      raw,
    ];
    await ffmpeg(...input, "-c:v", "libx264", "-qp", "0", ...tags, path);
    const [frame] = await framesOf(path, { width: 32, height: 32, firstFrame: 0, frameCount: 1 });
    assertNear(pixel(frame!, 100), [255, 0, 0], 3);
    const size = { width: 32, height: 32, firstFrame: 0, frameCount: 1 };
    for (const region of [
      { x: 0, y: 0, width: 64, height: 64 },
      { x: 8, y: 8, width: 32, height: 32 },
    ]) {
      const viewport = { ...size, region, format: "i420-709" } as const;
      for await (const i420 of readViewport(path, await probeVideo(path), viewport))
        assertNear([i420[500]!, i420[1100]!, i420[1400]!], [63, 102, 240], 1);
    }
  }
});

test("ffmpeg exits when the consumer stops early or aborts", async () => {
  const bunny = await clip("bunny");
  const info = await probeVideo(bunny);
  const range = { width: 640, height: 360, firstFrame: 0, frameCount: 132 };
  for await (const _ of readFrames(bunny, info, range)) break;
  assert.equal(await remainingProcesses("ffmpeg"), 0);
  const reason = new Error("aborted by the test");
  const abort = new AbortController();
  const read = async () => {
    for await (const _ of readFrames(bunny, info, { ...range, signal: abort.signal })) abort.abort(reason);
  };
  await assert.rejects(read(), reason);
  await assert.rejects(detectScenes(bunny, info, { signal: AbortSignal.abort(reason) }), reason);
  const late = new AbortController();
  const onProgress = () => late.abort(reason);
  await assert.rejects(detectScenes(bunny, info, { signal: late.signal, onProgress }), reason);
  assert.equal(await remainingProcesses("ffmpeg"), 0);
});

test("the sample video has six seconds, two scenes and audio", async (t) => {
  const output = join(await tempFolder(t), "sample.mp4");
  await writeSample({ output });
  const info = await probeVideo(output);
  assert.deepEqual([info.width, info.height, info.audio.length], [640, 360, 1]);
  assert.deepEqual(await detectScenes(output, info, {}), { frameCount: 150, cuts: [80] });
});
