import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { clip } from "../../support/clips.js";
import { writeSyntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

const COMMAND = join(import.meta.dirname, "../../../cli/main.js");
/** Options for the shortest encode. */
const BRIEF = [
  ...["--preset", "draft", "--steps", "12", "--phase1-steps", "12", "--points", "64"],
  ...["--size", "96x54", "--to", "0.4"],
];

/** Starts the command. `redirect` is a redirection of the shell, such as `2> /dev/full`. */
function start(args: readonly string[], redirect = "") {
  const shell = ["-c", `exec "$0" "$@" ${redirect}`, process.execPath, COMMAND];
  return spawn("sh", [...shell, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 300_000,
    killSignal: "SIGKILL",
  });
}

/** Asserts that a command whose stdout is a full disk exits with 1 and says so in one line. */
async function assertReportsFullDisk(...args: readonly string[]): Promise<void> {
  const child = start(args, "> /dev/full");
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  assert.equal(code, 1, `${args[0]}: ${errors}`);
  const lines = errors.split("\n").filter((line) => line.startsWith("siedd: "));
  assert.deepEqual(lines, [
    "siedd: cannot write the result to stdout: the disk is full; free some space or redirect stdout elsewhere",
  ]);
  assert.match(errors, /siedd: .*\n$/);
}

/** Asserts that a server responds and exits with 0 on SIGTERM after `breakStderr`. */
async function assertServes(
  folder: string,
  redirect: string,
  breakStderr: (stderr: Readable) => void,
): Promise<void> {
  const child = start(["serve", folder, "--port", "0", "--log-level", "info"], redirect);
  const exit = once(child, "exit");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = /http:\S+/.exec(line.toString())?.[0] ?? "";
  breakStderr(child.stderr);
  for (let request = 0; request < 3; request++) {
    const response = await fetch(`${url}video/info.json`);
    assert.equal(response.status, 200);
    await response.arrayBuffer();
  }
  child.kill("SIGTERM");
  assert.deepEqual(await exit, [0, null]);
}

test("serve continues if its log cannot be written", async (t) => {
  const folder = await tempFolder(t);
  writeSyntheticAsset(join(folder, "video.siedd"));
  await assertServes(folder, "", (stderr) => stderr.destroy());
  await assertServes(folder, "2> /dev/full", () => {});
});

test("encode continues if its progress cannot be written, and fails if its result cannot be", async (t) => {
  const folder = await tempFolder(t);
  const video = await clip("bunny");
  const asset = join(folder, "video.siedd");
  const child = start(["encode", video, "-o", asset, ...BRIEF, "--json"]);
  child.stderr.once("data", () => child.stderr.destroy());
  const [result, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  assert.equal(code, 0);
  assert.equal(JSON.parse(result).bytes, (await stat(asset)).size);

  await assertReportsFullDisk("encode", video, "-o", join(folder, "again.siedd"), ...BRIEF, "--json");
  await assertReportsFullDisk("eval", asset, video, "--json");
});

test("info, decode and the help fail if their result cannot be written", async (t) => {
  const folder = await tempFolder(t);
  const asset = join(folder, "video.siedd");
  writeSyntheticAsset(asset);
  await assertReportsFullDisk("info", asset);
  await assertReportsFullDisk("info", asset, "--json");
  await assertReportsFullDisk("decode", asset, "-o", join(folder, "frame.png"), "--json");
  await assertReportsFullDisk("decode", "--help");
  await assertReportsFullDisk("--version");
});

test("info fails if only part of its result can be written", async (t) => {
  const folder = await tempFolder(t);
  const asset = join(folder, "video.siedd");
  const result = join(folder, "info.json");
  writeSyntheticAsset(asset, { groups: new Array(60).fill(1) });
  // Limits files to at most 1 KiB. Ignoring the signal turns the limit into an error.
  const script = `trap "" XFSZ; ulimit -f 1; exec "$0" "$@" > '${result}'`;
  const child = spawn("sh", ["-c", script, process.execPath, COMMAND, "info", asset, "--json"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  assert.ok((await stat(result)).size > 0);
  assert.match(errors, /^siedd: cannot write the result to stdout: EFBIG.*; redirect stdout elsewhere\n$/);
  assert.equal(code, 1);
});

test("info exits with 141 and without a message if the reader closed the pipe", async (t) => {
  const asset = join(await tempFolder(t), "video.siedd");
  writeSyntheticAsset(asset);
  const child = start(["info", asset, "--json"]);
  child.stdout.destroy();
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  assert.equal(errors, "");
  assert.equal(code, 141);
});
