import assert from "node:assert/strict";
import { copyFile, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { encode } from "../../../encoder/index.js";
import { adtsPackets } from "../../../media/read/audio.js";
import { ffmpeg, keepAllFrames, lavfi } from "../../support/odd-videos.js";
import { testServer } from "../../support/running-server.js";
import { removeFolder } from "../../support/temp-folder.js";

const SECONDS = 66;
/** Characters of a version that identify the timeline. */
const TIMELINE_KEY_LENGTH = 6;

let folder: string;
/**
 * A minute with AC-3 5.1, Opus in another language, FLAC that starts late and ends early, AAC-LC that starts a moment before
 * the video, and three SRT tracks, one of which shows no text.
 */
let video: string;

after(() => removeFolder(folder));

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "siedd-test-"));
  video = join(folder, "video.mkv");
  const srt = async (name: string, text: string) => {
    const path = join(folder, name);
    await writeFile(
      path,
      `1\n00:00:01,000 --> 00:00:02,500\n${text}\n\n2\n00:01:04,000 --> 00:01:05,000\nEnd\n`,
    );
    return path;
  };
  const silent = join(folder, "silent.srt");
  await writeFile(silent, "1\n00:00:01,000 --> 00:00:02,000\n{\\an8}\n");
  const tone = (hertz: number, seconds: number) =>
    lavfi(`sine=${hertz}:sample_rate=48000:duration=${seconds}`);
  await ffmpeg(
    ...lavfi(`color=gray:s=32x32:r=2:d=${SECONDS}`),
    ...lavfi(`sine=300:sample_rate=48000:duration=${SECONDS},pan=5.1|FC=c0|FL=0.5*c0`),
    ...tone(500, SECONDS),
    ...["-itsoffset", "3", ...tone(700, 4)],
    ...["-itsoffset", "-0.0137", ...tone(900, SECONDS)],
    ...["-i", await srt("en.srt", "<i>Hello</i>"), "-i", await srt("de.srt", "Hallo & guten Tag")],
    ...["-i", silent],
    ...["0", "1", "2", "3", "4", "5", "6", "7"].flatMap((input) => ["-map", input]),
    ...keepAllFrames,
    ...["-c:a:0", "ac3", "-c:a:1", "libopus", "-c:a:2", "flac", "-c:a:3", "aac", "-c:s", "srt"],
    ...["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger", "-metadata:s:a:1", "title=Dub"],
    ...["-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=ger", "-disposition:s:1", "forced"],
    video,
  );
});

/** Leaves out what is only estimated for a source. */
const withoutBytes = (tracks: readonly { readonly bytes: number }[]) =>
  tracks.map(({ bytes: _, ...rest }) => rest);

test("a source has the audio and text of its asset, byte for byte, so that an encode changes no timeline", async (t) => {
  const server = await testServer(t, {});
  await copyFile(video, join(server.root, "video.mkv"));
  const read = async (path: string) => {
    const { status, body, text } = await server.get(`video/${path}`);
    assert.equal(status, 200, `${path}: ${text.slice(0, 200)}`);
    return body;
  };
  const info = async () => JSON.parse((await read("info.json")).toString());
  const source = await info();
  assert.equal(source.backend, "source");
  assert.deepEqual(
    source.audio.map(
      ({ language, title, channels, default: isDefault, downmixOf }: Record<string, unknown>) => [
        language,
        title,
        channels,
        isDefault,
        downmixOf,
      ],
    ),
    [
      ["eng", "", 6, true, null],
      ["ger", "Dub", 1, false, null],
      ["und", "", 1, false, null],
      ["und", "", 1, false, null],
      ["eng", "", 2, false, 0],
    ],
  );
  assert.deepEqual(
    source.text.map(({ language, forced }: Record<string, unknown>) => [language, forced]),
    [
      ["eng", false],
      ["ger", true],
      ["und", false],
    ],
  );
  const last = source.segments.length - 1;
  // The last segment comes first: it is in the second window of the audio.
  const paths = [
    ...[0, 1, 2, 3, 4].flatMap((n) => [last, 0, 5, 60].map((k) => `audio-${n}/seg-${k}.m4s`)),
    ...[
      "audio-3/init.mp4",
      "audio-3/index.m3u8",
      "text-0.vtt",
      "text-1.vtt",
      "text-2.vtt",
      "text-1/seg-0.vtt",
      "audio-0/index.m3u8",
      "text-0/index.m3u8",
    ],
  ];
  const before: Buffer[] = [];
  for (const path of paths) before.push(await read(path));
  const vtt = before[paths.indexOf("text-1.vtt")]!.toString();
  assert.match(vtt, /00:00:01\.000 --> 00:00:02\.500\nHallo &amp; guten Tag/);
  assert.equal(before[paths.indexOf("text-2.vtt")]!.toString(), "WEBVTT\n");
  assert.deepEqual((await readdir(join(server.root, ".siedd/text"))).length, 3);
  // The AAC packets of the last segment are those of the file, not of another encode.
  const aac = adtsPackets(await ffmpeg("-i", video, "-map", "0:a:3", "-c", "copy", "-f", "adts", "-"));
  const served = before[paths.indexOf(`audio-3/seg-${last}.m4s`)]!;
  assert.ok(aac.slice(-44, -4).filter((packet) => served.includes(Buffer.from(packet))).length >= 20);
  await encode({
    input: join(server.root, "video.mkv"),
    output: join(server.root, "video.siedd"),
    ...{ steps: 1, phase1Steps: 1, points: 16, workers: 1 },
  });
  const asset = await info();
  assert.equal(asset.backend, "asset");
  assert.notEqual(asset.v, source.v);
  assert.equal(asset.v.slice(0, TIMELINE_KEY_LENGTH), source.v.slice(0, TIMELINE_KEY_LENGTH));
  assert.deepEqual(withoutBytes(asset.audio), withoutBytes(source.audio));
  assert.deepEqual(withoutBytes(asset.text), withoutBytes(source.text));
  for (const [i, path] of paths.entries()) {
    const unversioned = (bytes: Buffer) => bytes.toString("latin1").replaceAll(/v=[\w-]+/g, "v=");
    assert.equal(unversioned(await read(path)) === unversioned(before[i]!), true, `${path} differs`);
  }
});
