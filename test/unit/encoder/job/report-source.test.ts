import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { nameFlags } from "../../../../cli/input/flags.js";
import type { EncodeEvent } from "../../../../encoder/index.js";
import { reportSource } from "../../../../encoder/job/report-source.js";
import { probeVideo } from "../../../../media/index.js";
import { ffmpeg, keepAllFrames, lavfi } from "../../../support/odd-videos.js";
import { tempFolder } from "../../../support/temp-folder.js";

/** Returns the messages about a video by the type of their event, with flags instead of options. */
async function reportsOf(input: string, videoStream?: number): Promise<Record<string, string>> {
  const reports: Record<string, string> = {};
  const emit = (event: EncodeEvent) => {
    if ("message" in event) reports[event.type] = nameFlags(event.message);
  };
  reportSource(await probeVideo(input, undefined, videoStream), { input, videoStream }, emit);
  return reports;
}

test("several video streams and many repeated frames are reported in one line each", async (t) => {
  const path = join(await tempFolder(t), "video.mkv");
  const select = "select='not(mod(n,8))+lt(n,2)'";
  await ffmpeg(
    ...lavfi("testsrc2=s=32x32:r=10:d=0.1"),
    ...lavfi(`testsrc2=s=64x36:r=20:d=4,${select}`),
    ...["-map", "0", "-map", "1", ...keepAllFrames, "-enc_time_base", "1/1000", path],
  );
  const reports = await reportsOf(path);
  assert.match(
    reports["video-stream"] ?? "",
    /2 video streams; encoding stream 1 \(h264, 64 x 36\); set --video-stream to encode .*: 0 \(h264, 32 x 32\)$/,
  );
  assert.match(
    reports["frames-repeated"] ?? "",
    /has a variable frame rate; at \d+ frames per second, it has \d+\.\d times as many frames/,
  );
  // A stream that was asked for, and one frame: nothing to report.
  assert.deepEqual(await reportsOf(path, 0), {});
});
