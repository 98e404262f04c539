import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { InterruptedError } from "../../../cli/errors.js";
import { probeVideo } from "../../../media/index.js";
import { siedd } from "../../support/command.js";
import { writeSyntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

const COMMAND = join(import.meta.dirname, "../../../cli/main.js");

/** Asserts that a command fails with an exit code, one line on stderr that matches, and nothing on stdout. */
async function assertFails(argv: readonly string[], code: number, message: RegExp): Promise<void> {
  const outcome = await siedd(argv);
  assert.equal(outcome.code, code, outcome.stderr);
  // A slow machine prints progress first.
  assert.match(outcome.stderr, /^(analyzing: .*\n)*siedd: .*\n$/);
  assert.match(outcome.stderr, message);
  assert.equal(outcome.stdout, "");
}

/** Writes an asset of 60 frames, 320 x 180, with audio, into a new folder. */
async function createAsset(
  t: TestContext,
): Promise<{ folder: string; asset: string; at: (name: string) => string }> {
  const folder = await tempFolder(t);
  const asset = join(folder, "video.siedd");
  writeSyntheticAsset(asset, { width: 320, height: 180, groups: [25, 25, 10], tone: 2.4 });
  return { folder, asset, at: (name) => join(folder, name) };
}

test("info prints the properties that scripts rely on", async (t) => {
  const { asset } = await createAsset(t);
  const { code, stdout } = await siedd(["info", asset, "--json"]);
  assert.equal(code, 0);
  const info = JSON.parse(stdout);
  const keys = [
    "identity",
    "version",
    "profile",
    "title",
    "created",
    "chapters",
    "width",
    "height",
    "frameCount",
    "frameRate",
    "duration",
    "bytes",
    "coverBytes",
    "audio",
    "text",
    "groups",
  ];
  assert.deepEqual(Object.keys(info), keys);
  assert.deepEqual(
    [info.width, info.height, info.frameCount, info.frameRate],
    [320, 180, 60, { num: 25, den: 1 }],
  );
  assert.deepEqual(Object.keys(info.groups[2]), ["index", "firstFrame", "frameCount", "offset", "size"]);
  assert.match((await siedd(["info", asset])).stdout, /320 x 180, 60 frames, 25 fps, 2\.40 s/);
});

test("decode writes a video of any size with its audio", async (t) => {
  const { asset, at, folder } = await createAsset(t);
  const { code, stdout, stderr } = await siedd([
    "decode",
    asset,
    "-o",
    at("part.mp4"),
    "--size",
    "201x113",
    "--from",
    "1",
    "--to",
    "2",
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /even dimensions: decoding at 202 x 114/);
  assert.match(stdout, /25 frames at 202 x 114/);
  const video = await probeVideo(at("part.mp4"));
  assert.deepEqual([video.width, video.height, video.audio.length], [202, 114, 1]);
  assert.ok(Math.abs(video.duration - 1) < 0.001);
  assert.deepEqual((await readdir(folder)).sort(), ["part.mp4", "video.siedd"]);
});

test("decode writes y4m and png of a region, and prints its result as JSON", async (t) => {
  const { asset, at } = await createAsset(t);
  const region = ["--region", "10,20,101,51", "--json"];
  const y4m = await siedd(["decode", asset, "-o", at("part.y4m"), ...region]);
  const { frames, width, height } = JSON.parse(y4m.stdout);
  assert.deepEqual([frames, width, height], [60, 102, 52]);
  assert.ok(
    y4m.stderr
      .trim()
      .split("\n")
      .every((line) => JSON.parse(line).type === "progress"),
  );
  await siedd(["decode", asset, "-o", at("one.png"), ...region, "--from", "2"]);
  const png = (await import("node:fs")).readFileSync(at("one.png"));
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [101, 51]);
});

test("decode writes the same raw frames to a .yuv file and to stdout as to y4m", async (t) => {
  const { asset, at } = await createAsset(t);
  const part = ["--size", "64x36", "--to", "0.2"];
  for (const name of ["part.y4m", "part.yuv"]) await siedd(["decode", asset, "-o", at(name), ...part]);
  const [y4m, raw] = await Promise.all(["part.y4m", "part.yuv"].map((name) => readFile(at(name))));
  const frame = (64 * 36 * 3) / 2;
  assert.equal(raw.length, 5 * frame);
  assert.ok(y4m.subarray(-frame).equals(raw.subarray(-frame)));
  const child = spawn(process.execPath, [COMMAND, "decode", asset, "-o", "-", "--raw", ...part]);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(child, "close");
  assert.ok(Buffer.concat(chunks).equals(raw));
});

test("decode at another frame rate keeps the duration and the audio", async (t) => {
  const { asset, at } = await createAsset(t);
  const { code, stdout, stderr } = await siedd([
    "decode",
    asset,
    "-o",
    at("smooth.mp4"),
    ...["--fps", "60", "--from", "0.5", "--to", "1.5"],
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /60 frames at 320 x 180/);
  const video = await probeVideo(at("smooth.mp4"));
  assert.deepEqual(video.frameRate, { num: 60, den: 1 });
  assert.ok(Math.abs(video.duration - 1) < 0.001);
  assert.equal(video.audio.length, 1);
  await assertFails(
    ["decode", asset, "-o", at("x.mp4"), "--fps", "0"],
    2,
    /from 1 to 1000 frames per second/,
  );
});

test("decode to a pipe exits with 0 when the reader closes it", async (t) => {
  const { asset } = await createAsset(t);
  const child = spawn(process.execPath, [COMMAND, "decode", asset, "-o", "-"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const errors = text(child.stderr);
  const [head] = await once(child.stdout, "data");
  assert.match(String(head), /^YUV4MPEG2 W320 H180 F25:1 /);
  child.stdout.destroy();
  const [code] = await once(child, "close");
  assert.equal(code, 0);
  assert.doesNotMatch(await errors, /siedd:|Error/);
});

test("exits with 2 and one line on invalid usage", async () => {
  await assertFails(["encode", "a.mp4"], 2, /required option '-o, --output <asset>'/);
  await assertFails(["encode", "a.mp4", "-o", "a.siedd", "--size", "8x640"], 2, /from 16 to 8192 pixels/);
  await assertFails(["encode", "a.mp4", "-o", "a.siedd", "--size", "9000x640"], 2, /from 16 to 8192 pixels/);
  await assertFails(
    ["encode", "a.mp4", "-o", "a.siedd", "--preset", "best"],
    2,
    /draft, fast, balanced, quality/,
  );
  await assertFails(
    ["encode", "a.mp4", "-o", "a.siedd", "--steps", "many"],
    2,
    /an integer from 1 to 1000000/,
  );
  await assertFails(
    ["encode", "a.mp4", "-o", "a.siedd", "--patch", "x"],
    2,
    /'x' is invalid. .*one of 1, 3, 6/,
  );
  await assertFails(["decode", "a.siedd", "-o", "x.mp4", "--raw"], 2, /--raw requires -o -/);
  await assertFails(["decode", "a.siedd", "-o", "a.avi"], 2, /\.mp4, \.y4m, \.yuv or \.png/);
  await assertFails(["decode", "a.siedd", "-o", "a.png", "--region", "1,2,3"], 2, /x,y,width,height/);
  await assertFails(["decode", "a.siedd", "-o", "a.png", "--from", "soon"], 2, /hours:minutes:seconds/);
  await assertFails(["serve", ".", "--port", "70000"], 2, /from 0 to 65535/);
  await assertFails(["serve", ".", "--cache-mb", "64"], 2, /--cache-mb requires --cache-dir/);
  await assertFails(
    ["encode", "a.mp4", "-o", "a.mp4"],
    2,
    /--output must be a path that ends in "\.siedd", got a\.mp4/,
  );
  assert.equal((await siedd([])).code, 2);
  assert.equal((await siedd(["--help"])).code, 0);
});

test("exits with 1 and one line, and leaves no file, if a file cannot be read or written", async (t) => {
  const { folder, asset, at } = await createAsset(t);
  await writeFile(at("text.siedd"), "no asset at all, but long enough");
  writeSyntheticAsset(at("cut.siedd"));
  await truncate(at("cut.siedd"), (await stat(at("cut.siedd"))).size - 100);
  await mkdir(at("folder.mp4"));
  const before = (await readdir(folder)).sort();
  await assertFails(["info", at("none.siedd")], 1, /none\.siedd: no such file/);
  await assertFails(["info", folder], 1, /it is a folder|not a siedd asset/);
  await assertFails(["info", at("text.siedd")], 1, /not a siedd asset/);
  await assertFails(["info", at("cut.siedd")], 1, /cut\.siedd/);
  await assertFails(["decode", asset, "-o", at("no/out.mp4")], 1, /the folder does not exist/);
  await assertFails(["decode", asset, "-o", at("folder.mp4")], 1, /it is a folder/);
  await assertFails(
    ["decode", asset, "-o", at("out.png"), "--from", "9"],
    1,
    /--from must be before the end of .*video\.siedd \(2\.40 s\), got 9 s/,
  );
  await assertFails(
    ["decode", asset, "-o", at("out.png"), "--region", "0,0,400,100"],
    1,
    /--region must lie within the frame of 320 x 180/,
  );
  await assertFails(
    ["decode", asset, "-o", at("out.mp4"), "--from", "2", "--to", "1"],
    2,
    /no frames between/,
  );
  await assertFails(["encode", asset, "-o", at("again.siedd")], 1, /is already a siedd asset/);
  await symlink(asset, at("link.siedd"));
  await assertFails(
    ["encode", asset, "-o", at("link.siedd")],
    1,
    /link\.siedd: it is the source; choose another/,
  );
  await rm(at("link.siedd"));
  await copyFile(asset, at("asset.mp4"));
  await assertFails(["decode", at("asset.mp4"), "-o", at("asset.mp4")], 1, /it is the source/);
  await rm(at("asset.mp4"));
  await assertFails(["serve", at("none")], 1, /is not a folder/);
  await assertFails(
    ["serve", folder, "--port", "0", "--cache-dir", asset],
    1,
    /--cache-dir must be a writable folder/,
  );
  assert.deepEqual((await readdir(folder)).sort(), before);
});

test("reports a full disk behind a pipe", async (t) => {
  const { asset } = await createAsset(t);
  const args = [COMMAND, "decode", asset, "-o", "-", "--size", "640x360"];
  const child = spawn("sh", ["-c", '"$0" "$@" > /dev/full', process.execPath, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  assert.equal(code, 1);
  assert.match(errors, /siedd: cannot write the output: the disk is full; free some space/);
});

test("an interrupted decode exits with 130 and leaves no file", async (t) => {
  const { folder, asset, at } = await createAsset(t);
  const abort = new AbortController();
  const { code, stderr } = await siedd(
    ["decode", asset, "-o", at("out.mp4"), "--size", "1920x1080", "--json"],
    abort.signal,
    // Aborts at the first progress event.
    () => abort.abort(new InterruptedError("SIGINT")),
  );
  assert.equal(code, 130);
  assert.match(stderr, /siedd: interrupted\n$/);
  assert.deepEqual(await readdir(folder), ["video.siedd"]);
});

test("serve prints its URL, responds, and exits with 0 on SIGTERM", async (t) => {
  const { folder } = await createAsset(t);
  const child = spawn(process.execPath, [COMMAND, "serve", folder, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [line] = await once(child.stdout, "data");
  const url = /http:\S+/.exec(String(line))?.[0] ?? "";
  const { assets } = (await (await fetch(url)).json()) as { assets: { id: string }[] };
  assert.deepEqual(
    assets.map(({ id }) => id),
    ["video"],
  );
  child.kill("SIGTERM");
  const [code] = await once(child, "close");
  assert.equal(code, 0);
});

test("serve reports a port in use in one line", async (t) => {
  const { folder } = await createAsset(t);
  const other = createServer().listen(0, "127.0.0.1");
  t.after(() => other.close());
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  await assertFails(
    ["serve", folder, "--port", String(port)],
    1,
    new RegExp(`port ${port} of 127\\.0\\.0\\.1 is in use`),
  );
});
