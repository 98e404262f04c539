import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { decodingMemory } from "../../../../media/ffmpeg/memory-limit.js";
import { ffmpegCommand, fileUrl, runFfmpeg, stdoutPipe } from "../../../../media/ffmpeg/run.js";
import { probeVideo, readFrames } from "../../../../media/index.js";
import { isMediaError } from "../../../support/media-checks.js";
import { ffmpeg, lavfi } from "../../../support/odd-videos.js";
import { tempFolder } from "../../../support/temp-folder.js";

const MEBIBYTE = 2 ** 20;
const skip = spawnSync("prlimit", ["--version"]).status !== 0;

test("a decoder gets the memory that the size of the frames needs", () => {
  const threads = 24 * availableParallelism();
  const mebibytes = (width: number, height: number, pixelFormat = "yuv420p", dynamicRange = "sdr") =>
    decodingMemory({
      codedWidth: width,
      codedHeight: height,
      pixelFormat,
      dynamicRange: dynamicRange as "sdr" | "pq",
    }) /
      MEBIBYTE -
    threads;
  assert.equal(mebibytes(64, 36), 1024);
  assert.equal(mebibytes(3840, 2160), 1024);
  assert.equal(mebibytes(8192, 8192), 512 + 24 * 64);
  assert.equal(mebibytes(8192, 8192, "yuv420p10le"), 512 + 48 * 64);
  assert.equal(mebibytes(8192, 8192, "yuv420p10le", "pq"), 512 + 96 * 64);
});

test("ffmpeg takes no more memory than the limit, and the error says so", { skip }, async (t) => {
  const folder = await tempFolder(t);
  const decode = async (references: number, memoryBytes: number) => {
    const path = join(folder, `${references}.mp4`);
    const frames = [...lavfi("color=gray:s=2048x2048:r=25,format=yuv420p"), "-frames:v", "30"];
    const codec = ["-c:v", "libx264", "-preset", "ultrafast", "-x264-params", `ref=${references}`];
    await ffmpeg(...frames, ...codec, path);
    const stdout = stdoutPipe();
    stdout.resume();
    const command = ffmpegCommand(memoryBytes)
      .input(fileUrl(path))
      .inputOptions(["-threads", "1", "-filter_threads", "1", "-loglevel", "error"])
      .outputOptions(["-vf", "scale=16:16", "-f", "rawvideo"]);
    return runFfmpeg(command, { failure: "cannot read it", stdout });
  };
  await decode(1, 90 * MEBIBYTE);
  await assert.rejects(
    decode(16, 90 * MEBIBYTE),
    isMediaError(
      "unsupported-video",
      /^cannot read it: its decoder needs more than 90 MiB, .*fewer reference/,
    ),
  );
  await decode(16, 400 * MEBIBYTE);
});

test("frames are read with a limit", { skip }, async (t) => {
  const path = join(await tempFolder(t), "video.mp4");
  await ffmpeg(...lavfi("testsrc2=s=640x360:r=25:d=10"), "-c:v", "libx264", "-preset", "ultrafast", path);
  const info = await probeVideo(path);
  const frames = readFrames(path, info, { width: 640, height: 360, firstFrame: 0, frameCount: 200 });
  await frames.next();
  const limits = readdirSync("/proc").flatMap((pid) => {
    try {
      const { 1: parent } = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      if (Number(parent) !== process.pid) return [];
      return [/Max data size +(\d+)/.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1]];
    } catch {
      return [];
    }
  });
  await frames.return(undefined);
  assert.deepEqual(limits.map(Number), [decodingMemory(info)]);
});
