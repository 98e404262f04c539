import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { writeAdts } from "../../../../codec/internal.js";
import { probeVideo } from "../../../../media/index.js";
import {
  aacPacketCount,
  aacTrackConfig,
  channelMappings,
  encodeAacPackets,
} from "../../../../media/read/audio.js";
import { ffmpeg, lavfi } from "../../../support/odd-videos.js";
import { tempFolder } from "../../../support/temp-folder.js";

const SECONDS = 8;
const WINDOW = 120;
/** A slowly rising tone: a sample that is misplaced by half a millisecond differs by about 0.2. */
const tone = (rate: number) =>
  lavfi(`aevalsrc='0.4*sin(2*PI*(400*t+9*t*t))|0.4*sin(2*PI*(400*t+9*t*t))':s=${rate}:d=${SECONDS}`);

test("windows of audio that are encoded apart join as if they were encoded in one go", async (t) => {
  const folder = await tempFolder(t);
  const video = [
    ...lavfi(`color=black:s=64x36:r=25:d=${SECONDS}`),
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
  ];
  for (const [name, rate, codec] of [
    ["opus.mkv", 48000, "libopus"],
    ["mp3.avi", 44100, "libmp3lame"],
    ["flac.mkv", 88200, "flac"],
    ["aac.ts", 44100, "aac"],
  ] as const) {
    const path = join(folder, name);
    await ffmpeg(...tone(rate), ...video, "-c:a", codec, path);
    const info = await probeVideo(path);
    const source = info.audio[0];
    assert.ok(source);
    const track = { source, mapping: channelMappings(source)[0]! };
    const total = aacPacketCount(SECONDS, source);
    const encode = (first: number, count: number) =>
      encodeAacPackets(path, info, track, { first, count, seconds: SECONDS });
    const decode = async (packets: readonly Uint8Array[]) => {
      const file = join(folder, "packets.aac");
      await writeFile(file, writeAdts(aacTrackConfig(track), packets));
      const raw = await ffmpeg("-i", file, "-ac", "1", "-f", "f32le", "-");
      return new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
    };
    const once = await encode(0, total);
    assert.equal(once.length, total, name);
    const joined: Uint8Array[] = [];
    for (let first = 0; first < total; first += WINDOW)
      joined.push(...(await encode(first, Math.min(WINDOW, total - first))));
    const [expected, actual] = [await decode(once), await decode(joined)];
    assert.equal(actual.length, expected.length, name);
    const difference = actual.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]!)), 0);
    assert.ok(difference < 0.05, `${name}: samples differ by up to ${difference}`);
    // A click would make the slope jump: of this tone, it changes by at most 0.4 (2 pi 544 / 44100)^2 per sample.
    let bend = 0;
    for (let i = 4096; i < actual.length - 4096; i++)
      bend = Math.max(bend, Math.abs(actual[i + 1]! - 2 * actual[i]! + actual[i - 1]!));
    assert.ok(bend < 0.006, `${name}: the slope jumps by ${bend}`);
  }
});
