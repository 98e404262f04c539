import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { probeVideo } from "../../../media/index.js";
import { processesOf } from "../../support/child-processes.js";
import { clip } from "../../support/clips.js";
import { siedd } from "../../support/command.js";
import { tempFolder } from "../../support/temp-folder.js";
import { until } from "../../support/wait-until.js";

const execute = promisify(execFile);
const COMMAND = join(import.meta.dirname, "../../../cli/main.js");
/** As little training as makes an asset. */
const BRIEF = ["--preset", "draft", "--steps", "12", "--phase1-steps", "12", "--points", "64"];

function start(...args: string[]): ChildProcess {
  const limits = { timeout: 600_000, killSignal: "SIGKILL" as const };
  return spawn(process.execPath, [COMMAND, ...args], { stdio: ["ignore", "pipe", "pipe"], ...limits });
}

/** Runs the command as a process of its own. */
async function spawned(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = start(...args);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, "close"),
  ]);
  return { code, stdout, stderr };
}

/** Failed: exit code 1, the last line one sentence, nothing on stdout. */
async function refused(args: string[], says: RegExp): Promise<void> {
  const { code, stdout, stderr } = await siedd(args);
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /(^|\n)siedd: .*\n$/);
  assert.match(stderr, says);
  assert.equal(stderr.match(/^siedd:/gm)?.length, 1);
}

const lines = (json: string) =>
  json
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("encode makes an asset of an odd size that ffprobe knows, and tells scripts how it went", async (t) => {
  const folder = await tempFolder(t);
  const asset = join(folder, "video.siedd");
  const cut = ["--size", "95x53", "--from", "0.4", "--to", "1.2"];
  const { code, stdout, stderr } = await spawned(
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
  const events = lines(stderr);
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
  const shares = events.filter(({ type }) => type === "progress").map(({ done }) => done);
  assert.deepEqual(
    shares,
    [...shares].sort((a, b) => a - b),
  );
  const seen = await probeVideo(asset);
  assert.deepEqual([seen.width, seen.height, seen.audio.length], [95, 53, 1]);
  assert.ok(Math.abs(seen.duration - 0.8) < 0.001);
  assert.deepEqual(await readdir(folder), ["video.siedd"]);
});

test("eval finds the quality that encode reported, and refuses another video", async (t) => {
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
  const made = JSON.parse(encoded.stdout);
  assert.ok(Math.abs(result.psnr - made.psnr) < 0.1, `${result.psnr} dB, ${made.psnr} dB`);
  assert.deepEqual([result.frames, result.perFrame.length, result.bpp], [20, 20, made.bpp]);
  assert.ok(result.decodeFps > 0 && result.ssim > 0 && result.ssim < 1);
  await refused(["eval", asset, await clip("carphone")], /25 frames a second and .* has 29\.97/);
  await refused(["eval", asset, join(asset, "..", "none.mp4")], /does not exist/);
  await refused(["eval", asset, asset], /is a siedd asset itself; give the video/);
});

test("an encode ended by Ctrl-C leaves no ffmpeg and no asset, and goes on to the same bytes", async (t) => {
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
  const said = text(child.stderr!);
  await once(child, "spawn");
  await until(
    async () => (await readdir(at("a.siedd.work")).catch(() => [])).some((name) => name.startsWith("group-")),
    "a group is on disk",
  );
  child.kill("SIGINT");
  // npm and the terminal may both pass it on.
  child.kill("SIGINT");
  const [code] = await once(child, "close");
  assert.equal(code, 130);
  assert.match((await said).trim().split("\n").at(-1)!, /^siedd: interrupted; .*--resume/);
  assert.deepEqual(await readdir(folder), ["a.siedd.work"]);
  assert.deepEqual(processesOf(folder), []);
  const rest = await siedd(["encode", video, "-o", at("a.siedd"), ...options, "--resume"]);
  assert.equal(rest.code, 0, rest.stderr);
  const whole = await siedd(["encode", video, "-o", at("b.siedd"), ...options, "--workers", "2", "--resume"]);
  assert.equal(whole.code, 0, whole.stderr);
  assert.deepEqual((await readdir(folder)).sort(), ["a.siedd", "b.siedd"]);
  assert.ok((await readFile(at("a.siedd"))).equals(await readFile(at("b.siedd"))));
});

test("what cannot be encoded ends with 1 and one sentence, and leaves nothing", async (t) => {
  const folder = await tempFolder(t);
  const at = (name: string) => join(folder, name);
  await writeFile(at("text.mp4"), "no video at all\n".repeat(100));
  await execute("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "sine=d=0.3", at("sound.mp4")]);
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
  await refused(encode(at("none.mp4"), at("a.siedd")), /none\.mp4 does not exist/);
  await refused(encode(at("text.mp4"), at("a.siedd")), /not a video/);
  await refused(encode(at("sound.mp4"), at("a.siedd")), /no video stream/);
  await refused(encode(at("cut.mp4"), at("a.siedd")), /is cut off/);
  await refused(encode(bunny, at("a.siedd"), "--from", "60"), /nothing is left from 60 s on/);
  await refused(encode(bunny, at("no/a.siedd")), /folder does not exist/);
  await refused(encode(bunny, at("folder.siedd")), /that is a folder/);
  await refused(encode(bunny, "/proc/a.siedd"), /cannot write \/proc\/a\.siedd/);
  assert.deepEqual((await readdir(folder)).sort(), before);
});

test("a full disk ends an encode with one sentence", async (t) => {
  if (!(await mayMount())) return t.skip("this user may not mount a small disk");
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

/** A mount that only the child sees; an ordinary user becomes root of a namespace for it. */
const namespace = process.getuid?.() === 0 ? ["-m"] : ["-rm"];

async function mayMount(): Promise<boolean> {
  const trial = spawn("unshare", [...namespace, "mount", "-t", "tmpfs", "none", "/mnt"], { stdio: "ignore" });
  const code = await Promise.race([once(trial, "close"), once(trial, "error")]).catch(() => [1]);
  return code[0] === 0;
}

test("demo encodes a video once, takes the next free port, and encodes nothing the second time", async (t: TestContext) => {
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
    const said = text(child.stderr);
    const [announced] = await once(child.stdout, "data");
    const url = /http:\S+/.exec(String(announced))?.[0] ?? "";
    const { assets } = (await (await fetch(url)).json()) as { assets: { id: string }[] };
    child.kill("SIGTERM");
    const [code] = await once(child, "close");
    const made = await stat(join(folder, ".siedd/demo", `${assets[0]?.id}.siedd`));
    return { url, assets, code, made: [made.ino, made.mtimeMs], said: await said };
  };
  const first = await demo();
  assert.notEqual(new URL(first.url).port, port);
  assert.match(first.said, new RegExp(`Port ${port} is in use`));
  assert.equal(first.assets.length, 1);
  assert.match(first.assets[0]!.id, /^my-video-/);
  assert.equal(first.code, 0);
  const second = await demo();
  assert.deepEqual(second.made, first.made);
  assert.doesNotMatch(second.said, /Encoding/);
});
