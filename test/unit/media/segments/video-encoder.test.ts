import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { MediaError } from "../../../../media/errors.js";
import { checkEncoder } from "../../../../media/segments/encoder-check.js";
import { runningEncoders } from "../../../../media/segments/segment-encoder.js";
import {
  encoderForSize,
  h264Recipe,
  inputArguments,
  outputArguments,
  VIDEO_ENCODERS,
  type VideoEncoder,
} from "../../../../media/segments/video-encoder.js";
import { type ServeOptions, serve } from "../../../../server/index.js";
import { tempFolder } from "../../../support/temp-folder.js";

const COMMAND = join(import.meta.dirname, "../../../../cli/main.js");
const FORMAT = { width: 640, height: 360, frameRate: { num: 30000, den: 1001 } };
const HARDWARE = ["h264_nvenc", "h264_vaapi"] as const;
/** Returns the value of an option in a list of arguments. */
const optionValue = (args: readonly string[], option: string) => args[args.indexOf(option) + 1];

test("all encoders get the same rate control and GOP settings", () => {
  for (const encoder of VIDEO_ENCODERS) {
    const args = outputArguments(FORMAT, "avc1", encoder);
    const options = [
      "-profile:v",
      "-maxrate",
      "-bufsize",
      "-bf",
      "-g",
      "-video_track_timescale",
      "-use_editlist",
    ];
    assert.deepEqual(
      options.map((option) => optionValue(args, option)),
      ["high", "2312000", "1156000", "0", "100000", "30000", "0"],
      encoder,
    );
    assert.equal(optionValue(inputArguments(FORMAT, "avc1", encoder), "-framerate"), "30000/1001");
  }
  const x264 = outputArguments(FORMAT, "avc1", "x264");
  assert.match(`${optionValue(x264, "-x264-params")}`, /^level=30:stitchable=1:open-gop=0:scenecut=0$/);
  const nvenc = outputArguments(FORMAT, "avc1", "h264_nvenc");
  assert.deepEqual([optionValue(nvenc, "-level"), optionValue(nvenc, "-no-scenecut")], ["3", "1"]);
  const vaapi = outputArguments(FORMAT, "avc1", "h264_vaapi");
  assert.deepEqual([optionValue(vaapi, "-level"), optionValue(vaapi, "-idr_interval")], ["30", "0"]);
  assert.ok(inputArguments(FORMAT, "avc1", "h264_vaapi").includes("vaapi=gpu"));
});

test("hardware encoders write parameter sets to the init segment, and in band only for avc3", () => {
  for (const encoder of HARDWARE) {
    const filter = (entry: "avc1" | "avc3") => optionValue(outputArguments(FORMAT, entry, encoder), "-bsf:v");
    assert.equal(filter("avc1"), "filter_units=remove_types=6-9");
    assert.equal(filter("avc3"), "filter_units=remove_types=6-9,dump_extra=freq=keyframe");
  }
});

test("x264 encodes the sizes that hardware rejects", () => {
  const at = (width: number, height: number) => encoderForSize("h264_nvenc", { ...FORMAT, width, height });
  assert.deepEqual(
    [at(640, 360), at(160, 160), at(158, 320), at(640, 90), at(4098, 2304), at(4096, 2304)],
    ["h264_nvenc", "h264_nvenc", "x264", "x264", "x264", "h264_nvenc"],
  );
  assert.equal(
    optionValue(outputArguments({ ...FORMAT, width: 64 }, "avc1", "h264_vaapi"), "-c:v"),
    "libx264",
  );
  assert.ok(!inputArguments({ ...FORMAT, width: 64 }, "avc1", "h264_vaapi").includes("-init_hw_device"));
});

test("the recipe identifies the encoder", () => {
  assert.equal(new Set(VIDEO_ENCODERS.map(h264Recipe)).size, VIDEO_ENCODERS.length);
});

test("the server starts only if the video encoder works, and otherwise reports why in one line", async (t) => {
  await checkEncoder("x264");
  const root = await tempFolder(t);
  for (const videoEncoder of HARDWARE) {
    const failed = await checkEncoder(videoEncoder).then(
      () => undefined,
      (error: unknown) => error,
    );
    const start = (options: Partial<ServeOptions>) => serve({ root, port: 0, ...options });
    if (failed === undefined) {
      await (await start({ videoEncoder })).close();
      continue;
    }
    assert.ok(failed instanceof MediaError);
    assert.equal(failed.code, "encoder-unavailable");
    assert.match(failed.message, new RegExp(`${videoEncoder}.*choose x264|${videoEncoder}.*or choose x264`));
    assert.doesNotMatch(failed.message, /\n|option not found|Unable to parse|out of range/i);
    await assert.rejects(start({ videoEncoder }), { code: "encoder-unavailable", message: failed.message });
    assert.equal(runningEncoders(), 0);
  }
  const unknown = "h264_qsv" as VideoEncoder;
  await assert.rejects(serve({ root, port: 0, videoEncoder: unknown }), {
    code: "bad-option",
    message: 'siedd options.videoEncoder must be one of x264, h264_nvenc, h264_vaapi, got "h264_qsv"',
  });
});

test("siedd serve --video-encoder exits with an error if ffmpeg lacks the encoder", async (t) => {
  const folder = await tempFolder(t);
  // A real ffmpeg without the NVIDIA encoder in its list, like builds without NVIDIA's headers.
  const script = `#!/bin/sh\nPATH="$REAL_PATH" exec ffmpeg "$@" | grep -v h264_nvenc\n`;
  await writeFile(join(folder, "ffmpeg"), script);
  await chmod(join(folder, "ffmpeg"), 0o755);
  const { FFMPEG_PATH: _named, ...environment } = process.env;
  const { PATH = "" } = environment;
  const child = spawn(
    process.execPath,
    [COMMAND, "serve", folder, "--port", "0", "--video-encoder", "h264_nvenc"],
    { env: { ...environment, REAL_PATH: PATH, PATH: `${folder}${delimiter}${PATH}` } },
  );
  t.after(() => child.kill("SIGKILL"));
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const [status] = await once(child, "close");
  assert.equal(status, 1, stderr);
  assert.match(stderr, /this ffmpeg has no h264_nvenc; install one that was built with it, or choose x264/);
});
