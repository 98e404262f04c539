import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { run } from "../../../cli/run.js";
import { memorySource, openAsset, SieddError } from "../../../codec/internal.js";
import { readTextSamples, writeTextSamples } from "../../../codec/iso/text-track.js";
import { encode } from "../../../encoder/index.js";
import { isTextSubtitle } from "../../../media/probe/stream-properties.js";
import { parseWebVtt } from "../../../media/webvtt/webvtt.js";
import { runCommand } from "../../support/command.js";
import { ffmpeg, keepAllFrames, lavfi, streamsOf } from "../../support/odd-videos.js";
import { testServer } from "../../support/running-server.js";
import { tempFolder } from "../../support/temp-folder.js";

const srt = (...cues: readonly [from: string, to: string, content: string][]): string =>
  cues.map(([from, to, content], i) => `${i + 1}\n00:00:0${from} --> 00:00:0${to}\n${content}\n\n`).join("");

/** Creates two seconds of video with English subtitles, some overlapping, and German ones in another format. */
async function createVideo(folder: string): Promise<string> {
  const at = (name: string) => join(folder, name);
  const english = srt(
    ["0,200", "0,800", "Hello <i>there</i>"],
    ["0,600", "1,500", "Two\nlines"],
    ["1,000", "1,200", "at once"],
  );
  await writeFile(at("eng.srt"), english);
  await writeFile(at("ger.srt"), srt(["1,250", "1,750", "Grüß Gott"]));
  await ffmpeg("-i", at("ger.srt"), at("ger.ass"));
  await ffmpeg(
    ...lavfi("testsrc2=s=32x32:r=10:d=2"),
    ...["-i", at("eng.srt"), "-i", at("ger.ass"), "-map", "0", "-map", "1", "-map", "2", ...keepAllFrames],
    ...["-c:s:0", "srt", "-c:s:1", "ass"],
    ...["-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=ger", at("video.mkv")],
  );
  return at("video.mkv");
}

const BRIEF = { steps: 20, phase1Steps: 20, points: 64, workers: 1 };

test("keeps subtitles as WebVTT with their languages, to the millisecond", async (t) => {
  const folder = await tempFolder(t);
  const [input, output] = [await createVideo(folder), join(folder, "video.siedd")];
  await encode({ ...BRIEF, input, output });
  const asset = await openAsset(memorySource(await readFile(output)));
  assert.deepEqual(
    asset.text.map(({ codec, language }) => [codec, language]),
    [
      ["wvtt", "eng"],
      ["wvtt", "ger"],
    ],
  );
  assert.deepEqual(await asset.readText(0), [
    { start: 200, end: 800, settings: "", text: "Hello <i>there</i>" },
    { start: 600, end: 1500, settings: "", text: "Two\nlines" },
    { start: 1000, end: 1200, settings: "", text: "at once" },
  ]);
  assert.deepEqual(await asset.readText(1), [{ start: 1250, end: 1750, settings: "", text: "Grüß Gott" }]);
  await assert.rejects(
    asset.readText(2),
    (error) => error instanceof SieddError && error.code === "bad-request",
  );
  // The group table is also correct without audio, and other tools see the languages.
  for (const { index, size } of asset.groups) assert.equal((await asset.readGroup(index)).length, size);
  const tracks = (await streamsOf(output)).slice(1);
  assert.deepEqual(
    tracks.map(({ tags }) => tags?.language),
    ["eng", "ger"],
  );
  const printed = new PassThrough();
  const info = text(printed);
  assert.equal(
    await run(["info", output], { stdout: printed, stderr: printed, signal: new AbortController().signal }),
    0,
  );
  printed.end();
  assert.match(await info, /text {5}wvtt, language eng, .*\n {2}text {5}wvtt, language ger/);
});

test("keeps the subtitles of the encoded time range and trims them to it", async (t) => {
  const folder = await tempFolder(t);
  const [input, output] = [await createVideo(folder), join(folder, "part.siedd")];
  await encode({ ...BRIEF, input, output, from: 0.5, to: 1.1 });
  const asset = await openAsset(memorySource(await readFile(output)));
  assert.equal(asset.text.length, 1);
  assert.deepEqual(
    (await asset.readText(0)).map(({ start, end, text }) => [start, end, text]),
    [
      [0, 300, "Hello <i>there</i>"],
      [100, 600, "Two\nlines"],
      [500, 600, "at once"],
    ],
  );
});

/** Returns an empty Blu-ray subtitle (PGS): a presentation without objects, and its end. */
function bitmapSubtitles(): Buffer {
  const segment = (type: number, contents: readonly number[]) =>
    Buffer.from([0x50, 0x47, 0, 0, 35, 40, 0, 0, 0, 0, type, 0, contents.length, ...contents]);
  return Buffer.concat([segment(0x16, [0, 32, 0, 32, 16, 0, 0, 128, 0, 0, 0]), segment(0x80, [])]);
}

test("skips bitmap subtitles and reports them", async (t) => {
  const folder = await tempFolder(t);
  const [frames, input] = [join(folder, "bitmaps.sup"), join(folder, "video.mkv")];
  await writeFile(frames, bitmapSubtitles());
  await ffmpeg(
    ...[...lavfi("testsrc2=s=32x32:r=10:d=0.4"), "-i", frames, "-map", "0", "-map", "1"],
    ...[...keepAllFrames, "-c:s", "copy", "-metadata:s:s:0", "language=fre", input],
  );
  const messages: string[] = [];
  await encode({
    ...{ ...BRIEF, input, output: `${input}.siedd` },
    onEvent: (event) => event.type === "stream-skipped" && messages.push(event.message),
  });
  assert.equal(messages.length, 1);
  assert.match(
    messages[0]!,
    /^skipped subtitle track 1 of .* \(hdmv_pgs_subtitle, language fre\): bitmap subtitles/,
  );
  assert.equal((await openAsset(memorySource(await readFile(`${input}.siedd`)))).text.length, 0);
});

const ASS_HEADER = `[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, Bold, Italic, Underline, Alignment
Style: Default,Arial,16,0,0,0,2
Style: Thought,Arial,16,0,-1,0,2

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
`;

/** Events of an ASS script, each half a second, and the cue text that they become; "" for none. */
const ASS_EVENTS = [
  ["Default", "First\\N\\NSecond{\\b1} bold{\\b0}, more", "First\nSecond<b> bold</b>, more"],
  ["Default", "{\\p1}m 0 0 l 10 0 10 10{\\p0}", ""],
  ["Default", "{\\p2\\pos(1,2)}m 0 0 l 10 0{\\p0}Text{a comment} after", "Text after"],
  ["Thought", "{\\an8}I <3 R&D, a < b", "<i>I &lt;3 R&amp;D, a &lt; b</i>"],
  [
    "Thought",
    "one\\Ntwo {\\rDefault}three {\\i1\\u1}four",
    "<i>one</i>\n<i>two </i>three <i><u>four</u></i>",
  ],
] as const;

/** Creates two and a half seconds of video with an ASS track, a track in Latin-1, and one that ffmpeg cannot decode. */
async function createOddSubtitles(folder: string): Promise<string> {
  const at = (name: string) => join(folder, name);
  const time = (half: number) => `0:00:0${(half / 2).toFixed(2)}`;
  const events = ASS_EVENTS.map(
    ([style, content], i) => `Dialogue: 0,${time(i)},${time(i + 1)},${style},,0,0,0,,${content}\n`,
  );
  await writeFile(at("a.ass"), ASS_HEADER + events.join(""));
  const latin1 = srt(
    ["0,200", "0,800", "plain {text} <font color=red>red</font> 1 < 2"],
    ["1,000", "1,500", "Café français, naïve garçon, déjà vu"],
  );
  await writeFile(at("b.srt"), latin1, "latin1");
  await writeFile(at("c.srt"), srt(["0,200", "0,800", "never read"]));
  await ffmpeg(
    ...[...lavfi("testsrc2=s=32x32:r=10:d=2.5"), "-i", at("a.ass"), "-i", at("b.srt"), "-i", at("c.srt")],
    ...["0", "1", "2", "3"].flatMap((input) => ["-map", input]),
    ...[...keepAllFrames, "-c:s", "copy", at("video.mkv")],
  );
  const file = await readFile(at("video.mkv"));
  file.write("S_TEXT/UTF9", file.lastIndexOf("S_TEXT/UTF8"));
  await writeFile(at("video.mkv"), file);
  return at("video.mkv");
}

test("keeps the text of odd subtitles, also in WebVTT files and in decoded files", async (t) => {
  const folder = await tempFolder(t);
  const [input, output] = [await createOddSubtitles(folder), join(folder, "video.siedd")];
  const messages: string[] = [];
  await encode({
    ...{ ...BRIEF, input, output },
    onEvent: (event) => /^stream-/.test(event.type) && "message" in event && messages.push(event.message),
  });
  assert.equal(messages.length, 2, messages.join("\n"));
  assert.match(
    messages[0]!,
    /^subtitle track 2 of .* \(subrip, .*: the text is not UTF-8 and is read as ISO-8859-1/,
  );
  assert.match(messages[1]!, /^skipped subtitle track 3 of/);

  const asset = await openAsset(memorySource(await readFile(output)));
  const expected = ASS_EVENTS.flatMap(([, , cue], i) =>
    cue === "" ? [] : [{ start: 500 * i, end: 500 * (i + 1), settings: "", text: cue }],
  );
  assert.deepEqual(await asset.readText(0), expected);
  assert.deepEqual(
    (await asset.readText(1)).map(({ text }) => text),
    ["plain {text} red 1 &lt; 2", "Café français, naïve garçon, déjà vu"],
  );
  assert.equal(asset.text.length, 2);

  const server = await testServer(t, { video: new Uint8Array(await readFile(output)) });
  const served = parseWebVtt((await server.get("video/text-0.vtt")).text);
  assert.deepEqual(served, expected);
  await runCommand("decode", output, "-o", join(folder, "back.mp4"));
  const back = `${await ffmpeg("-i", join(folder, "back.mp4"), "-map", "0:s:0", "-f", "webvtt", "-")}`;
  assert.match(back, /I <3 R&D, a < b/);
  assert.match(back, /First\nSecond/);
});

test("escapes what is no markup in subtitles that were stored without escapes", async () => {
  const stored = async (text: string) => {
    const { durations, samples } = writeTextSamples([{ start: 0, end: 100, settings: "", text }], 100);
    return (await readTextSamples(samples, durations))[0]!.text;
  };
  assert.equal(await stored("I <3 R&D, a < b"), "I &lt;3 R&amp;D, a &lt; b");
  for (const valid of [
    "<v.loud Bob>Hi</v> <i>R&amp;D &#8364;</i>",
    "<00:01.000>now",
    "<c.red.big>x</c> 1 > 0",
  ])
    assert.equal(await stored(valid), valid);
});

test("bitmap subtitles are not text subtitles", () => {
  assert.ok(["subrip", "ass", "mov_text", "webvtt"].every(isTextSubtitle));
  assert.ok(
    ["dvd_subtitle", "hdmv_pgs_subtitle", "dvb_subtitle", undefined].every((codec) => !isTextSubtitle(codec)),
  );
});

test("reads cues with their settings and skips notes, styles and empty cues", () => {
  const file =
    "WEBVTT\r\n\r\nNOTE a --> b\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\n" +
    "first\r\n00:01.500 --> 00:02.000 line:0 align:left\r\nAt the <b>top</b>\r\n\r\n01:00:00.000 --> 01:00:01.000\r\n\r\n";
  assert.deepEqual(parseWebVtt(file), [
    { start: 1500, end: 2000, settings: "line:0 align:left", text: "At the <b>top</b>" },
  ]);
});

test("cues survive the conversion to contiguous samples and back", async () => {
  const cue = (start: number, end: number, text: string) => ({ start, end, settings: "line:0", text });
  const cues = [
    cue(0, 100, "a"),
    cue(50, 300, "b"),
    cue(50, 60, "a"),
    cue(300, 310, "b"),
    cue(900, 1000, "é"),
  ];
  const { durations, samples } = writeTextSamples(cues, 1000);
  assert.equal(
    durations.reduce((sum, duration) => sum + duration, 0),
    1000,
  );
  assert.deepEqual(await readTextSamples(samples, durations), cues);
  const damaged = samples.map((sample) => sample.subarray(0, sample.length - 1));
  await assert.rejects(
    readTextSamples(damaged, durations),
    (error) => error instanceof SieddError && error.code === "bad-asset",
  );
});
