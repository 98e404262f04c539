import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { probeVideo } from "../../../media/index.js";
import { commandLinesWith } from "../../support/child-processes.js";
import { clip } from "../../support/clips.js";
import { siedd } from "../../support/command.js";
import { tempFolder } from "../../support/temp-folder.js";
import { waitUntil } from "../../support/wait-until.js";

const execute = promisify(execFile);
const COMMAND = join(import.meta.dirname, "../../../cli/main.js");
/** Options for the shortest useful training. */
const BRIEF = ["--preset", "draft", "--steps", "12", "--phase1-steps", "12", "--points", "64"];

function start(...args: string[]): ChildProcess {
  const limits = { timeout: 600_000, killSignal: "SIGKILL" as const };
  return spawn(process.execPath, [COMMAND, ...args], { stdio: ["ignore", "pipe", "pipe"], ...limits });
}

/** Runs the command in a child process. */
async function runChild(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = start(...args);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, "close"),
  ]);
  return { code, stdout, stderr };
}

/** Asserts that a command exits with 1, an error line that matches, and nothing on stdout. */
async function assertFails(args: string[], message: RegExp): Promise<void> {
  const { code, stdout, stderr } = await siedd(args);
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /(^|\n)siedd: .*\n$/);
  assert.match(stderr, message);
  assert.equal(stderr.match(/^siedd:/gm)?.length, 1);
}

const parseLines = (json: string) =>
  json
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("encode writes an asset of odd size that ffprobe can read, and reports JSON events", async (t) => {
  const folder = await tempFolder(t);
  const asset = join(folder, "video.siedd");
  const cut = ["--size", "95x53", "--from", "0.4", "--to", "1.2"];
  const { code, stdout, stderr } = await runChild(
    "encode",
    await clip("bunny"),
    "-o",
    asset,
    ...cut,
    ...BRIEF,
    "--json",
  );
  assert.equal(code, 0, stderr);
  const summary = JSON.parse(stdout);
  assert.equal(summary.frames, 20);
  assert.equal(summary.bytes, (await stat(asset)).size);
  const events = parseLines(stderr);
  assert.deepEqual(
    events.find(({ type }) => type === "analyzed"),
    {
      type: "analyzed",
      frames: 20,
      groups: 1,
      anchors: [0],
      scenes: 1,
      width: 95,
      height: 53,
    },
  );
  const fractions = events.filter(({ type }) => type === "progress").map(({ done }) => done);
  assert.deepEqual(
    fractions,
    [...fractions].sort((a, b) => a - b),
  );
  const info = await probeVideo(asset);
  // Surround has a stereo track beside it.
  const channels = (await probeVideo(await clip("bunny"))).audio[0]?.channels ?? 0;
  assert.deepEqual([info.width, info.height, info.audio.length], [95, 53, channels > 2 ? 2 : 1]);
  assert.ok(Math.abs(info.duration - 0.8) < 0.001);
  assert.deepEqual(await readdir(folder), ["video.siedd"]);
});

test("eval measures the quality that encode reported, and rejects another video", async (t) => {
  const asset = join(await tempFolder(t), "video.siedd");
  const bunny = await clip("bunny");
  const encoded = await siedd([
    "encode",
    bunny,
    "-o",
    asset,
    "--size",
    "96x54",
    "--to",
    "0.8",
    ...BRIEF,
    "--json",
  ]);
  const { code, stdout, stderr } = await siedd(["eval", asset, bunny, "--json"]);
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout);
  const keys = [
    "frames",
    "psnr",
    "ssim",
    "bpp",
    "bytes",
    "audioBytes",
    "width",
    "height",
    "decodeFps",
    "groups",
    "perFrame",
  ];
  assert.deepEqual(Object.keys(result), keys);
  const summary = JSON.parse(encoded.stdout);
  assert.ok(Math.abs(result.psnr - summary.psnr) < 0.1, `${result.psnr} dB, ${summary.psnr} dB`);
  assert.deepEqual([result.frames, result.perFrame.length, result.bpp], [20, 20, summary.bpp]);
  assert.ok(result.decodeFps > 0 && result.ssim > 0 && result.ssim < 1);
  await assertFails(
    ["eval", asset, await clip("carphone")],
    /frame rates differ: .* has 25 fps, .* has 29\.97 fps/,
  );
  await assertFails(["eval", asset, join(asset, "..", "none.mp4")], /does not exist/);
  await assertFails(["eval", asset, asset], /is a siedd asset; pass the source video/);
});

test("an encode interrupted by Ctrl-C leaves no ffmpeg and no asset, and resumes with identical bytes", async (t) => {
  const folder = await tempFolder(t);
  const at = (name: string) => join(folder, name);
  const video = await clip("bikes");
  const options = [
    "--size",
    "96x40",
    "--to",
    "4",
    "--preset",
    "draft",
    "--steps",
    "60",
    "--phase1-steps",
    "60",
  ];
  const child = start("encode", video, "-o", at("a.siedd"), ...options, "--json", "--workers", "1");
  t.after(() => child.kill("SIGKILL"));
  const stderr = text(child.stderr!);
  await once(child, "spawn");
  await waitUntil(
    async () => (await readdir(at("a.siedd.work")).catch(() => [])).some((name) => name.startsWith("group-")),
    "a group is on disk",
  );
  child.kill("SIGINT");
  // npm and the terminal may both send the signal.
  child.kill("SIGINT");
  const [code] = await once(child, "close");
  assert.equal(code, 130);
  assert.match((await stderr).trim().split("\n").at(-1)!, /^siedd: interrupted; .*--resume/);
  assert.deepEqual(await readdir(folder), ["a.siedd.work"]);
  assert.deepEqual(commandLinesWith(folder), []);
  const resumed = await siedd(["encode", video, "-o", at("a.siedd"), ...options, "--resume"]);
  assert.equal(resumed.code, 0, resumed.stderr);
  const uninterrupted = await siedd([
    "encode",
    video,
    "-o",
    at("b.siedd"),
    ...options,
    "--workers",
    "2",
    "--resume",
  ]);
  assert.equal(uninterrupted.code, 0, uninterrupted.stderr);
  assert.deepEqual((await readdir(folder)).sort(), ["a.siedd", "b.siedd"]);
  assert.ok((await readFile(at("a.siedd"))).equals(await readFile(at("b.siedd"))));
});

test("exits with 1 and one line, and leaves no file, if a video cannot be encoded", async (t) => {
  const folder = await tempFolder(t);
  const at = (name: string) => join(folder, name);
  await writeFile(at("text.mp4"), "no video at all\n".repeat(100));
  await execute("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "sine=d=0.3", at("audio.mp4")]);
  const bunny = await clip("bunny");
  await copyFile(bunny, at("cut.mp4"));
  await execute("ffmpeg", [
    "-v",
    "error",
    "-y",
    "-i",
    bunny,
    "-c",
    "copy",
    "-movflags",
    "+faststart",
    at("cut.mp4"),
  ]);
  await truncate(at("cut.mp4"), Math.round((await stat(at("cut.mp4"))).size / 2));
  await mkdir(at("folder.siedd"));
  const before = (await readdir(folder)).sort();
  const encode = (input: string, output: string, ...more: string[]) => [
    "encode",
    input,
    "-o",
    output,
    ...BRIEF,
    ...more,
  ];
  await assertFails(encode(at("none.mp4"), at("a.siedd")), /none\.mp4 does not exist/);
  await assertFails(encode(at("text.mp4"), at("a.siedd")), /not a video/);
  await assertFails(encode(at("audio.mp4"), at("a.siedd")), /no video stream/);
  await assertFails(encode(at("cut.mp4"), at("a.siedd")), /cut\.mp4 is truncated/);
  await assertFails(encode(bunny, at("a.siedd"), "--from", "60"), /has no frames from 60 s on/);
  await assertFails(encode(bunny, at("no/a.siedd")), /folder does not exist/);
  await assertFails(encode(bunny, at("folder.siedd")), /it is a folder/);
  await assertFails(encode(bunny, "/proc/a.siedd"), /cannot write \/proc\/a\.siedd/);
  assert.deepEqual((await readdir(folder)).sort(), before);
});

test("reports a full disk in one line", async (t) => {
  if (!(await canMount())) return t.skip("this user cannot mount a small disk");
  const disk = await tempFolder(t);
  const args = [
    COMMAND,
    "encode",
    await clip("bunny"),
    "-o",
    join(disk, "a.siedd"),
    "--size",
    "96x54",
    "--to",
    "1",
    ...BRIEF,
  ];
  const script = 'mount -t tmpfs -o size=16k none "$0" && "$@"; code=$?; ls -A "$0"; exit $code';
  const child = spawn("unshare", [...namespace, "sh", "-c", script, disk, process.execPath, ...args]);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /(^|\n)siedd: .*the disk is full; free some space.*\n$/);
  assert.doesNotMatch(stdout, /a\.siedd$/m);
});

/** Options of unshare for a mount that only the child sees. A user other than root also needs a user namespace. */
const namespace = process.getuid?.() === 0 ? ["-m"] : ["-rm"];

async function canMount(): Promise<boolean> {
  const trial = spawn("unshare", [...namespace, "mount", "-t", "tmpfs", "none", "/mnt"], { stdio: "ignore" });
  const code = await Promise.race([once(trial, "close"), once(trial, "error")]).catch(() => [1]);
  return code[0] === 0;
}

test("demo uses the next free port, plays a video at once, and encodes it only once", async (t: TestContext) => {
  const folder = await tempFolder(t);
  const video = join(folder, "my video.mp4");
  await execute("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1280x720:d=0.4:r=25", video]);
  const other = start("serve", folder, "--port", "0");
  t.after(() => other.kill("SIGKILL"));
  const [line] = await once(other.stdout!, "data");
  const port = /:(\d+)\//.exec(String(line))?.[1] ?? "";
  const demo = async () => {
    const args = [COMMAND, "demo", video, "--preset", "draft", "--size", "64x36", "--port", port];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    t.after(() => child.kill("SIGKILL"));
    const stderr = text(child.stderr);
    const [announced] = await once(child.stdout, "data");
    const url = /http:\S+/.exec(String(announced))?.[0] ?? "";
    const list = async () =>
      ((await (await fetch(url)).json()) as { assets: { id: string; backend: string }[] }).assets;
    const assets = await list();
    const playlist = await fetch(`${url}${assets[0]?.id}/full/64,36/seg-0.m4s`);
    assert.equal(playlist.status, 200);
    await waitUntil(async () => (await list())[0]?.backend === "asset", "the video is encoded");
    child.kill("SIGTERM");
    const [code] = await once(child, "close");
    const file = await stat(join(folder, ".siedd/demo", `${assets[0]?.id}.siedd`));
    return { url, assets, code, file: [file.ino, file.mtimeMs], stderr: await stderr };
  };
  const first = await demo();
  assert.notEqual(new URL(first.url).port, port);
  assert.match(first.stderr, new RegExp(`Port ${port} is in use`));
  assert.equal(first.assets.length, 1);
  assert.match(first.assets[0]!.id, /^my-video-/);
  assert.equal(first.code, 0);
  const second = await demo();
  assert.deepEqual(second.file, first.file);
  assert.deepEqual([first.assets[0]?.backend, second.assets[0]?.backend], ["source", "asset"]);
});
