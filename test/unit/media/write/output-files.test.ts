import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { BASE_OPTIONS, ffmpegCommand, fileUrl, runFfmpeg } from "../../../../media/ffmpeg/run.js";
import { encodeAudio, probeVideo, writeMp4, writePng, writeY4m } from "../../../../media/index.js";
import { remainingProcesses } from "../../../support/child-processes.js";
import { assertNear, framesOf, grayFrames, isMediaError } from "../../../support/media-checks.js";
import { ffmpeg } from "../../../support/odd-videos.js";
import { tempFolder } from "../../../support/temp-folder.js";

const run = promisify(execFile);

test("audio stays in sync with the video when it starts late", async (t) => {
  const folder = await tempFolder(t);
  const [video, adts] = [join(folder, "video.mp4"), join(folder, "audio.aac")];
  // The audio starts 0.5 s late and has a click 0.25 s after its start.
  const click = "aevalsrc='if(between(t,0.25,0.2505),0.9,0)':s=48000:d=1";
  await ffmpeg(
    "-f",
    "lavfi",
    "-i",
    "color=black:s=64x64:r=25:d=2",
    "-itsoffset",
    "0.5",
    "-f",
    "lavfi",
    "-i",
    click,
    "-c:a",
    "aac",
    video,
  );
  const info = await probeVideo(video);
  await encodeAudio(video, info, { output: adts });
  assertNear([await clickAt(adts)], [0.75 * 48000 + 1024], 40);
  // A range begins with a frame.
  await encodeAudio(video, info, { output: adts, from: 0.52, to: 1.52 });
  assertNear([await clickAt(adts)], [0.23 * 48000 + 1024], 40);
  const mp4 = join(folder, "out.mp4");
  const clip = { width: 64, height: 64, frameRate: { num: 25, den: 1 } };
  const audio = { delaySamples: 1024, sampleRate: 48000 };
  const levels = Array<number>(25).fill(60);
  for (const source of [adts, new Uint8Array(await readFile(adts))]) {
    await writeMp4({
      ...clip,
      output: mp4,
      frames: grayFrames(64, 64, levels),
      audio: [{ ...audio, adts: source }],
    });
    assertNear([await clickAt(mp4)], [0.23 * 48000], 40);
  }
  assert.deepEqual((await readdir(folder)).sort(), ["audio.aac", "out.mp4", "video.mp4"]);
});

/** Returns the index of the loudest sample at 48 kHz, after edit lists are applied. */
async function clickAt(path: string): Promise<number> {
  const stdout = await ffmpeg("-i", path, "-ac", "1", "-ar", "48000", "-f", "f32le", "-");
  const samples = new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
  return samples.reduce(
    (best, value, index) => (Math.abs(value) > Math.abs(samples[best]!) ? index : best),
    0,
  );
}

test("writeMp4 writes all frames, tags BT.709, and puts the index first", async (t) => {
  const output = join(await tempFolder(t), "out.mp4");
  const levels = [20, 60, 100, 140, 180, 220];
  await writeMp4({
    output,
    width: 64,
    height: 48,
    frameRate: { num: 30000, den: 1001 },
    frames: grayFrames(64, 48, levels),
  });
  const entries =
    "stream=width,height,nb_frames,r_frame_rate,color_range,color_space,color_transfer,color_primaries";
  const { stdout } = await run("ffprobe", ["-v", "error", "-of", "json", "-show_entries", entries, output]);
  assert.deepEqual(JSON.parse(stdout).streams[0], {
    width: 64,
    height: 48,
    nb_frames: "6",
    r_frame_rate: "30000/1001",
    color_range: "tv",
    color_space: "bt709",
    color_transfer: "bt709",
    color_primaries: "bt709",
  });
  const head = (await readFile(output)).toString("latin1");
  assert.ok(head.indexOf("moov") < head.indexOf("mdat"));
  const decoded = await framesOf(output, { width: 64, height: 48, firstFrame: 0, frameCount: 6 });
  for (const [index, frame] of decoded.entries())
    assertNear([frame[0]!], [((levels[index]! - 16) * 255) / 219], 3);
});

test("ffmpeg reads the bytes that writeY4m writes", async (t) => {
  const output = join(await tempFolder(t), "out.y4m");
  await writeY4m({
    output,
    width: 32,
    height: 16,
    frameRate: { num: 25, den: 1 },
    frames: grayFrames(32, 16, [16, 99, 235]),
  });
  const stdout = await ffmpeg("-i", output, "-f", "rawvideo", "-");
  assert.deepEqual([...stdout.subarray(768, 770), stdout.length], [99, 99, 3 * 768]);
});

test("writePng writes the pixels unchanged, at an odd size", async (t) => {
  const output = join(await tempFolder(t), "out.png");
  const rgba = new Uint8Array(33 * 17 * 4).map((_, index) => (index * 7) % 251);
  await writePng({ output, width: 33, height: 17, rgba });
  const stdout = await ffmpeg("-i", output, "-f", "rawvideo", "-pix_fmt", "rgb24", "-");
  assert.deepEqual(
    [...stdout],
    [...rgba].filter((_, index) => index % 4 !== 3),
  );
});

test("a failed write leaves no file and no running ffmpeg", async (t) => {
  const folder = await tempFolder(t);
  const clip = { width: 64, height: 64, frameRate: { num: 25, den: 1 } };
  const write = (output: string, signal?: AbortSignal) =>
    writeMp4({ ...clip, output, frames: grayFrames(64, 64, [30, 40, 50]), ...(signal && { signal }) });
  await assert.rejects(
    write(join(folder, "no", "out.mp4")),
    isMediaError("write-failed", /the folder does not exist/),
  );
  await assert.rejects(write(folder), isMediaError("write-failed", /it is a folder/));
  const broken = async function* () {
    yield* grayFrames(64, 64, [30]);
    throw new RangeError("group 3 is corrupt");
  };
  await assert.rejects(
    writeMp4({ ...clip, output: join(folder, "out.mp4"), frames: broken() }),
    /group 3 is corrupt/,
  );
  await assert.rejects(
    writeY4m({ ...clip, output: join(folder, "out.y4m"), frames: broken() }),
    /group 3 is corrupt/,
  );
  const reason = new Error("interrupted");
  await assert.rejects(write(join(folder, "out.mp4"), AbortSignal.abort(reason)), reason);
  assert.deepEqual(await readdir(folder), []);
  assert.equal(await remainingProcesses("ffmpeg"), 0);
  await mkdir(join(folder, "locked"));
  await chmod(join(folder, "locked"), 0o500);
  // The superuser may write everywhere.
  const locked = write(join(folder, "locked", "out.mp4"));
  if (process.getuid?.() === 0) await locked;
  else await assert.rejects(locked, isMediaError("write-failed", /permission denied/));
});

test("a full disk is reported as disk-full", async () => {
  const command = ffmpegCommand()
    .input("testsrc=s=320x240:d=1")
    .inputOptions([...BASE_OPTIONS, "-f", "lavfi"])
    .outputOptions(["-f", "rawvideo"])
    .output(fileUrl("/dev/full"));
  await assert.rejects(
    runFfmpeg(command, { failure: "cannot write out.mp4" }),
    isMediaError("disk-full", /the disk is full/),
  );
  const full = (await open("/dev/full", "w")).createWriteStream();
  const size = { width: 64, height: 64, frameRate: { num: 25, den: 1 } };
  await assert.rejects(
    writeY4m({ ...size, output: full, frames: grayFrames(64, 64, [1, 2]) }),
    isMediaError("disk-full", /the disk is full/),
  );
});
