import assert from "node:assert/strict";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { run } from "../../../cli/run.js";
import { flattenCues, parseWebVtt, writeWebVtt } from "../../../media/webvtt/webvtt.js";
import { ffmpeg, streamsOf } from "../../support/odd-videos.js";
import { writeSyntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

const cue = (start: number, end: number, text: string, settings = "") => ({
  start,
  end,
  settings,
  text,
});

test("decode to MP4 keeps subtitles, their languages, and their times relative to the decoded range", async (t) => {
  const folder = await tempFolder(t);
  const [asset, output] = [join(folder, "video.siedd"), join(folder, "back.mp4")];
  writeSyntheticAsset(asset, {
    width: 64,
    height: 48,
    widths: [4],
    tone: 2,
    groups: [25, 25],
    text: [
      {
        language: "eng",
        cues: [cue(200, 900, "Hello"), cue(700, 1500, "Two\nlines"), cue(1900, 2000, "late")],
      },
      { language: "ger", cues: [cue(1000, 1300, "Grüß Gott")] },
      { language: "fre", cues: [cue(1800, 1900, "trop tard")] },
    ],
  });
  const out = new PassThrough();
  const printed = text(out);
  const argv = ["decode", asset, "-o", output, "--from", "0.4", "--to", "1.6"];
  const code = await run(argv, { stdout: out, stderr: out, signal: new AbortController().signal });
  out.end();
  assert.equal(code, 0, await printed);
  const streams = await streamsOf(output);
  assert.deepEqual(
    streams.map(({ codec_type, tags }) => [codec_type, tags?.language]),
    [
      ["video", "und"],
      ["audio", "und"],
      ["subtitle", "eng"],
      ["subtitle", "ger"],
    ],
  );
  const cues = async (track: number) =>
    parseWebVtt(`${await ffmpeg("-i", output, "-map", `0:s:${track}`, "-f", "webvtt", "-")}`).map(
      ({ start, end, text: payload }) => [start, end, payload],
    );
  assert.deepEqual(await cues(0), [
    [0, 300, "Hello"],
    [300, 500, "Hello\nTwo\nlines"],
    [500, 1100, "Two\nlines"],
  ]);
  assert.deepEqual(await cues(1), [[600, 900, "Grüß Gott"]]);
});

test("parses the cues that writeWebVtt wrote, whatever their text", () => {
  const cues = [cue(0, 1000, "a\nb", "line:0 align:left"), cue(3_600_000, 3_600_001, "<i>é</i>")];
  assert.deepEqual(parseWebVtt(writeWebVtt(cues)), cues);
  assert.deepEqual(parseWebVtt(writeWebVtt([cue(0, 10, "a\n\n--> b\r\nc")])), [cue(0, 10, "a\n--&gt; b\nc")]);
});

test("merges overlapping cues into one cue with the lines of all", () => {
  assert.deepEqual(flattenCues([cue(0, 10, "a"), cue(5, 15, "b"), cue(20, 30, "c")]), [
    cue(0, 5, "a"),
    cue(5, 10, "a\nb"),
    cue(10, 15, "b"),
    cue(20, 30, "c"),
  ]);
});
