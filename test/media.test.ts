import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, open, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  analyseVideo,
  encodeAudio,
  MediaError,
  type MediaErrorCode,
  probeVideo,
  readFrames,
  writeMp4,
  writePng,
  writeSample,
  writeY4m,
} from "../media/index.js";
import { ffmpegCommand, fileUrl, quiet, runFfmpeg } from "../media/run.js";
import { remaining } from "./child-processes.js";
import { clip } from "./clips.js";
import { tempFolder } from "./temp-folder.js";

const run = promisify(execFile);
const ffmpeg = (...args: string[]) => run("ffmpeg", ["-v", "error", "-y", ...args], { encoding: "buffer" });

/** One sentence, with the code expected; names nothing of ours but the file. */
const fails = (code: MediaErrorCode, says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof MediaError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, says);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

async function frames(
  path: string,
  options: Omit<Parameters<typeof readFrames>[2], "signal">,
): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const frame of readFrames(path, await probeVideo(path), options)) all.push(frame);
  return all;
}

const pixel = (frame: Uint8Array, index = 0) => [...frame.subarray(index * 3, index * 3 + 3)];

function near(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  const worst = Math.max(...actual.map((value, index) => Math.abs(value - expected[index]!)));
  assert.ok(worst <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}

/** I420 pictures of one level of grey each. */
async function* grey(width: number, height: number, levels: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const level of levels) {
    const frame = new Uint8Array((width * height * 3) / 2).fill(128);
    yield frame.fill(level, 0, width * height);
  }
}

test("a clip is described as it is displayed", async () => {
  const { width, height, frameRate, duration, audio } = await probeVideo(await clip("carphone"));
  assert.deepEqual(
    { width, height, frameRate },
    { width: 193, height: 144, frameRate: { num: 30000, den: 1001 } },
  );
  near([duration], [4.004], 0.05);
  assert.equal(audio.length, 0);
  assert.equal((await probeVideo(await clip("bunny"))).audio.length, 1);
});

test("a film turned by its metadata is read upright", async (t) => {
  const folder = await tempFolder(t);
  const [flat, turned] = [join(folder, "flat.mp4"), join(folder, "turned.mp4")];
  // Left half black, right half white; turned 90 degrees clockwise the top is black.
  await ffmpeg("-f", "lavfi", "-i", "color=black:s=64x64:r=10:d=0.5,pad=128:64:0:0:white", flat);
  await ffmpeg("-i", flat, "-c", "copy", "-metadata:s:v", "rotate=270", turned);
  const info = await probeVideo(turned);
  assert.deepEqual([info.width, info.height, info.rotation], [64, 128, 90]);
  const [frame] = await frames(turned, { width: 8, height: 16, firstFrame: 0, frameCount: 1 });
  near([...pixel(frame!), ...pixel(frame!, 8 * 15)], [0, 0, 0, 255, 255, 255], 3);
});

test("analysis counts every frame and finds the cuts", async () => {
  const bikes = await clip("bikes");
  const seconds: number[] = [];
  const info = await probeVideo(bikes);
  const { frameCount, cuts } = await analyseVideo(bikes, info, { onProgress: (at) => seconds.push(at) });
  assert.equal(frameCount, 250);
  assert.ok(cuts.length >= 3, String(cuts));
  assert.ok(cuts.every((cut, index) => cut - (cuts[index - 1] ?? 0) >= 5));
  assert.ok(seconds.length > 0);
  const part = await analyseVideo(bikes, info, { from: 1, to: 3 });
  assert.deepEqual(part, {
    frameCount: 50,
    cuts: cuts.filter((cut) => cut >= 30 && cut <= 70).map((cut) => cut - 25),
  });
  const bunny = await clip("bunny");
  assert.deepEqual(await analyseVideo(bunny, await probeVideo(bunny), {}), { frameCount: 132, cuts: [] });
});

test("a frame is the same wherever reading starts", async () => {
  const bunny = await clip("bunny");
  const size = { width: 64, height: 36 };
  const all = await frames(bunny, { ...size, firstFrame: 0, frameCount: 132 });
  assert.deepEqual(await frames(bunny, { ...size, firstFrame: 107, frameCount: 9 }), all.slice(107, 116));
  assert.deepEqual(
    await frames(bunny, { ...size, from: 4.2, firstFrame: 3, frameCount: 5 }),
    all.slice(108, 113),
  );
  await assert.rejects(
    frames(bunny, { ...size, firstFrame: 130, frameCount: 5 }),
    fails("no-frames", /2 of 5 frames/),
  );
});

test("a film of variable rate becomes one of constant rate, held frames repeated", async (t) => {
  const path = join(await tempFolder(t), "variable.mkv");
  // Frames at 0, 0.04, then one second later: the second one is held.
  const held = "select='not(between(n,2,25))'";
  await ffmpeg(
    "-f",
    "lavfi",
    "-i",
    `color=black:s=64x64:r=25:d=2,geq=lum='if(gte(N,26),200,50)':cb=128:cr=128,${held}`,
    path,
  );
  const info = { ...(await probeVideo(path)), frameRate: { num: 25, den: 1 } };
  assert.equal((await analyseVideo(path, info, {})).frameCount, 50);
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

test("colour tags are honoured, untagged colour is BT.601", async (t) => {
  const folder = await tempFolder(t);
  // Limited-range YCbCr of pure red in either matrix, in raw files that only the tag tells apart.
  const cases = [
    { name: "bt601", ycc: [81, 90, 240], tags: [] },
    { name: "bt709", ycc: [63, 102, 240], tags: ["-colorspace", "bt709", "-color_range", "tv"] },
    { name: "full", ycc: [76, 85, 255], tags: ["-colorspace", "smpte170m", "-color_range", "pc"] },
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
    const [frame] = await frames(path, { width: 32, height: 32, firstFrame: 0, frameCount: 1 });
    near(pixel(frame!, 100), [255, 0, 0], 3);
  }
});

test("sound starts with the picture, whatever the file's clock says", async (t) => {
  const folder = await tempFolder(t);
  const [film, adts] = [join(folder, "film.mp4"), join(folder, "sound.aac")];
  // The sound begins 0.5 s late, with a click at 0.25 s of its own.
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
    film,
  );
  const info = await probeVideo(film);
  await encodeAudio(film, info, { output: adts });
  near([await clickAt(adts)], [0.75 * 48000 + 1024], 40);
  await encodeAudio(film, info, { output: adts, from: 0.5, to: 1.5 });
  near([await clickAt(adts)], [0.25 * 48000 + 1024], 40);
  const mp4 = join(folder, "out.mp4");
  const clip = { width: 64, height: 64, frameRate: { num: 25, den: 1 } };
  const audio = { delaySamples: 1024, sampleRate: 48000 };
  const levels = Array<number>(25).fill(60);
  for (const source of [adts, new Uint8Array(await readFile(adts))]) {
    await writeMp4({
      ...clip,
      output: mp4,
      frames: grey(64, 64, levels),
      audio: [{ ...audio, adts: source }],
    });
    near([await clickAt(mp4)], [0.25 * 48000], 40);
  }
  assert.deepEqual((await readdir(folder)).sort(), ["film.mp4", "out.mp4", "sound.aac"]);
});

/** Sample (at 48 kHz) of the loudest moment as a player hears it. */
async function clickAt(path: string): Promise<number> {
  const { stdout } = await ffmpeg("-i", path, "-ac", "1", "-ar", "48000", "-f", "f32le", "-");
  const samples = new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
  return samples.reduce(
    (best, value, index) => (Math.abs(value) > Math.abs(samples[best]!) ? index : best),
    0,
  );
}

test("mp4 holds the frames given, tagged BT.709 with its index first", async (t) => {
  const output = join(await tempFolder(t), "out.mp4");
  const levels = [20, 60, 100, 140, 180, 220];
  await writeMp4({
    output,
    width: 64,
    height: 48,
    frameRate: { num: 30000, den: 1001 },
    frames: grey(64, 48, levels),
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
  const back = await frames(output, { width: 64, height: 48, firstFrame: 0, frameCount: 6 });
  for (const [index, frame] of back.entries()) near([frame[0]!], [((levels[index]! - 16) * 255) / 219], 3);
});

test("y4m is read back by ffmpeg byte for byte", async (t) => {
  const output = join(await tempFolder(t), "out.y4m");
  await writeY4m({
    output,
    width: 32,
    height: 16,
    frameRate: { num: 25, den: 1 },
    frames: grey(32, 16, [16, 99, 235]),
  });
  const { stdout } = await ffmpeg("-i", output, "-f", "rawvideo", "-");
  assert.deepEqual([...stdout.subarray(768, 770), stdout.length], [99, 99, 3 * 768]);
});

test("png holds the pixels given, at an odd size", async (t) => {
  const output = join(await tempFolder(t), "out.png");
  const rgba = new Uint8Array(33 * 17 * 4).map((_, index) => (index * 7) % 251);
  await writePng({ output, width: 33, height: 17, rgba });
  const { stdout } = await ffmpeg("-i", output, "-f", "rawvideo", "-pix_fmt", "rgb24", "-");
  assert.deepEqual(
    [...stdout],
    [...rgba].filter((_, index) => index % 4 !== 3),
  );
});

test("what is not a video is refused by one sentence", async (t) => {
  const folder = await tempFolder(t);
  const at = (name: string) => join(folder, name);
  await writeFile(at("text.mp4"), "no film at all\n".repeat(100));
  await writeFile(at("notes.txt"), "just some notes\n".repeat(100));
  await writeFile(at("empty.mp4"), "");
  for (const kind of ["png", "jpg"])
    await ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x64", "-frames:v", "1", at(`a.${kind}`));
  await copyFile(at("a.png"), at("png.mp4"));
  await copyFile(at("a.jpg"), at("jpeg.mp4"));
  await ffmpeg("-f", "lavfi", "-i", "sine=d=0.3", at("sound.mp4"));
  await ffmpeg(
    "-i",
    at("sound.mp4"),
    "-i",
    at("a.png"),
    "-map",
    "0",
    "-map",
    "1",
    "-c",
    "copy",
    "-disposition:v:0",
    "attached_pic",
    at("cover.mp4"),
  );
  const cases: [string, MediaErrorCode, RegExp][] = [
    ["nowhere.mp4", "no-such-file", /does not exist/],
    [".", "not-a-video", /is a folder/],
    ["text.mp4", "not-a-video", /not a video/],
    ["notes.txt", "not-a-video", /not a video/],
    ["empty.mp4", "not-a-video", /is empty/],
    ["a.png", "not-a-video", /still picture/],
    ["a.jpg", "not-a-video", /still picture/],
    ["png.mp4", "not-a-video", /still picture/],
    ["jpeg.mp4", "not-a-video", /still picture/],
    ["sound.mp4", "no-video-stream", /only sound/],
    ["cover.mp4", "no-video-stream", /only sound/],
  ];
  for (const [name, code, says] of cases) await assert.rejects(probeVideo(at(name)), fails(code, says), name);
});

test("a file that was cut off is refused, its whole part can still be read", async (t) => {
  const folder = await tempFolder(t);
  const [tail, head] = [join(folder, "no-index.mp4"), join(folder, "cut.mp4")];
  const source = await clip("bunny");
  await ffmpeg("-i", source, "-c", "copy", "-movflags", "-faststart", tail);
  await truncate(tail, 200000);
  await assert.rejects(probeVideo(tail), fails("truncated-video", /index \(moov\) is missing/));
  await ffmpeg("-i", source, "-c", "copy", "-movflags", "+faststart", head);
  await truncate(head, Math.round((await stat(head)).size * 0.6));
  const info = await probeVideo(head);
  await assert.rejects(
    analyseVideo(head, info, {}),
    fails("truncated-video", /should last 5\.\d s but its pictures end at \d/),
  );
  assert.equal((await analyseVideo(head, info, { to: 1 })).frameCount, 25);
  await assert.rejects(analyseVideo(head, info, { from: 9 }), fails("no-frames", /nothing is left/));
});

test("a video without a frame that decodes is refused", async (t) => {
  const path = join(await tempFolder(t), "damaged.mp4");
  await ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x64:d=1", "-movflags", "+faststart", path);
  const bytes = await readFile(path);
  const file = await open(path, "r+");
  const start = bytes.indexOf("mdat") + 4;
  await file.write(Buffer.alloc(bytes.length - start, 0xff), 0, undefined, start);
  await file.close();
  await assert.rejects(
    analyseVideo(path, await probeVideo(path), {}),
    fails("no-frames", /no frame of .* can be decoded/),
  );
});

test("a consumer that stops early, and an abort, end ffmpeg", async () => {
  const bunny = await clip("bunny");
  const info = await probeVideo(bunny);
  const range = { width: 640, height: 360, firstFrame: 0, frameCount: 132 };
  for await (const _ of readFrames(bunny, info, range)) break;
  assert.equal(await remaining("ffmpeg"), 0);
  const reason = new Error("enough");
  const abort = new AbortController();
  const read = async () => {
    for await (const _ of readFrames(bunny, info, { ...range, signal: abort.signal })) abort.abort(reason);
  };
  await assert.rejects(read(), reason);
  await assert.rejects(analyseVideo(bunny, info, { signal: AbortSignal.abort(reason) }), reason);
  const late = new AbortController();
  setTimeout(() => late.abort(reason), 60);
  await assert.rejects(analyseVideo(bunny, info, { signal: late.signal }), reason);
  assert.equal(await remaining("ffmpeg"), 0);
});

test("a write that fails leaves no file and no ffmpeg", async (t) => {
  const folder = await tempFolder(t);
  const clip = { width: 64, height: 64, frameRate: { num: 25, den: 1 } };
  const write = (output: string, signal?: AbortSignal) =>
    writeMp4({ ...clip, output, frames: grey(64, 64, [30, 40, 50]), ...(signal && { signal }) });
  await assert.rejects(
    write(join(folder, "no", "out.mp4")),
    fails("write-failed", /the folder does not exist/),
  );
  await assert.rejects(write(folder), fails("write-failed", /that is a folder/));
  const broken = async function* () {
    yield* grey(64, 64, [30]);
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
  assert.equal(await remaining("ffmpeg"), 0);
  await mkdir(join(folder, "locked"));
  await chmod(join(folder, "locked"), 0o500);
  // The superuser may write everywhere; anybody else is told.
  const locked = write(join(folder, "locked", "out.mp4"));
  if (process.getuid?.() === 0) await locked;
  else await assert.rejects(locked, fails("write-failed", /permission denied/));
});

test("a full disk is called by its name", async () => {
  const command = ffmpegCommand()
    .input("testsrc=s=320x240:d=1")
    .inputOptions([...quiet, "-f", "lavfi"])
    .outputOptions(["-f", "rawvideo"])
    .output(fileUrl("/dev/full"));
  await assert.rejects(
    runFfmpeg(command, { failure: "cannot write out.mp4" }),
    fails("disk-full", /the disk is full/),
  );
  const full = (await open("/dev/full", "w")).createWriteStream();
  const size = { width: 64, height: 64, frameRate: { num: 25, den: 1 } };
  await assert.rejects(
    writeY4m({ ...size, output: full, frames: grey(64, 64, [1, 2]) }),
    fails("disk-full", /the disk is full/),
  );
});

test("a machine without ffmpeg is told what to install", async (t) => {
  const folder = await tempFolder(t);
  const index = new URL("../media/index.js", import.meta.url).href;
  const script = `
    const { probeVideo, writeSample } = await import(${JSON.stringify(index)});
    const said = (error) => error.code + ": " + error.message;
    process.stdout.write(await probeVideo(process.execPath).catch(said) + "\\n");
    process.stdout.write(await writeSample({ output: "film.mp4" }).catch(said) + "\\n");`;
  const environment = { cwd: folder, env: { PATH: folder } };
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], environment);
  const lines = stdout.trim().split("\n");
  assert.equal(lines.length, 2);
  for (const line of lines)
    assert.match(line, /^ffmpeg-missing: ff\w+ is not installed; .*apt-get install ffmpeg/);
  assert.deepEqual(await readdir(folder), []);
});

test("the sample film has six seconds, two scenes and sound", async (t) => {
  const output = join(await tempFolder(t), "sample.mp4");
  await writeSample({ output });
  const info = await probeVideo(output);
  assert.deepEqual([info.width, info.height, info.audio.length], [640, 360, 1]);
  assert.deepEqual(await analyseVideo(output, info, {}), { frameCount: 150, cuts: [80] });
});
