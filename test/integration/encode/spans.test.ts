import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { memorySource, openAsset } from "../../../codec/internal.js";
import { siedd } from "../../support/command.js";
import { removeFolder } from "../../support/temp-folder.js";
import { waitUntil } from "../../support/wait-until.js";

const COMMAND = join(import.meta.dirname, "../../../cli/main.js");
let folder = "";
const at = (name: string): string => join(folder, name);
after(() => removeFolder(folder));

/** Five seconds in two scenes of 2 and 3 groups: the left tile stands still, and the right one moves. */
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "siedd-test-"));
  const size = "size=48x54:rate=5:duration=5";
  const filter =
    `color=0x4060a0:${size}[still];testsrc2=${size}[moving];` +
    "[still][moving]hstack,negate=enable='gte(t,2)',format=yuv420p";
  const video = ["-filter_complex", filter, "-c:v", "libx264", "-qp", "8", at("video.mp4")];
  await promisify(execFile)("ffmpeg", ["-v", "error", ...video]);
});

const encodeArgs = (output: string, ...flags: readonly string[]): string[] => [
  "encode",
  at("video.mp4"),
  "-o",
  at(output),
  ..."--preset draft --steps 200 --phase1-steps 100 --json".split(" "),
  ...flags,
];

async function encode(output: string, ...flags: readonly string[]) {
  const { code, stdout, stderr } = await siedd(encodeArgs(output, ...flags));
  assert.equal(code, 0, stderr);
  const asset = await openAsset(memorySource(await readFile(at(output))));
  const { bytes, psnr } = JSON.parse(stdout);
  return { bytes, psnr, asset };
}

test("tiles that stand still share a network over several groups, in fewer bytes", async () => {
  const short = await encode("short.siedd", "--max-span", "1");
  const long = await encode("long.siedd", "--max-span", "8");
  assert.equal(short.asset.version, 1);
  assert.equal(long.asset.version, 2);
  assert.ok(long.bytes < 0.9 * short.bytes, `${long.bytes} bytes, ${short.bytes} without spans`);
  assert.ok(long.psnr > short.psnr - 1, `${long.psnr} dB, ${short.psnr} dB without spans`);
  const { stdout } = await siedd(["eval", at("long.siedd"), at("video.mp4"), "--json"]);
  assert.ok(
    Math.abs(JSON.parse(stdout).psnr - long.psnr) < 1e-3,
    "the PSNR of an encode is that of the asset",
  );
  // No span contains a scene cut, and the longest ones cover a scene.
  const longest = long.asset.groups.map(({ parts = [] }) => `${parts[0]?.level}:${parts[0]?.group}`);
  assert.deepEqual(longest, ["1:0", "1:0", "2:2", "2:2", "2:2"]);
});

test("bytes do not depend on the number of workers, and resume continues to the same bytes after kill -9", async () => {
  const flags = ["--max-span", "8", "--target-psnr", "17.5", "--steps", "50"];
  const expected = await encode("one.siedd", ...flags, "--workers", "1");
  assert.equal(expected.asset.version, 2);
  const args = [COMMAND, ...encodeArgs("killed.siedd", ...flags, "--workers", "2", "--resume")];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const exists = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    );
  // The first scene is trained, the second one is not.
  await waitUntil(() => exists(at("killed.siedd.work/group-1.decoders")), "the first block is finished");
  child.kill("SIGKILL");
  await once(child, "close");
  const { code, stderr } = await siedd(args.slice(1));
  assert.equal(code, 0, stderr);
  assert.ok((await readFile(at("killed.siedd"))).equals(await readFile(at("one.siedd"))));
});

test("maxSpan is checked", async () => {
  const { code, stderr } = await siedd(encodeArgs("bad.siedd", "--max-span", "3"));
  assert.equal(code, 2);
  assert.match(stderr, /--max-span must be one of 1, 2, 4, 8, got 3/);
  const paper = await siedd([
    "encode",
    at("video.mp4"),
    "-o",
    at("bad.siedd"),
    "--profile",
    "paper",
    "--max-span",
    "2",
  ]);
  assert.match(paper.stderr, /--max-span requires --profile tile/);
});
