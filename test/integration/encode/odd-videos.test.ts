import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { type Asset, memorySource, openAsset } from "../../../codec/internal.js";
import { type EncodeOptions, encode } from "../../../encoder/index.js";
import { probeVideo, readFrames } from "../../../media/index.js";
import { clip } from "../../support/clips.js";
import { assertNear } from "../../support/media-checks.js";
import { ffmpeg, hdrBars, keepAllFrames, lavfi } from "../../support/odd-videos.js";
import { tempFolder } from "../../support/temp-folder.js";

const BRIEF = { steps: 20, phase1Steps: 20, points: 64, workers: 1 };

/** Encodes a video briefly and opens the asset. */
async function encodeAndOpen(input: string, options: Partial<EncodeOptions> = {}): Promise<Asset> {
  const output = `${input}.siedd`;
  await encode({ ...BRIEF, input, output, ...options });
  return openAsset(memorySource(await readFile(output)));
}

/** Returns `count` colors from left to right along the middle row of the first frame. */
async function rowColors(path: string, count: number): Promise<number[][]> {
  const range = { width: count, height: 3, firstFrame: 0, frameCount: 1 };
  for await (const frame of readFrames(path, await probeVideo(path), range)) {
    return Array.from({ length: count }, (_, x) => [...frame.subarray((count + x) * 3, (count + x) * 3 + 3)]);
  }
  throw new Error(`${path} has no frame`);
}

test("encodes videos with variable frame rate, rotation, non-square pixels, 10 bits, odd sizes or a single frame", async (t) => {
  const folder = await tempFolder(t);
  const flat = join(folder, "flat.mp4");
  await ffmpeg(...lavfi("testsrc2=s=48x32:r=10:d=0.4"), ...keepAllFrames, flat);
  const videos: [name: string, ffmpegArgs: string[], width: number, height: number, frames: number][] = [
    // Frames 2 to 8 of 20, counted from 0, are missing, so frame 1 is repeated.
    [
      "variable.mkv",
      [...lavfi("testsrc2=s=32x32:r=20:d=1"), "-vf", "select='not(between(n,2,8))'", ...keepAllFrames],
      ...([32, 32, 20] as const),
    ],
    ["rotated.mp4", ["-i", flat, "-c", "copy", "-metadata:s:v", "rotate=90"], 32, 48, 4],
    [
      "non-square.mp4",
      [...lavfi("testsrc2=s=32x32:r=10:d=0.4"), "-vf", "setsar=128/117", ...keepAllFrames],
      ...([35, 32, 4] as const),
    ],
    [
      "ten-bits.mkv",
      [...lavfi("testsrc2=s=32x32:r=10:d=0.4"), "-c:v", "ffv1", "-pix_fmt", "yuv422p10le"],
      ...([32, 32, 4] as const),
    ],
    ["odd.webm", [...lavfi("testsrc=s=35x33:r=10:d=0.4"), "-c:v", "libvpx"], 35, 33, 4],
    ["one.mp4", [...lavfi("testsrc2=s=32x32:r=25"), "-frames:v", "1", ...keepAllFrames], 32, 32, 1],
    ["one.mkv", [...lavfi("testsrc2=s=32x32:r=25"), "-frames:v", "1", "-c:v", "ffv1"], 32, 32, 1],
    ["one.gif", [...lavfi("testsrc2=s=32x32:r=25"), "-frames:v", "1"], 32, 32, 1],
  ];
  for (const [name, ffmpegArgs, width, height, frames] of videos) {
    const path = join(folder, name);
    await ffmpeg(...ffmpegArgs, path);
    const asset = await encodeAndOpen(path);
    assert.deepEqual([asset.width, asset.height, asset.frameCount], [width, height, frames], name);
    assert.equal(asset.audio.length, 0, name);
  }
  const carphone = await probeVideo(await clip("carphone"));
  assert.deepEqual([carphone.width, carphone.height, carphone.pixelAspect.num], [193, 144, 128]);
});

test("10-bit gray is read as the same color as 8-bit gray", async (t) => {
  const path = join(await tempFolder(t), "gray.mkv");
  await ffmpeg(...lavfi("color=0x808080:s=32x16:d=0.2:r=10,format=yuv420p10"), "-c:v", "ffv1", path);
  assertNear((await rowColors(path, 1))[0]!, [128, 128, 128], 1);
});

test("deinterlaces a video to one frame per two fields", async (t) => {
  const folder = await tempFolder(t);
  // A white bar that moves 4 pixels per field.
  const bar = "color=black:s=64x48:r=50:d=1,geq=lum='if(between(X-4*mod(N,12),0,8),235,16)':cb=128:cr=128";
  const fields = ["-vf", "tinterlace=interleave_top,setfield=tff", "-flags", "+ildct+ilme"];
  for (const [name, encoder] of [
    ["mpeg2.ts", ["-c:v", "mpeg2video", "-qscale:v", "2"]],
    ["h264.mp4", ["-c:v", "libx264", "-crf", "4", "-x264-params", "tff=1"]],
  ] as const) {
    const path = join(folder, name);
    await ffmpeg(...lavfi(bar), ...fields, ...encoder, path);
    const info = await probeVideo(path);
    assert.deepEqual([info.interlaced, info.frameRate], [true, { num: 25, den: 1 }], name);
    const size = { width: 64, height: 48 };
    let combed = 0;
    let count = 0;
    for await (const frame of readFrames(path, info, { ...size, firstFrame: 0, frameCount: 25 })) {
      count++;
      // Combing causes differences between neighboring lines everywhere. Two lines in the middle are a sample.
      for (let x = 0; x < 64; x++) {
        const at = (y: number) => frame[(y * 64 + x) * 3]!;
        combed += Math.abs(at(24) - at(25)) > 100 ? 1 : 0;
      }
    }
    assert.equal(count, 25);
    assert.ok(combed < 25, `${name}: ${combed} combed pixels`);
  }
  const asset = await encodeAndOpen(join(folder, "h264.mp4"), { size: { width: 32, height: 24 } });
  assert.equal(asset.frameCount, 25);
});

test("composites transparent pixels over black, in every alpha format", async (t) => {
  const folder = await tempFolder(t);
  // Red, opaque on the left and half transparent on the right.
  const red = lavfi("color=red:s=32x32:r=10:d=0.3,format=rgba,geq=r=255:g=0:b=0:a='if(lt(X,16),255,128)'");
  for (const [name, ...encoder] of [
    ["planes.mkv", "-c:v", "ffv1", "-pix_fmt", "yuva420p"],
    ["packed.mov", "-c:v", "qtrle"],
    ["hidden.webm", "-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-crf", "4"],
    [
      "hidden8.webm",
      "-c:v",
      "libvpx",
      "-pix_fmt",
      "yuva420p",
      "-auto-alt-ref",
      "0",
      "-crf",
      "4",
      "-b:v",
      "1M",
    ],
  ] as const) {
    const path = join(folder, name);
    await ffmpeg(...red, ...encoder, path);
    const [left, right] = await rowColors(path, 2);
    assertNear([...left!, ...right!], [255, 0, 0, 128, 0, 0], 6);
  }
  assert.equal((await encodeAndOpen(join(folder, "hidden.webm"))).frameCount, 3);
});

test("maps HDR to the colors of the same SDR video", async (t) => {
  const folder = await tempFolder(t);
  const plain = join(folder, "sdr.mkv");
  const bt709 = ["-vf", "scale=out_color_matrix=bt709,format=yuv444p", "-colorspace", "bt709"];
  await ffmpeg(...lavfi("smptehdbars=s=64x36:r=10:d=0.3"), ...bt709, "-c:v", "ffv1", plain);
  const expected = await rowColors(plain, 16);
  for (const transfer of ["smpte2084", "arib-std-b67"] as const) {
    const path = join(folder, `${transfer}.mkv`);
    await ffmpeg(...hdrBars(transfer), path);
    const mapped = await rowColors(path, 16);
    for (const [x, color] of mapped.entries()) assertNear(color, expected[x]!, 45);
    // Without tone mapping, the primaries are nearly gray: their channels differ by 40 to 60.
    for (const primary of [11, 9]) {
      const [max, min] = [Math.max(...mapped[primary]!), Math.min(...mapped[primary]!)];
      assert.ok(max - min > 100, `${transfer}: ${mapped[primary]}`);
    }
  }
  assert.equal((await encodeAndOpen(join(folder, "smpte2084.mkv"))).frameCount, 3);
});

test("rejects HDR if ffmpeg lacks zscale", async (t) => {
  const folder = await tempFolder(t);
  const video = join(folder, "video.mkv");
  await ffmpeg(...hdrBars("smpte2084"), video);
  // A wrapper of the real ffmpeg that hides zscale in its list of filters.
  const limitedFfmpeg = join(folder, "ffmpeg");
  await writeFile(limitedFfmpeg, '#!/bin/sh\nffmpeg "$@" | grep -v zscale\n');
  await chmod(limitedFfmpeg, 0o755);
  const index = new URL("../../../media/index.js", import.meta.url).href;
  const script = `const { probeVideo } = await import(${JSON.stringify(index)});
    const describe = (error) => error.code + ": " + error.message;
    process.stdout.write(await probeVideo(${JSON.stringify(video)}).catch(describe));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    env: { ...process.env, FFMPEG_PATH: limitedFfmpeg },
  });
  assert.match(
    stdout,
    /^ffmpeg-missing: .*video\.mkv is HDR \(PQ, SMPTE ST 2084\), and this ffmpeg lacks the filters .* zscale/,
  );
});
