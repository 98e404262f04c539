import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { encode } from "../../../encoder/index.js";
import { exact, ffmpeg, lavfi } from "../../support/odd-videos.js";
import { testServer } from "../../support/running-server.js";
import { tempFolder } from "../../support/temp-folder.js";

/** Seconds after which nobody hears that a flash and its click are apart; ITU-R BT.1359 allows more. */
const TOLERANCE = 0.01;
/** Frames at which a flash, and a tone, begins; it lasts five frames. */
const BEGINS = [25, 56];
const LASTS = 5;
const SAMPLE_RATE = 48000;

/** Where values rise above half of their largest after having been below it for a while. */
function onsets(values: ArrayLike<number>, quiet: number): number[] {
  const half = Array.from(values).reduce((max, value) => Math.max(max, value), 0) / 2;
  const found: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < half) continue;
    if (i - last > quiet) found.push(i);
    last = i;
  }
  return found;
}

for (const [num, den] of [
  [25, 1],
  [30000, 1001],
] as const) {
  test(`a flash is seen when its click is heard, to 10 ms, at ${num}/${den} frames a second`, async (t) => {
    const folder = await tempFolder(t);
    const [input, output] = [join(folder, "flash.mkv"), join(folder, "flash.siedd")];
    const frame = den / num;
    const on = (time: string) =>
      BEGINS.map((n) => `gte(${time},${(n - 0.5) * frame})*lt(${time},${(n + LASTS - 0.5) * frame})`).join(
        "+",
      );
    const heard = BEGINS.map((n) => `gte(t,${n * frame})*lt(t,${(n + LASTS) * frame})`).join("+");
    await ffmpeg(
      ...lavfi(`color=black:s=64x48:r=${num}/${den}:d=3,drawbox=c=white:t=fill:enable='${on("t")}'`),
      ...lavfi(`aevalsrc='0.8*sin(2*PI*1000*t)*(${heard})':s=${SAMPLE_RATE}:d=3`),
      ...["-map", "0", "-map", "1", ...exact, "-c:a", "flac", input],
    );
    await encode({ input, output, steps: 120, phase1Steps: 120, points: 128, workers: 1 });
    const server = await testServer(t, { flash: new Uint8Array(await readFile(output)) });
    const master = `${server.url}flash/master.m3u8`;
    const { stdout, seen } = await frames(master);
    assert.equal(stdout.length, seen.length);
    const flashes = onsets(stdout, 3).map((i) => seen[i]!);
    const pcm = await ffmpeg(
      ...[
        "-i",
        master,
        "-map",
        "0:a:0",
        "-af",
        "aresample=async=1:first_pts=0",
        "-ac",
        "1",
        "-f",
        "s16le",
        "-",
      ],
    );
    const samples = new Int16Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length));
    const clicks = onsets(samples.map(Math.abs), 4800).map((i) => i / SAMPLE_RATE);
    assert.equal(flashes.length, BEGINS.length);
    assert.equal(clicks.length, BEGINS.length);
    for (const [i, n] of BEGINS.entries()) {
      assert.ok(Math.abs(flashes[i]! - n * frame) < 1e-3, `a flash at ${flashes[i]} s, not ${n * frame}`);
      assert.ok(Math.abs(clicks[i]! - flashes[i]!) < TOLERANCE, `${clicks[i]} s beside ${flashes[i]} s`);
    }
  });
}

/** Mean luma of every picture, and the second at which each is shown. */
async function frames(source: string): Promise<{ stdout: Buffer; seen: number[] }> {
  const decode = ["-copyts", "-i", source, "-map", "0:v:0", "-vf", "scale=1:1:flags=area,format=gray"];
  const stdout = await ffmpeg(...decode, "-fps_mode", "passthrough", "-f", "rawvideo", "-");
  const listed = `${await ffmpeg(...decode, "-fps_mode", "passthrough", "-enc_time_base", "1/90000", "-f", "framecrc", "-")}`;
  const base = /#tb 0: (\d+)\/(\d+)/.exec(listed)!;
  const seen = [...listed.matchAll(/^0, *-?\d+, *(-?\d+),/gm)].map(
    (match) => (Number(match[1]) * Number(base[1])) / Number(base[2]),
  );
  return { stdout, seen };
}
