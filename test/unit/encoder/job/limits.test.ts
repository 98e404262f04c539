import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { MAX_CHILD_BOXES, MAX_MOOV_BYTES, type TextCue } from "../../../../codec/internal.js";
import { encode } from "../../../../encoder/index.js";
import { checkTrackLimits, checkVideoLimits, textLimitReason } from "../../../../encoder/job/limits.js";
import { ffmpeg, lavfi } from "../../../support/odd-videos.js";
import { tempFolder } from "../../../support/temp-folder.js";

const HOUR = 3600;

test("a video that no asset can hold is rejected before it is trained", async (t) => {
  const folder = await tempFolder(t);
  for (const [rate, frames, message] of [
    [
      "1/4000",
      3,
      /has 1\/4000 frames per second, but an asset must have 1\/3600 to 1000; change its frame rate/,
    ],
    ["1/3600", 80, /lasts 80 hours, but an asset must last at most 72; encode parts of it$/],
  ] as const) {
    const input = join(folder, `${frames}.mkv`);
    await ffmpeg(...lavfi(`color=s=64x36:r=${rate}`), "-frames:v", `${frames}`, "-c:v", "ffv1", input);
    await assert.rejects(encode({ input, output: join(folder, "out.siedd") }), {
      code: "unsupported-video",
      message,
    });
  }
});

test("the frame rate and the duration of the encoded range count", () => {
  const frameRate = { num: 1000, den: 1 };
  checkVideoLimits("a", { frameRate, duration: 72 * HOUR }, {});
  checkVideoLimits("a", { frameRate, duration: 100 * HOUR }, { from: 50 * HOUR });
  checkVideoLimits("a", { frameRate, duration: 100 * HOUR }, { from: HOUR, to: 2 * HOUR });
  assert.throws(
    () => checkVideoLimits("a", { frameRate, duration: 100 * HOUR }, { from: HOUR }),
    /lasts 99 hours/,
  );
  assert.throws(
    () => checkVideoLimits("a", { frameRate: { num: 1001, den: 1 }, duration: 1 }, {}),
    /a has 1001 frames per second/,
  );
});

test("tracks count with their tables", () => {
  const track = { sizes: { length: 10 * HOUR * 47 } };
  const text = { cues: [] };
  const groups = 10 * HOUR;
  checkTrackLimits("a", { audio: Array(8).fill(track), text: Array(30).fill(text), groups });
  assert.throws(
    () => checkTrackLimits("a", { audio: Array(10).fill(track), text: [], groups }),
    new RegExp(
      `36000 groups and 10 audio tracks of a take \\d+ bytes, but an asset must have at most ${MAX_MOOV_BYTES}`,
    ),
  );
  assert.throws(
    () => checkTrackLimits("a", { audio: [track], text: Array(1000).fill(text), groups: 1 }),
    /a has 1 audio tracks and 1000 subtitle tracks, but an asset must have at most 1000 in total/,
  );
});

test("a text track beyond the limits of readers is skipped with the reason", () => {
  const cue = (start: number, text: string): TextCue => ({ start, end: start + 10, settings: "", text });
  const cues = (count: number, text: string, step: number) =>
    Array.from({ length: count }, (_, i) => cue(i * step, text));
  assert.equal(textLimitReason(cues(1000, "Hello", 20), HOUR), undefined);
  assert.equal(textLimitReason(cues(MAX_CHILD_BOXES, "Hello", 0), HOUR), undefined);
  assert.match(
    `${textLimitReason(cues(MAX_CHILD_BOXES + 1, "Hello", 0), HOUR)}`,
    /^1025 cues are visible at the same time/,
  );
  assert.match(`${textLimitReason(cues(1700, "x".repeat(10_000), 20), HOUR)}`, /^it has 17\d+ bytes/);
});
