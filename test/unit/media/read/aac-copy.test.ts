import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { padWithSilence, writeAdts } from "../../../../codec/internal.js";
import { probeVideo } from "../../../../media/index.js";
import { planAacCopy } from "../../../../media/read/aac-copy.js";
import { aacPriming, readAacPackets } from "../../../../media/read/aac-packets.js";
import {
  aacPacketCount,
  aacTrackConfig,
  adtsPackets,
  channelMappings,
} from "../../../../media/read/audio.js";
import { ffmpeg, lavfi } from "../../../support/odd-videos.js";
import { tempFolder } from "../../../support/temp-folder.js";

const RATE = 44100;
const SECONDS = 4;
const WINDOW = 50;
const VIDEO = [...lavfi(`color=black:s=64x36:r=25:d=${SECONDS}`)];
const CODECS = ["-map", "0", "-map", "1", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"];
/** A rising tone on both sides, at different levels. */
const tone = (seconds: number) =>
  lavfi(`aevalsrc='0.5*sin(2*PI*(400*t+40*t*t))|0.3*sin(2*PI*(300*t+20*t*t))':s=${RATE}:d=${seconds}`);

/** Reads a track in windows that are padded, as the server and the encoder do. */
async function readTrack(path: string) {
  const info = await probeVideo(path);
  const source = info.audio[0]!;
  const copy = await planAacCopy(path, info, source);
  if (copy === undefined) return undefined;
  const track = { source, mapping: channelMappings(source)[0]!, copy };
  const config = aacTrackConfig(track);
  const priming = aacPriming(info, track);
  const total = aacPacketCount(SECONDS, source, priming);
  const read = async (first: number, count: number) =>
    padWithSilence(
      await readAacPackets(path, info, track, { first, count, seconds: SECONDS }),
      count,
      config,
    );
  const packets: Uint8Array[] = [];
  for (let first = 0; first < total; first += WINDOW)
    packets.push(...(await read(first, Math.min(WINDOW, total - first))));
  assert.deepEqual(await read(0, total), packets, `${path}: windows do not join`);
  return { packets, priming, config };
}

const floats = (raw: Buffer) =>
  new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));

test("AAC-LC packets are copied, and decode to the samples of the source at their times", async (t) => {
  const folder = await tempFolder(t);
  const file = (name: string) => join(folder, name);
  await ffmpeg(...VIDEO, ...tone(SECONDS), ...CODECS, file("edit-list.mp4"));
  await ffmpeg("-i", file("edit-list.mp4"), "-c", "copy", file("rounded.mkv"));
  await ffmpeg(...VIDEO, "-itsoffset", "0.7", ...tone(1.5), ...CODECS, file("late-and-short.mp4"));
  await ffmpeg(...VIDEO, "-itsoffset", "-0.0137", ...tone(SECONDS), ...CODECS, file("early.mp4"));
  const drop = ["-bsf:a", "noise=drop=between(n\\,70\\,110)"];
  await ffmpeg("-i", file("rounded.mkv"), "-c", "copy", ...drop, file("gap.mkv"));
  for (const [name, delay] of [
    ["edit-list.mp4", 0],
    ["rounded.mkv", 0],
    ["late-and-short.mp4", 0.7],
    ["early.mp4", -0.0137],
    ["gap.mkv", 0],
  ] as const) {
    const copied = await readTrack(file(name));
    assert.ok(copied, `${name} is not copied`);
    const { packets, priming, config } = copied;
    await ffmpeg("-i", file(name), "-map", "0:a", "-c", "copy", file("stored.aac"));
    const stored = adtsPackets(new Uint8Array(await readFile(file("stored.aac"))));
    const first = packets.findIndex((packet) => Buffer.compare(packet, stored[0]!) === 0);
    const last = packets.findLastIndex((packet) => Buffer.compare(packet, stored.at(-1)!) === 0);
    const isStored = (packet: Uint8Array) => stored.some((each) => Buffer.compare(each, packet) === 0);
    const kept = packets.slice(first, last + 1).filter(isStored).length;
    assert.ok(first >= 0 && kept >= stored.length - 1, `${name}: ${kept} of ${stored.length} packets`);
    // What a player shows: the samples after the priming.
    await writeFile(file("copied.aac"), writeAdts(config, packets));
    const played = floats(await ffmpeg("-i", file("copied.aac"), "-ac", "2", "-f", "f32le", "-"));
    const sound = floats(await ffmpeg("-i", file("stored.aac"), "-ac", "2", "-f", "f32le", "-"));
    // The first packet of ffmpeg's encoder is the delay before the tone. Containers count milliseconds.
    const off = first * 1024 - priming + 1024 - Math.round(delay * RATE);
    assert.ok(Math.abs(off) <= 0.001 * RATE, `${name}: the audio is ${off} samples off`);
    const end = name === "gap.mkv" ? 69 : stored.length - 1;
    const [from, to] = [first * 2048 + 2048, (first + end) * 2048];
    let difference = 0;
    for (let i = from; i < to; i++)
      difference = Math.max(difference, Math.abs(played[i]! - sound[i - first * 2048]!));
    assert.equal(difference, 0, `${name}: samples differ by ${difference}`);
  }
});

test("other AAC, and AAC whose times do not follow from its packets, is encoded again", async (t) => {
  const folder = await tempFolder(t);
  const file = (name: string) => join(folder, name);
  await ffmpeg(...VIDEO, ...tone(SECONDS), ...CODECS, file("plain.mp4"));
  const copy = ["-i", file("plain.mp4"), "-c", "copy"];
  await ffmpeg(...copy, file("jumping-clock.ts"));
  await ffmpeg(...copy, "-bsf:a", "setts=ts=PTS*1.01", file("drifting.mkv"));
  await ffmpeg(...copy, "-bsf:a", "setts=ts=PTS+400*gt(N\\,40)+400*gt(N\\,80)", file("shifted.mp4"));
  await ffmpeg("-i", file("plain.mp4"), "-c:v", "copy", "-c:a", "aac", "-ac", "6", file("surround.mp4"));
  await ffmpeg("-i", file("plain.mp4"), "-c:v", "copy", "-c:a", "aac", "-ar", "8000", file("rare-rate.mp4"));
  // The flag in the configuration that announces spectral band replication.
  const bytes = await readFile(file("plain.mp4"));
  const at = bytes.indexOf(Buffer.from("56e500", "hex"));
  assert.ok(at > 0);
  bytes[at + 2] = 0x80;
  await writeFile(file("he.mp4"), bytes);
  for (const name of [
    "jumping-clock.ts",
    "drifting.mkv",
    "shifted.mp4",
    "surround.mp4",
    "rare-rate.mp4",
    "he.mp4",
  ])
    assert.equal(await readTrack(file(name)), undefined, `${name} is copied`);
  assert.ok(await readTrack(file("plain.mp4")));
});
