import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { detectScenes, probeVideo } from "../../../../media/index.js";
import { isMediaError } from "../../../support/media-checks.js";
import { ffmpeg, ffprobe, keepAllFrames, lavfi } from "../../../support/odd-videos.js";
import { tempFolder } from "../../../support/temp-folder.js";

test("the main video stream is chosen by disposition, length and size", async (t) => {
  const folder = await tempFolder(t);
  const sources = [
    [...lavfi("testsrc2=s=128x72:r=10:d=0.1"), "-c:v", "mjpeg", "thumbnail.mkv"],
    [...lavfi("testsrc2=s=64x36:r=10:d=2"), ...keepAllFrames, "long.mkv"],
    [...lavfi("testsrc2=s=96x54:r=10:d=2"), ...keepAllFrames, "large.mkv"],
    [...lavfi("testsrc2=s=96x54:r=10:d=1"), ...keepAllFrames, "half.mkv"],
  ];
  for (const options of sources) await ffmpeg(...options.slice(0, -1), join(folder, options.at(-1)!));
  const cases: [names: string[], dispositions: string[], index: number, frames: number][] = [
    // A thumbnail before the video, not marked as one, even if it is marked as default.
    [["thumbnail", "long"], ["0", "default"], 1, 20],
    [["thumbnail", "long"], ["default", "0"], 1, 20],
    [["half", "long"], ["0", "0"], 1, 20],
    [["half", "long"], ["default", "0"], 0, 10],
    [["long", "large"], ["0", "0"], 1, 20],
    [["large", "long"], ["0", "default"], 1, 20],
  ];
  for (const [names, dispositions, index, frames] of cases) {
    const path = join(folder, "video.mkv");
    const inputs = names.flatMap((name) => ["-i", join(folder, `${name}.mkv`)]);
    const options = names.flatMap((_, i) => ["-map", `${i}:v`, `-disposition:v:${i}`, dispositions[i]!]);
    await ffmpeg(...inputs, ...options, "-c", "copy", path);
    const info = await probeVideo(path);
    const name = `${names} ${dispositions}`;
    assert.equal(info.streamIndex, index, name);
    assert.equal((await detectScenes(path, info, {})).frameCount, frames, name);
    // Any stream can be chosen.
    const other = await probeVideo(path, undefined, 1 - index);
    assert.equal(other.streamIndex, 1 - index, name);
  }
  await assert.rejects(
    probeVideo(join(folder, "video.mkv"), undefined, 2),
    isMediaError("no-video-stream", /no video stream 2; .* 0 \(h264, 96 x 54\), 1 \(h264, 64 x 36\)/),
  );
});

test("a subtitle that ends later does not make a video longer", async (t) => {
  const folder = await tempFolder(t);
  const [cues, clip, path] = [join(folder, "cues.srt"), join(folder, "clip.mkv"), join(folder, "video.mkv")];
  await writeFile(cues, "1\n00:00:01,000 --> 01:00:00,000\nuntil the end\n");
  await ffmpeg(...lavfi("testsrc2=s=64x36:r=10:d=2"), "-g", "5", ...keepAllFrames, clip);
  // Muxed elsewhere, without the tags in which ffmpeg states the duration of each stream.
  await ffmpeg("-i", clip, "-i", cues, "-map", "0", "-map", "1", "-c:v", "copy", path);
  const bytes = await readFile(path);
  for (let at = 0; ; ) {
    at = bytes.indexOf("DURATION", at + 1);
    if (at < 0) break;
    bytes.write("REPLACED", at);
  }
  // Damages a packet in the middle of the video: frame 7 of 20.
  const lines = await ffprobe("-show_entries", "packet=size,pos", "-select_streams", "v", path);
  const [size, position] = lines.split("\n")[7]!.split(",").map(Number);
  bytes.fill(0xff, position! + 12, position! + size!);
  await writeFile(path, bytes);
  const info = await probeVideo(path);
  assert.ok(Math.abs(info.duration - 2) < 0.01, String(info.duration));
  const { frameCount } = await detectScenes(path, info, {});
  assert.ok(frameCount >= 19 && frameCount <= 20, String(frameCount));
});

test("a long video is sampled, and read entirely if its rate changes between the samples", async (t) => {
  const folder = await tempFolder(t);
  const [steady, burst] = [join(folder, "steady.mp4"), join(folder, "burst.mp4")];
  await ffmpeg(...lavfi("color=gray:s=16x16:r=10:d=760"), ...keepAllFrames, "-g", "10", steady);
  const { frameRate, frameCount, duration, videoStart } = await probeVideo(steady);
  assert.deepEqual(
    { frameRate, frameCount, duration, videoStart },
    { frameRate: { num: 10, den: 1 }, frameCount: 7600, duration: 760, videoStart: 0 },
  );
  // Of every 55 s, the seconds 45 to 53, where no sample is, have twice the frame rate.
  const [period, start] = ["mod(N,630)", "55*floor(N/630)"];
  const offset = `if(lt(${period},450),${period},if(lt(${period},610),${period}/2+225,${period}-80))`;
  await ffmpeg("-i", steady, "-c", "copy", "-bsf:v", `setts=ts='(${start}+0.1*(${offset}))/TB'`, burst);
  const info = await probeVideo(burst);
  assert.deepEqual(info.frameRate, { num: 20, den: 1 });
  assert.ok(Math.abs(info.frameCount! - 20 * info.duration) <= 2 && info.duration > 600);
});

/** Returns an MP4 file with a Dolby Vision configuration box at the end of its HEVC sample entry. */
function withDolbyVision(mp4: Buffer, profile: number, compatibility: number): Buffer {
  const box = Buffer.alloc(32);
  box.writeUInt32BE(32);
  box.write("dvcC", 4);
  box.set([1, 0, (profile << 1) | 0, (6 << 3) | 5, compatibility << 4], 8);
  const result = Buffer.from(mp4);
  let path = 0;
  // Every box around the sample entry grows.
  for (const type of ["moov", "trak", "mdia", "minf", "stbl", "stsd", "hvc1"]) {
    path = result.indexOf(type, path) - 4;
    result.writeUInt32BE(result.readUInt32BE(path) + box.length, path);
    path += 4;
  }
  const entry = path - 4;
  const end = entry + result.readUInt32BE(entry) - box.length;
  return Buffer.concat([result.subarray(0, end), box, result.subarray(end)]);
}

test("rejects Dolby Vision without a compatible base layer, and animated WebP, by name", async (t) => {
  const folder = await tempFolder(t);
  const hevc = join(folder, "hevc.mp4");
  await ffmpeg(...lavfi("testsrc2=s=64x64:r=10:d=0.3"), "-c:v", "libx265", "-tag:v", "hvc1", hevc);
  const mp4 = await readFile(hevc);
  const path = join(folder, "dolby.mp4");
  await writeFile(path, withDolbyVision(mp4, 5, 0));
  await assert.rejects(
    probeVideo(path),
    isMediaError("unsupported-video", /Dolby Vision profile 5, .*HDR10/),
  );
  await writeFile(path, withDolbyVision(mp4, 8, 1));
  assert.equal((await probeVideo(path)).frameCount, 3);
  const webp = join(folder, "animated.webp");
  await ffmpeg(...lavfi("testsrc2=s=64x36:r=10:d=0.3"), "-c:v", "libwebp_anim", "-f", "webp", webp);
  await assert.rejects(probeVideo(webp), isMediaError("unsupported-video", /animated WebP.*convert it/));
  await ffmpeg(...lavfi("testsrc2=s=64x36"), "-frames:v", "1", webp);
  await assert.rejects(probeVideo(webp), isMediaError("not-a-video", /is an image \(webp\)/));
});
