import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { encode } from "../../../encoder/index.js";
import { ffmpeg, keepAllFrames, lavfi } from "../../support/odd-videos.js";
import { testServer } from "../../support/running-server.js";
import { tempFolder } from "../../support/temp-folder.js";

/** Maximum offset in seconds between a flash and its tone. Viewers notice only larger ones (ITU-R BT.1359). */
const MAX_OFFSET = 0.01;
/** Frames at which a flash and its tone start. */
const FLASH_STARTS = [25, 56];
const FLASH_FRAMES = 5;
const SAMPLE_RATE = 48000;

/** Returns the indexes at which values rise above half of their maximum after `minQuiet` values below it. */
function onsets(values: ArrayLike<number>, minQuiet: number): number[] {
  const half = Array.from(values).reduce((max, value) => Math.max(max, value), 0) / 2;
  const found: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < half) continue;
    if (i - last > minQuiet) found.push(i);
    last = i;
  }
  return found;
}

for (const [num, den] of [
  [25, 1],
  [30000, 1001],
] as const) {
  test(`a flash and its tone are in sync to 10 ms at ${num}/${den} frames per second`, async (t) => {
    const folder = await tempFolder(t);
    const [input, output] = [join(folder, "flash.mkv"), join(folder, "flash.siedd")];
    const frame = den / num;
    const white = FLASH_STARTS.map(
      (n) => `gte(t,${(n - 0.5) * frame})*lt(t,${(n + FLASH_FRAMES - 0.5) * frame})`,
    ).join("+");
    const audible = FLASH_STARTS.map((n) => `gte(t,${n * frame})*lt(t,${(n + FLASH_FRAMES) * frame})`).join(
      "+",
    );
    await ffmpeg(
      ...lavfi(`color=black:s=64x48:r=${num}/${den}:d=3,drawbox=c=white:t=fill:enable='${white}'`),
      ...lavfi(`aevalsrc='0.8*sin(2*PI*1000*t)*(${audible})':s=${SAMPLE_RATE}:d=3`),
      ...["-map", "0", "-map", "1", ...keepAllFrames, "-c:a", "flac", input],
    );
    await encode({ input, output, steps: 120, phase1Steps: 120, points: 128, workers: 1 });
    const server = await testServer(t, { flash: new Uint8Array(await readFile(output)) });
    const master = `${server.url}flash/master.m3u8`;
    const { luma, times } = await frames(master);
    assert.equal(luma.length, times.length);
    const flashes = onsets(luma, 3).map((i) => times[i]!);
    const pcm = await ffmpeg(
      ...["-i", master, "-map", "0:a:0", "-af", "aresample=async=1:first_pts=0"],
      ...["-ac", "1", "-f", "s16le", "-"],
    );
    const samples = new Int16Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length));
    const tones = onsets(samples.map(Math.abs), 4800).map((i) => i / SAMPLE_RATE);
    assert.equal(flashes.length, FLASH_STARTS.length);
    assert.equal(tones.length, FLASH_STARTS.length);
    for (const [i, n] of FLASH_STARTS.entries()) {
      assert.ok(
        Math.abs(flashes[i]! - n * frame) < 1e-3,
        `flash at ${flashes[i]} s, expected ${n * frame} s`,
      );
      assert.ok(
        Math.abs(tones[i]! - flashes[i]!) < MAX_OFFSET,
        `tone at ${tones[i]} s, flash at ${flashes[i]} s`,
      );
    }
  });
}

/** Returns the mean luma of each frame, and its presentation time in seconds. */
async function frames(source: string): Promise<{ luma: Buffer; times: number[] }> {
  const decode = ["-copyts", "-i", source, "-map", "0:v:0", "-vf", "scale=1:1:flags=area,format=gray"];
  const luma = await ffmpeg(...decode, "-fps_mode", "passthrough", "-f", "rawvideo", "-");
  const listed = `${await ffmpeg(...decode, "-fps_mode", "passthrough", "-enc_time_base", "1/90000", "-f", "framecrc", "-")}`;
  const timeBase = /#tb 0: (\d+)\/(\d+)/.exec(listed)!;
  const times = [...listed.matchAll(/^0, *-?\d+, *(-?\d+),/gm)].map(
    (match) => (Number(match[1]) * Number(timeBase[1])) / Number(timeBase[2]),
  );
  return { luma, times };
}
