import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, open, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { detectScenes, type MediaErrorCode, probeVideo } from "../../../../media/index.js";
import { clip } from "../../../support/clips.js";
import { isMediaError } from "../../../support/media-checks.js";
import { ffmpeg } from "../../../support/odd-videos.js";
import { tempFolder } from "../../../support/temp-folder.js";

const run = promisify(execFile);

test("rejects files that are not videos with a code and a one-line message", async (t) => {
  const folder = await tempFolder(t);
  const at = (name: string) => join(folder, name);
  await writeFile(at("text.mp4"), "no video at all\n".repeat(100));
  await writeFile(at("notes.txt"), "just some notes\n".repeat(100));
  await writeFile(at("empty.mp4"), "");
  for (const kind of ["png", "jpg"])
    await ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x64", "-frames:v", "1", at(`a.${kind}`));
  await copyFile(at("a.png"), at("png.mp4"));
  await copyFile(at("a.jpg"), at("jpeg.mp4"));
  await ffmpeg("-f", "lavfi", "-i", "sine=d=0.3", at("audio.mp4"));
  await ffmpeg(
    "-i",
    at("audio.mp4"),
    "-i",
    at("a.png"),
    "-map",
    "0",
    "-map",
    "1",
    "-c",
    "copy",
    "-disposition:v:0",
    "attached_pic",
    at("cover.mp4"),
  );
  const cases: [string, MediaErrorCode, RegExp][] = [
    ["nowhere.mp4", "no-such-file", /does not exist/],
    [".", "not-a-video", /is a folder/],
    ["text.mp4", "not-a-video", /not a video/],
    ["notes.txt", "not-a-video", /not a video/],
    ["empty.mp4", "not-a-video", /is empty/],
    ["a.png", "not-a-video", /is an image/],
    ["a.jpg", "not-a-video", /is an image/],
    ["png.mp4", "not-a-video", /is an image/],
    ["jpeg.mp4", "not-a-video", /is an image/],
    ["audio.mp4", "no-video-stream", /only audio/],
    ["cover.mp4", "no-video-stream", /only audio/],
  ];
  for (const [name, code, message] of cases) {
    await assert.rejects(probeVideo(at(name)), isMediaError(code, message), name);
  }
});

test("rejects a truncated file, and still reads its intact part", async (t) => {
  const folder = await tempFolder(t);
  const [tail, head] = [join(folder, "no-index.mp4"), join(folder, "cut.mp4")];
  const source = await clip("bunny");
  await ffmpeg("-i", source, "-c", "copy", "-movflags", "-faststart", tail);
  await truncate(tail, 200000);
  await assert.rejects(probeVideo(tail), isMediaError("truncated-video", /index \(moov\) is missing/));
  await ffmpeg("-i", source, "-c", "copy", "-movflags", "+faststart", head);
  await truncate(head, Math.round((await stat(head)).size * 0.6));
  const info = await probeVideo(head);
  await assert.rejects(
    detectScenes(head, info, {}),
    isMediaError("truncated-video", /duration is 5\.\d s but its frames end at \d/),
  );
  assert.equal((await detectScenes(head, info, { to: 1 })).frameCount, 25);
  await assert.rejects(
    detectScenes(head, info, { from: 9 }),
    isMediaError("no-frames", /no frames from 9 s on/),
  );
});

test("rejects a video without a decodable frame", async (t) => {
  const path = join(await tempFolder(t), "damaged.mp4");
  await ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x64:d=1", "-movflags", "+faststart", path);
  const bytes = await readFile(path);
  const file = await open(path, "r+");
  const start = bytes.indexOf("mdat") + 4;
  await file.write(Buffer.alloc(bytes.length - start, 0xff), 0, undefined, start);
  await file.close();
  await assert.rejects(
    detectScenes(path, await probeVideo(path), {}),
    isMediaError("no-frames", /no frame of .* can be decoded/),
  );
});

test("without ffmpeg, the error names the package to install", async (t) => {
  const folder = await tempFolder(t);
  const index = new URL("../../../../media/index.js", import.meta.url).href;
  const script = `
    const { probeVideo, writeSample } = await import(${JSON.stringify(index)});
    const format = (error) => error.code + ": " + error.message;
    process.stdout.write(await probeVideo(process.execPath).catch(format) + "\\n");
    process.stdout.write(await writeSample({ output: "video.mp4" }).catch(format) + "\\n");`;
  const environment = { cwd: folder, env: { PATH: folder } };
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], environment);
  const lines = stdout.trim().split("\n");
  assert.equal(lines.length, 2);
  for (const line of lines)
    assert.match(line, /^ffmpeg-missing: ff\w+ is not installed; .*apt-get install ffmpeg/);
  assert.deepEqual(await readdir(folder), []);
});
