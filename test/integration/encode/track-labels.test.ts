import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { memorySource, openAsset, type TileAsset } from "../../../codec/internal.js";
import { encode } from "../../../encoder/index.js";
import { AudioRemuxer } from "../../../player/direct/audio-remuxer.js";
import { runCommand } from "../../support/command.js";
import { ffmpeg, keepAllFrames, lavfi, streamsOf } from "../../support/odd-videos.js";
import { testServer } from "../../support/running-server.js";
import { tempFolder } from "../../support/temp-folder.js";

const SECONDS = 1.2;
/** Seconds of audio in the commentary, which ends before the video. */
const COMMENTARY_SECONDS = 0.4;

/**
 * Creates a video with a main track, a default commentary, and three tracks that AAC cannot hold as they are: ambisonics,
 * ten channels without positions, and an unknown codec. Its subtitles are forced.
 */
async function createVideo(folder: string): Promise<string> {
  const at = (name: string) => join(folder, name);
  const tone = (seconds: number) => lavfi(`sine=500:sample_rate=48000:duration=${seconds}`);
  await writeFile(at("ten.pcm"), Buffer.alloc(2 * 10 * 48000 * SECONDS, Buffer.from([0, 16])));
  await writeFile(at("signs.srt"), "1\n00:00:00,100 --> 00:00:00,900\nEXIT\n");
  const metadata = (stream: string, ...entries: string[]) =>
    entries.flatMap((entry) => [`-metadata:s:${stream}`, entry]);
  await ffmpeg(
    ...lavfi(`testsrc2=s=32x32:r=10:d=${SECONDS}`),
    ...[...tone(SECONDS), ...tone(COMMENTARY_SECONDS)],
    ...lavfi(`sine=500:sample_rate=48000:duration=${SECONDS},pan=4.0|c0=c0|c1=c0|c2=0*c0|c3=0*c0`),
    ...["-f", "s16le", "-ar", "48000", "-ac", "10", "-i", at("ten.pcm")],
    ...[...tone(SECONDS), "-i", at("signs.srt")],
    ...["0", "1", "2", "3", "4", "5", "6"].flatMap((input) => ["-map", input]),
    ...[...keepAllFrames, "-c:a", "flac", "-c:s", "srt"],
    ...["-c:a:2", "libopus", "-mapping_family:a:2", "2", "-c:a:3", "pcm_s16le", "-c:a:4", "alac"],
    ...metadata("a:0", "language=en"),
    ...metadata("a:1", "language=pt-BR", "title=Director's commentary"),
    ...metadata("s:0", "language=fr", "title=Signs only"),
    ...["-disposition:a", "0", "-disposition:a:1", "default", "-disposition:s:0", "default+forced"],
    at("video.mkv"),
  );
  const file = await readFile(at("video.mkv"));
  file.write("A_XLAC", file.indexOf("A_ALAC"));
  await writeFile(at("video.mkv"), file);
  return at("video.mkv");
}

test("keeps languages, titles, default and forced tracks, and the video if audio cannot be decoded", async (t) => {
  const folder = await tempFolder(t);
  const [input, output, decoded] = [
    await createVideo(folder),
    join(folder, "a.siedd"),
    join(folder, "b.mp4"),
  ];
  const messages: string[] = [];
  await encode({
    ...{ input, output, steps: 20, phase1Steps: 20, points: 64, workers: 1 },
    onEvent: (event) => /^stream-/.test(event.type) && "message" in event && messages.push(event.message),
  });
  assert.equal(messages.length, 3, messages.join("\n"));
  assert.match(messages[0]!, /^audio track 3 of .* \(opus, language und\): ambisonic .* stereo$/);
  assert.match(
    messages[1]!,
    /^audio track 4 of .* \(pcm_s16le, language und\): the first two of 10 channels/,
  );
  assert.match(messages[2]!, /^skipped audio track 5 of .* \(unknown, language und\): cannot encode/);

  const asset = await openAsset(memorySource(await readFile(output)));
  assert.deepEqual(
    asset.audio.map((track) => [track.language, track.title, track.default, track.channels]),
    [
      ["en", "", false, 1],
      ["pt-BR", "Director's commentary", true, 1],
      ["und", "", false, 2],
      ["und", "", false, 2],
    ],
  );
  for (const { packetCount, priming, sampleRate } of asset.audio)
    assert.ok(packetCount * 1024 - priming >= SECONDS * sampleRate, "audio ends before the video");
  assert.equal(asset.profile, "tile");
  const played = await new AudioRemuxer(asset as TileAsset).readPackets(0);
  assert.deepEqual(played, await asset.readAudio(1, 0, played.length), "direct mode plays the default track");
  assert.deepEqual(
    asset.text.map((track) => [track.language, track.title, track.default, track.forced]),
    [["fr", "Signs only", true, true]],
  );
  assert.match(
    await runCommand("info", output),
    /language pt-BR, title "Director's commentary", default[\s\S]*text.*title "Signs only", default, forced/,
  );

  const server = await testServer(t, { video: new Uint8Array(await readFile(output)) });
  const { text: master } = await server.get("video/master.m3u8");
  assert.deepEqual(
    master.split("\n").filter((line) => line.startsWith("#EXT-X-MEDIA")),
    [
      'AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="1",URI="audio-0',
      'AUDIO,GROUP-ID="audio",NAME="Director\'s commentary",LANGUAGE="pt-BR",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="1",URI="audio-1',
      'AUDIO,GROUP-ID="audio",NAME="Audio 1",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="audio-2',
      'AUDIO,GROUP-ID="audio",NAME="Audio 2",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="audio-3',
      'SUBTITLES,GROUP-ID="text",NAME="Signs only",LANGUAGE="fr",DEFAULT=YES,AUTOSELECT=YES,FORCED=YES,URI="text-0',
    ].map((line) => `#EXT-X-MEDIA:TYPE=${line}/index.m3u8"`),
  );
  const info = JSON.parse((await server.get("video/info.json")).text);
  assert.deepEqual([info.audio[1].title, info.audio[1].default], ["Director's commentary", true]);

  await runCommand("decode", output, "-o", decoded);
  const streams = (await streamsOf(decoded)).slice(1) as {
    tags?: Record<string, string>;
    disposition?: Record<string, number>;
  }[];
  assert.deepEqual(
    streams.map(({ tags, disposition }) => [
      tags?.language,
      tags?.handler_name,
      disposition?.default,
      disposition?.forced,
    ]),
    [
      ["eng", "SoundHandler", 0, 0],
      ["por", "Director's commentary", 1, 0],
      ["und", "SoundHandler", 0, 0],
      ["und", "SoundHandler", 0, 0],
      ["fra", "Signs only", 1, 1],
    ],
  );
});
