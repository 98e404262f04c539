import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { detectScenes, encodeAudio, probeVideo, readFrames } from "../../../../media/index.js";
import { frameReader } from "../../../../media/read/timeline.js";
import { countWrongSteps, grayClip } from "../../../support/gray-clips.js";
import { ffmpeg, keepAllFrames, lavfi } from "../../../support/odd-videos.js";
import { tempFolder } from "../../../support/temp-folder.js";

interface Part {
  readonly from?: number;
  readonly firstFrame?: number;
  readonly frameCount?: number;
}

/** Returns the red level of the first pixel of all frames, or of a part of them. */
async function levelsOf(path: string, part: Part = {}): Promise<number[]> {
  const info = await probeVideo(path);
  const { from, firstFrame = 0 } = part;
  const frameCount = part.frameCount ?? (await detectScenes(path, info, { from })).frameCount;
  const levels: number[] = [];
  for await (const frame of readFrames(path, info, { width: 8, height: 8, from, firstFrame, frameCount })) {
    levels.push(frame[0]!);
  }
  return levels;
}

test("every frame is read once from containers that round times, with any start", async (t) => {
  const folder = await tempFolder(t);
  const clip = join(folder, "clip.mp4");
  const sine = lavfi("sine=r=48000:d=1");
  const cases = [
    ["24000/1001", "mkv", [0.5]],
    ["24000/1001", "flv", [1.3]],
    ["24000/1001", "ts", [0.5]],
    ["60000/1001", "mkv", [0.9]],
  ] as const;
  let rendered = "";
  for (const [rate, container, starts] of cases) {
    if (rate !== rendered) await grayClip(rate, 40, clip);
    rendered = rate;
    const [num = 0, den = 1] = rate.split("/").map(Number);
    for (const start of starts) {
      const path = join(folder, `video.${container}`);
      const offset = ((start * den) / num).toFixed(6);
      await ffmpeg("-itsoffset", offset, "-i", clip, ...sine, "-c:v", "copy", "-c:a", "aac", path);
      const { frameRate, videoStart } = await probeVideo(path);
      const levels = await levelsOf(path);
      const name = `${container} at ${rate}, ${start} frames late`;
      assert.deepEqual([frameRate.num, frameRate.den], [num, den], name);
      assert.deepEqual([levels.length, countWrongSteps(levels)], [40, 0], `${name}: ${levels}`);
      assert.ok(Math.abs(videoStart - Number(offset)) < 0.03, `${name}: ${videoStart}`);
    }
  }
});

test("a frame is the same wherever reading starts, with reordered frames and open GOPs", async (t) => {
  const folder = await tempFolder(t);
  const source = join(folder, "source.mp4");
  await grayClip("24000/1001", 240, source, "-x264-params", "open-gop=1:keyint=24:bframes=3:b-adapt=0");
  const sine = lavfi("sine=r=48000:d=10");
  for (const container of ["mkv", "mp4", "ts"]) {
    const path = join(folder, `video.${container}`);
    await ffmpeg("-itsoffset", "0.021", "-i", source, ...sine, "-c:v", "copy", "-c:a", "aac", path);
    const all = await levelsOf(path);
    assert.deepEqual([all.length, countWrongSteps(all)], [240, 0], container);
    for (const firstFrame of [119, 215]) {
      const part = await levelsOf(path, { firstFrame, frameCount: 24 });
      assert.deepEqual(part, all.slice(firstFrame, firstFrame + 24), `${container} from ${firstFrame}`);
    }
    // Half a frame after frame 107: the grid does not move.
    const late = await levelsOf(path, { from: (107.5 * 1001) / 24000, firstFrame: 50, frameCount: 20 });
    assert.deepEqual(late, all.slice(157, 177), container);
  }
});

/** Returns the time of the first packet that ffmpeg reads for a frame, in frames. */
async function firstPacket(path: string, firstFrame: number): Promise<number> {
  const info = await probeVideo(path);
  const { command } = frameReader(path, info, { firstFrame });
  const args = command.output("-")._getArguments();
  const input = args.slice(0, args.indexOf("-i") + 2).filter((arg) => arg !== "-y");
  const copy = ["-map", "0:v", "-c", "copy", "-copyts", "-frames:v", "1", "-f", "framecrc", "-"];
  const text = (await ffmpeg(...input, ...copy)).toString();
  const [, num, den] = /#tb 0: (\d+)\/(\d+)/.exec(text)!;
  const pts = Number(text.trim().split("\n").at(-1)!.split(",")[2]);
  return Math.round((pts * Number(num) * info.frameRate.num) / (Number(den) * info.frameRate.den));
}

test("reading starts at the last keyframe before a frame", async (t) => {
  const folder = await tempFolder(t);
  const mp4 = join(folder, "clip.mp4");
  await grayClip("25", 200, mp4, "-x264-params", "keyint=40:bframes=3:b-adapt=0:scenecut=0");
  for (const [frame, keyframe] of [
    [39, 0],
    [80, 80],
    [119, 80],
    [120, 120],
    [121, 120],
    [199, 160],
  ]) {
    assert.equal(await firstPacket(mp4, frame!), keyframe, `frame ${frame} of mp4`);
  }
  const mkv = join(folder, "clip.mkv");
  await ffmpeg("-i", mp4, "-c", "copy", mkv);
  // ffmpeg itself seeks 0.13 s earlier in Matroska.
  for (const [frame, keyframe] of [
    [119, 80],
    [124, 120],
  ]) {
    assert.equal(await firstPacket(mkv, frame!), keyframe, `frame ${frame} of mkv`);
  }
});

test("reading starts near a frame in containers without an exact index", async (t) => {
  const folder = await tempFolder(t);
  const clip = join(folder, "clip.mp4");
  await grayClip("25", 400, clip, "-x264-params", "keyint=60:bframes=3:scenecut=0");
  for (const [container, codec] of [
    ["ts", ["-c:v", "copy"]],
    ["flv", ["-c:v", "copy"]],
    ["avi", ["-c:v", "mpeg4", "-q:v", "1", "-g", "60", "-bf", "2"]],
    ["wmv", ["-c:v", "wmv2", "-q:v", "1", "-g", "60"]],
  ] as const) {
    const path = join(folder, `video.${container}`);
    await ffmpeg("-i", clip, ...codec, path);
    const all = await levelsOf(path);
    for (const firstFrame of [299, 300, 371]) {
      const part = await levelsOf(path, { firstFrame, frameCount: 20 });
      assert.deepEqual(part, all.slice(firstFrame, firstFrame + 20), `${container} from ${firstFrame}`);
    }
    const info = await probeVideo(path);
    const { command } = frameReader(path, info, { firstFrame: 371 });
    const args = command.output("-")._getArguments();
    const seek = Number(args[args.indexOf("-ss") + 1]);
    assert.ok(seek > 371 / 25 - 5 && seek < 371 / 25 - 1.9, `${container}: ${seek}`);
  }
});

test("no frame is missing if reading starts in the time before a late video", async (t) => {
  const folder = await tempFolder(t);
  const [clip, path] = [join(folder, "clip.mp4"), join(folder, "late.mp4")];
  await grayClip("25", 25, clip);
  await ffmpeg("-itsoffset", "1.5", "-i", clip, ...lavfi("sine=d=3"), "-c:v", "copy", "-c:a", "aac", path);
  const all = await levelsOf(path);
  for (const firstFrame of [5, 36, 38, 45]) {
    assert.deepEqual(
      await levelsOf(path, { firstFrame, frameCount: 10 }),
      all.slice(firstFrame, firstFrame + 10),
    );
  }
});

/** Seconds from the start of an ADTS file to its first sample above -20 dB, without the encoder delay. */
async function onsetOf(adts: string): Promise<number> {
  const pcm = await ffmpeg("-i", adts, "-f", "s16le", "-ac", "1", "-ar", "48000", "-");
  const samples = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length >> 1);
  return (samples.findIndex((sample) => Math.abs(sample) > 3276) - 1024) / 48000;
}

test("audio that starts before or after the video stays in sync", async (t) => {
  const folder = await tempFolder(t);
  const [flash, beep] = [join(folder, "flash.mp4"), join(folder, "beep.wav")];
  await ffmpeg(
    ...lavfi("color=black:s=64x36:r=25:d=5,geq=lum='if(gte(N,100),235,16)':cb=128:cr=128"),
    ...keepAllFrames,
    flash,
  );
  await ffmpeg(...lavfi("aevalsrc='if(gte(t,4),sin(2000*PI*t),0)':s=48000:d=5"), beep);
  for (const [container, offset, starts] of [
    ["mkv", 0.6, [0]],
    ["mp4", 0.07, [0.5, 3.5]],
    ["ts", 0.5, [0, 3.5]],
  ] as const) {
    const path = join(folder, `sync.${container}`);
    // Silence before the beep keeps it at the flash, so that the audio stream begins earlier than the video.
    const delay = `adelay=${Math.round(offset * 1000)}`;
    const audio = ["-i", beep, "-af", delay, "-c:a", "aac", "-b:a", "192k"];
    await ffmpeg("-itsoffset", String(offset), "-i", flash, ...audio, "-c:v", "copy", path);
    const info = await probeVideo(path);
    for (const from of starts) {
      const levels = await levelsOf(path, { from });
      const output = join(folder, "audio.adts");
      await encodeAudio(path, info, { from, output });
      const difference = (await onsetOf(output)) - levels.findIndex((level) => level > 128) / 25;
      const name = `${container}, video ${offset} s late, from ${from} s`;
      assert.ok(Math.abs(difference) < 0.004, `${name}: audio is ${difference} s late`);
    }
  }
});

test("video that begins long after the audio is preceded by its first frame", async (t) => {
  const folder = await tempFolder(t);
  const [clip, path] = [join(folder, "clip.mp4"), join(folder, "late.mkv")];
  await grayClip("25", 25, clip);
  await ffmpeg("-itsoffset", "0.62", "-i", clip, ...lavfi("sine=d=2"), "-c:v", "copy", "-c:a", "aac", path);
  const levels = await levelsOf(path);
  // The encoder delay of the audio adds 21 ms.
  assert.equal(levels.length, 16 + 25);
  assert.deepEqual([new Set(levels.slice(0, 17)).size, countWrongSteps(levels.slice(16))], [1, 0]);
  assert.ok((await probeVideo(path)).videoStart < 0.04);
});

test("recordings, mixed rates and animated images keep all frames at a moderate rate", async (t) => {
  const folder = await tempFolder(t);
  const gray = lavfi("color=black:s=64x36:r=120:d=4,geq=lum='20+mod(N,210)':cb=128:cr=128");
  const webm = ["-c:v", "libvpx", "-b:v", "2M", "-cluster_time_limit", "500", "-live", "1"];
  const cases = [
    // As MediaRecorder: no duration, uneven times, 24 of 30 frames per second.
    ["recording.webm", "not(mod(n,4))*gt(mod(n/4,5),0)", [...webm, "-f", "webm"], 30, 96],
    ["mixed.mkv", "if(lt(t,2),not(mod(n,5)),not(mod(n,4)))", ["-c:v", "libx264"], 30, 108],
    ["uneven.gif", "eq(n,0)+eq(n,12)+eq(n,24)+eq(n,28)+eq(n,60)+eq(n,96)+eq(n,180)", [], 34, 7],
  ] as const;
  for (const [name, select, options, maxRate, frames] of cases) {
    const path = join(folder, name);
    const tick = name.endsWith("gif") ? "1/100" : "1/1000";
    const passthrough = ["-fps_mode", "passthrough", "-enc_time_base", tick];
    await ffmpeg(...gray, "-vf", `select='${select}'`, ...passthrough, ...options, path);
    const { frameRate, repetition, duration } = await probeVideo(path);
    assert.ok(frameRate.num / frameRate.den <= maxRate, `${name}: ${JSON.stringify(frameRate)}`);
    const levels = await levelsOf(path);
    const distinct = levels.filter((level, i) => level !== levels[i - 1]).length;
    assert.equal(distinct, frames, `${name}: ${levels.length} frames`);
    assert.ok(Math.abs(levels.length / frames - repetition) < 0.5, `${name}: ${repetition}`);
    assert.ok(duration > 1.4 && duration < 4.2, `${name}: ${duration} s`);
  }
});
