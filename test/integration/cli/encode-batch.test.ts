import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { siedd } from "../../support/command.js";
import { ffmpeg, lavfi } from "../../support/odd-videos.js";
import { tempFolder } from "../../support/temp-folder.js";

const FAST = ["--preset", "draft", "--steps", "30", "--phase1-steps", "30"];

test("encode takes several videos and folders, skips what is done, and ends with a table", async (t) => {
  const folder = await tempFolder(t);
  const videos = join(folder, "videos");
  const assets = join(folder, "assets");
  await mkdir(videos);
  for (const name of ["a.mp4", "b.mkv"]) {
    await ffmpeg(...lavfi("testsrc2=s=64x36:r=25:d=0.4"), "-c:v", "libx264", join(videos, name));
  }
  await writeFile(join(videos, "broken.mp4"), "no video");
  await writeFile(join(videos, "notes.txt"), "no video");

  const first = await siedd(["encode", join(videos, "a.mp4"), "-o", `${assets}/`, ...FAST]);
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(await readdir(assets), ["a.siedd"]);

  const second = await siedd(["encode", videos, "-o", assets, ...FAST]);
  assert.equal(second.code, 1);
  assert.deepEqual((await readdir(assets)).sort(), ["a.siedd", "b.siedd"]);
  const lines = second.stdout.trim().split("\n");
  assert.match(lines[0] ?? "", /^a\.mp4 +already encoded$/);
  assert.match(lines[1] ?? "", /^b\.mkv +[\d.]+ kB +[\d.]+ dB +[\d.]+ bpp +\d+ s$/);
  assert.match(lines[2] ?? "", /^broken\.mp4 +failed$/);
  assert.equal(lines[3], "1 video encoded, 1 already encoded, 1 failed");
  assert.match(second.stderr, /siedd: 1 video could not be encoded: \S+broken\.mp4 \S/);

  const json = await siedd([
    "encode",
    join(videos, "a.mp4"),
    join(videos, "b.mkv"),
    "-o",
    assets,
    "--json",
    ...FAST,
  ]);
  assert.equal(json.code, 0, json.stderr);
  assert.deepEqual(
    JSON.parse(json.stdout).map(({ state }: { state: string }) => state),
    ["skipped", "skipped"],
  );
});

test("encode rejects batches that would lose a video", async (t) => {
  const folder = await tempFolder(t);
  for (const name of ["a.mp4", "a.mkv"]) await writeFile(join(folder, name), "");
  const [one, two] = [join(folder, "a.mp4"), join(folder, "a.mkv")];
  for (const [args, message] of [
    [[one, two, "-o", join(folder, "x.siedd")], /--output must be a folder for several videos/],
    [[one, two, "-o", join(folder, "out")], /would both be encoded to/],
    [[await tempFolder(t), "-o", join(folder, "out")], /contains no videos/],
  ] as const) {
    const { code, stderr } = await siedd(["encode", ...args]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
});
