import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import {
  encodeInit,
  encodeSegment,
  h264Codec,
  h264Level,
  h264PeakRate,
  h264RateCap,
  prepareEncoder,
  runningEncoders,
  type SegmentOptions,
} from "../../../../media/segments/segment-encoder.js";
import { removeFolder } from "../../../support/temp-folder.js";

const run = promisify(execFile);
const PAL = { num: 25, den: 1 };
const NTSC = { num: 30000, den: 1001 };
let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "siedd-h264-"));
  await prepareEncoder();
});
after(() => removeFolder(folder));

/** Returns raw I420 frames of a lavfi source. */
async function lavfiFrames(
  source: string,
  width: number,
  height: number,
  count: number,
): Promise<Uint8Array[]> {
  const args = ["-v", "error", "-f", "lavfi", "-i", `${source}=s=${width}x${height}:r=25`];
  const raw = await run(
    "ffmpeg",
    [...args, "-frames:v", `${count}`, "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"],
    {
      encoding: "buffer",
      maxBuffer: 1 << 28,
    },
  );
  const size = (width * height * 3) / 2;
  return Array.from({ length: count }, (_, i) => raw.stdout.subarray(i * size, (i + 1) * size));
}

type TestOptions = Partial<SegmentOptions> & Pick<SegmentOptions, "width" | "height">;
async function segment(source: string, frameCount: number, firstFrame: number, options: TestOptions) {
  const frames = await lavfiFrames(source, options.width, options.height, frameCount);
  const defaults = { frameRate: PAL, sampleEntry: "avc1" as const, sequence: 1 };
  return encodeSegment({ ...defaults, frameCount, firstFrame, frames, ...options });
}

interface Packet {
  pts: number;
  dts: number;
  duration: number;
  flags: string;
}
async function packets(parts: readonly Uint8Array[]): Promise<Packet[]> {
  const file = join(folder, "stream.mp4");
  await writeFile(file, Buffer.concat(parts));
  const entries = "packet=pts,dts,duration,flags";
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_entries", entries, "-of", "json", file]);
  return JSON.parse(stdout).packets;
}

/** Decodes everything and returns [pts, width] of each frame. Fails if ffmpeg logs a warning. */
async function decodedFrames(parts: readonly Uint8Array[]): Promise<[number, number][]> {
  const file = join(folder, "decode.mp4");
  await writeFile(file, Buffer.concat(parts));
  const { stderr } = await run("ffmpeg", ["-v", "warning", "-i", file, "-f", "null", "-"]);
  assert.equal(stderr, "");
  const args = ["-v", "error", "-show_entries", "frame=pts,width", "-of", "csv=p=0", file];
  const { stdout } = await run("ffprobe", args);
  return stdout
    .trim()
    .split("\n")
    .map((line) => {
      const [pts, width] = line.split(",").map(Number);
      return [pts, width];
    });
}

for (const frameRate of [PAL, NTSC]) {
  test(`segments encoded separately in any order play as one stream at ${frameRate.num}/${frameRate.den}`, async () => {
    const size = { width: 320, height: 180, frameRate };
    const third = await segment("smptebars", 7, 31, { ...size, sequence: 3 });
    const first = await segment("testsrc2", 25, 0, { ...size, sequence: 1 });
    const second = await segment("mandelbrot", 6, 25, { ...size, sequence: 2 });
    assert.deepEqual(third.init, first.init);
    assert.deepEqual(second.init, first.init);
    assert.deepEqual(await encodeInit({ ...size, sampleEntry: "avc1" }), first.init);

    const muxed = await packets([first.init, first.media, second.media, third.media]);
    assert.deepEqual(
      muxed.map((packet) => packet.pts),
      Array.from({ length: 38 }, (_, i) => i * frameRate.den),
    );
    for (const packet of muxed) {
      assert.equal(packet.dts, packet.pts);
      assert.equal(packet.duration, frameRate.den);
    }
    const sync = muxed.flatMap((packet, i) => (packet.flags.startsWith("K") ? [i] : []));
    assert.deepEqual(sync, [0, 25, 31]);
    assert.equal((await decodedFrames([first.init, first.media, second.media, third.media])).length, 38);
    const single = await packets([third.init, third.media]);
    assert.equal(single[0].pts, 31 * frameRate.den);
  });
}

test("elastic segments of different sizes play with one init segment", async () => {
  const init = await encodeInit({ width: 640, height: 360, frameRate: PAL, sampleEntry: "avc3" });
  const elastic = { sampleEntry: "avc3" as const };
  const small = await segment("testsrc2", 5, 0, { width: 160, height: 90, ...elastic });
  const large = await segment("testsrc2", 5, 5, { width: 640, height: 360, ...elastic });
  const odd = await segment("testsrc2", 5, 10, { width: 402, height: 226, ...elastic });
  assert.deepEqual(await decodedFrames([init, small.media, large.media, odd.media]), [
    ...Array.from({ length: 5 }, (_, i) => [i, 160]),
    ...Array.from({ length: 5 }, (_, i) => [5 + i, 640]),
    ...Array.from({ length: 5 }, (_, i) => [10 + i, 402]),
  ]);
});

test("equal frames yield equal bytes, and the stream is tagged as limited-range BT.709", async () => {
  const first = await segment("testsrc2", 5, 0, { width: 64, height: 64 });
  const second = await segment("testsrc2", 5, 0, { width: 64, height: 64 });
  assert.deepEqual(first, second);
  const file = join(folder, "tags.mp4");
  await writeFile(file, Buffer.concat([first.init, first.media]));
  const entries = "stream=color_range,color_space,color_transfer,color_primaries,profile,level";
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_entries", entries, "-of", "json", file]);
  const [stream] = JSON.parse(stdout).streams;
  assert.deepEqual(stream, {
    profile: "High",
    level: 20,
    color_range: "tv",
    color_space: "bt709",
    color_transfer: "bt709",
    color_primaries: "bt709",
  });
});

test("the peak bitrate of noise stays below the bitrate that playlists state", async () => {
  for (const [width, height] of [
    [16, 16],
    [320, 180],
    [640, 360],
  ]) {
    for (const frameCount of [10, 25]) {
      const frames = Array.from({ length: frameCount }, (_, f) => {
        let state = f + 1;
        return Uint8Array.from({ length: (width * height * 3) / 2 }, () => {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          return 16 + (state >>> 24) * 0.85;
        });
      });
      const format = { width, height, frameRate: PAL };
      const range = { frameCount, firstFrame: 0, sequence: 1 };
      const { media } = await encodeSegment({ ...format, ...range, sampleEntry: "avc3", frames });
      const rate = (media.byteLength * 8 * 25) / frameCount;
      assert.ok(rate <= h264PeakRate(format, frameCount), `${width}x${height}: ${rate} bits per second`);
    }
  }
});

test("level and codec string follow table A-1", () => {
  const at = (width: number, height: number, num = 25) =>
    h264Level({ width, height, frameRate: { num, den: 1 } });
  assert.equal(at(640, 360), 30);
  assert.equal(at(1280, 720), 31);
  assert.equal(at(1280, 720, 60), 32);
  assert.equal(at(1920, 1080), 40);
  assert.equal(at(3840, 2160), 51);
  assert.equal(at(8192, 4320, 60), 61);
  assert.equal(at(8192, 8192), undefined);
  assert.equal(h264Codec({ width: 640, height: 360, frameRate: PAL }), "avc1.64001e");
  assert.throws(
    () => h264Codec({ width: 8192, height: 8192, frameRate: PAL }),
    /no H.264 level allows 8192x8192/,
  );
  assert.ok(h264RateCap({ width: 16, height: 16, frameRate: PAL }).maxRate >= 100_000);
});

test("an aborted encode kills ffmpeg and closes the source of frames", async () => {
  const controller = new AbortController();
  let ended = false;
  async function* endless() {
    try {
      for (let n = 0; ; n++) {
        if (n === 50) controller.abort(new Error("the viewer left"));
        yield new Uint8Array((320 * 180 * 3) / 2);
      }
    } finally {
      ended = true;
    }
  }
  const encode = encodeSegment({
    width: 320,
    height: 180,
    frameRate: PAL,
    sampleEntry: "avc1",
    frames: endless(),
    frameCount: 1e6,
    firstFrame: 0,
    sequence: 1,
    signal: controller.signal,
  });
  await assert.rejects(encode, /the viewer left/);
  assert.equal(runningEncoders(), 0);
  assert.equal(ended, true);
  assert.deepEqual(await childrenNamed("ffmpeg"), []);
});

test("an error of the frames rejects the encode with that error", async () => {
  async function* broken() {
    yield new Uint8Array((320 * 180 * 3) / 2);
    throw new Error("group 3 is corrupt");
  }
  const encode = encodeSegment({
    width: 320,
    height: 180,
    frameRate: PAL,
    sampleEntry: "avc1",
    frames: broken(),
    frameCount: 2,
    firstFrame: 0,
    sequence: 1,
  });
  await assert.rejects(encode, /group 3 is corrupt/);
  assert.equal(runningEncoders(), 0);
});

/** Returns the process IDs of this process's children with a command name. */
async function childrenNamed(name: string): Promise<string[]> {
  const pids: string[] = [];
  for (const pid of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const [, command, , parent] = /^\d+ \((.*)\) (\S) (\d+)/.exec(stat) ?? [];
    if (command === name && parent === `${process.pid}`) pids.push(pid);
  }
  return pids;
}
