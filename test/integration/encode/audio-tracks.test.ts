import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { encode } from "../../../encoder/index.js";
import { runCommand } from "../../support/command.js";
import { ffmpeg, keepAllFrames, lavfi, streamsOf } from "../../support/odd-videos.js";
import { testServer } from "../../support/running-server.js";
import { tempFolder } from "../../support/temp-folder.js";

const DURATION_SECONDS = 1.2;
/** Frequency of the tone of each track, Hz. */
const TONES = [400, 700, 1100];

/**
 * Creates a video with audio in English (5.1, with a tone in the center only), German (stereo) and an unknown language
 * (mono).
 */
async function createVideo(path: string): Promise<void> {
  const tone = (hertz: number) => `sine=${hertz}:sample_rate=48000:duration=${DURATION_SECONDS}`;
  await ffmpeg(
    ...lavfi(`testsrc2=s=32x32:r=10:d=${DURATION_SECONDS}`),
    ...lavfi(`${tone(TONES[0]!)},pan=5.1|FC=c0`),
    ...lavfi(`${tone(TONES[1]!)},pan=stereo|FL=c0|FR=c0`),
    ...lavfi(tone(TONES[2]!)),
    ...["-map", "0", "-map", "1", "-map", "2", "-map", "3", ...keepAllFrames],
    ...["-c:a", "flac", "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger", path],
  );
}

/** Measures the frequency of a track, and returns the channels that contain the tone. */
async function measureTone(
  path: string,
  track: number,
  channels: number,
): Promise<{ hertz: number; loud: number[] }> {
  const raw = await ffmpeg("-i", path, "-map", `0:a:${track}`, "-ar", "48000", "-f", "f32le", "-");
  const samples = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
  const power = Array<number>(channels).fill(0);
  samples.forEach((value, i) => {
    power[i % channels]! += value * value;
  });
  const loudest = Math.max(...power);
  const loud = power.flatMap((value, channel) => (value > loudest / 100 ? [channel] : []));
  let crossings = 0;
  const from = 4800;
  const to = 4800 + 24000;
  for (let i = from; i < to; i++) {
    const [before, after] = [samples[(i - 1) * channels + loud[0]!]!, samples[i * channels + loud[0]!]!];
    if (before < 0 && after >= 0) crossings++;
  }
  return { hertz: crossings * 2, loud };
}

test("keeps the language and channels of every audio track in the asset, in playlists and in decoded files", async (t) => {
  const folder = await tempFolder(t);
  const at = (name: string) => join(folder, name);
  await createVideo(at("video.mkv"));
  await encode({
    input: at("video.mkv"),
    output: at("video.siedd"),
    steps: 20,
    phase1Steps: 20,
    points: 64,
    workers: 1,
  });

  const info = JSON.parse(await runCommand("info", at("video.siedd"), "--json"));
  const tracks = info.audio.map(({ language, channels, codec, downmixOf }: Record<string, unknown>) => [
    language,
    channels,
    codec,
    downmixOf,
  ]);
  const expected = [
    ["eng", 6, "mp4a.40.2", null],
    ["ger", 2, "mp4a.40.2", null],
    ["und", 1, "mp4a.40.2", null],
  ];
  const downmix = ["eng", 2, "mp4a.40.2", 0];
  assert.deepEqual(tracks, [...expected, downmix]);
  assert.match(
    await runCommand("info", at("video.siedd")),
    /6 channels, .* language eng[\s\S]*2 channels, .* language ger/,
  );

  await runCommand("decode", at("video.siedd"), "-o", at("decoded.mp4"), "--from", "0.2");
  for (const [path, stored] of [
    [at("video.siedd"), [...expected, downmix]],
    [at("decoded.mp4"), expected],
  ] as const) {
    const streams = (await streamsOf(path)).filter(({ codec_type }) => codec_type === "audio");
    assert.deepEqual(
      streams.map(({ tags, channels }) => [tags?.language ?? "und", channels]),
      stored.map(([language, channels]) => [language, channels]),
    );
    for (const [track, [, count, , original]] of stored.entries()) {
      const hertz = TONES[(original ?? track) as number]!;
      const channels = count as number;
      const measured = await measureTone(path, track, channels);
      assert.ok(Math.abs(measured.hertz - hertz) <= 4, `${path}, track ${track}: ${measured.hertz} Hz`);
      assert.deepEqual(measured.loud, [[2], [0, 1], [0], [0, 1]][track]);
    }
  }

  const server = await testServer(t, { video: new Uint8Array(await readFile(at("video.siedd"))) });
  const { audio, links } = JSON.parse((await server.get("video/info.json")).text);
  assert.deepEqual(
    audio.map(({ language }: { language: string }) => language),
    ["eng", "ger", "und", "eng"],
  );
  assert.equal(links.audio.length, 4);
  const german = 'NAME="German",LANGUAGE="de",DEFAULT=NO,CHANNELS="2",URI="audio-1/index.m3u8"';
  const unknown = 'NAME="Audio",DEFAULT=NO,CHANNELS="1",URI="audio-2/index.m3u8"';
  const stereo = 'NAME="English",LANGUAGE="en",DEFAULT=YES,CHANNELS="2",URI="audio-3/index.m3u8"';
  // Sizes this small play stereo. Viewers of the player can choose surround.
  const surround = 'NAME="English (5.1)",LANGUAGE="en",DEFAULT=NO,CHANNELS="6",URI="audio-0/index.m3u8"';
  for (const [name, group, lines] of [
    ["master", "stereo", [stereo, german, unknown]],
    ["elastic", "audio", [surround, german, unknown, stereo]],
  ] as const) {
    const { text } = await server.get(`video/${name}.m3u8`);
    const media = text.split("\n").filter((line) => line.startsWith("#EXT-X-MEDIA"));
    const start = `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="${group}",`;
    assert.deepEqual(
      media.map((line) => line.replace("AUTOSELECT=YES,", "")),
      lines.map((line) => start + line),
    );
    assert.match(text, new RegExp(`,AUDIO="${group}",`));
  }
  const played = await streamsOf(`${server.url}video/master.m3u8`);
  assert.equal(played.filter(({ codec_type }) => codec_type === "audio").length, 3);
});
