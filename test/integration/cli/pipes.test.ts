import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { memorySource, openAsset } from "../../../codec/internal.js";
import { ffmpeg, keepAllFrames, lavfi } from "../../support/odd-videos.js";
import { removeFolder } from "../../support/temp-folder.js";

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, "../../../cli/main.js");
const BRIEF = "--steps 10 --phase1-steps 10 --points 64 --workers 1 --min-psnr 0";

let folder: string;
let temporary: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "siedd-test-"));
  temporary = join(folder, "tmp");
  await mkdir(temporary);
  await ffmpeg(...lavfi("testsrc2=s=32x32:r=10:d=0.5"), ...keepAllFrames, join(folder, "video.ts"));
  await run("mkfifo", [join(folder, "fifo")]);
});
after(() => removeFolder(folder));

/** Runs a line of bash in the folder, in which $siedd is the command. */
async function shell(line: string): Promise<{ code: number; stderr: string }> {
  const env = { ...process.env, TMPDIR: temporary, siedd: `${process.execPath} ${MAIN}` };
  return run("bash", ["-c", line], { cwd: folder, env, timeout: 60_000 }).then(
    ({ stderr }) => ({ code: 0, stderr }),
    (error) => ({ code: error.code, stderr: error.stderr }),
  );
}

/** Returns the bytes of all groups of an asset. Its header differs: it names the source. */
async function payloadOf(name: string): Promise<Buffer> {
  const bytes = await readFile(join(folder, name));
  const { groups, frameCount } = await openAsset(memorySource(bytes));
  assert.equal(frameCount, 5);
  return Buffer.concat(groups.map(({ offset, size }) => bytes.subarray(offset, offset + size)));
}

test("encodes standard input, pipes and named pipes like files, and leaves no copy", async () => {
  const encodes = [
    `$siedd encode video.ts -o 0.siedd ${BRIEF}`,
    `cat video.ts | $siedd encode - -o 1.siedd ${BRIEF}`,
    `$siedd encode /dev/stdin -o 2.siedd ${BRIEF} < video.ts`,
    `$siedd encode <(cat video.ts) -o 3.siedd ${BRIEF}`,
    `(sleep 0.5; cat video.ts > fifo) & $siedd encode fifo -o 4.siedd ${BRIEF}`,
  ];
  for (const [i, line] of encodes.entries()) {
    const { code, stderr } = await shell(line);
    assert.equal(code, 0, `${line}: ${stderr}`);
    assert.deepEqual(await payloadOf(`${i}.siedd`), await payloadOf("0.siedd"), line);
  }
  assert.deepEqual(await readdir(temporary), []);
  const { code, stderr } = await shell("cat video.ts | $siedd eval 0.siedd -");
  assert.equal(code, 0, stderr);
});

test("what cannot be read from a pipe is rejected at once, in one sentence", async () => {
  const cases: [line: string, code: number, message: RegExp][] = [
    [": | $siedd encode - -o x.siedd", 1, /standard input is empty/],
    ["$siedd encode - -o x.siedd < /dev/null", 1, /standard input is a device, not a video/],
    ["$siedd encode /dev/zero -o x.siedd", 1, /\/dev\/zero is a device, not a video/],
    ["cat video.ts | $siedd encode - -o x.siedd --resume", 2, /--resume requires a video file/],
    ["$siedd info fifo", 1, /fifo is a pipe, but an asset is read at many positions/],
    ["cat video.ts | $siedd decode - -o x.mp4", 1, /standard input \(-\) is a pipe/],
    ["$siedd eval <(cat video.ts) video.ts", 1, /\/dev\/fd\/\d+ is a pipe/],
  ];
  for (const [line, code, message] of cases) {
    const result = await shell(line);
    assert.equal(result.code, code, `${line}: ${result.stderr}`);
    assert.match(result.stderr, message, line);
    assert.equal(result.stderr.match(/^siedd: .*$/gm)?.length, 1, result.stderr);
  }
  assert.deepEqual(await readdir(temporary), []);
});

test("an interrupted command removes its copy of a pipe", async () => {
  const env = { ...process.env, TMPDIR: temporary };
  const child = spawn(process.execPath, [MAIN, "encode", "-", "-o", join(folder, "y.siedd")], { env });
  await once(child.stderr, "data");
  child.stdin.write(await readFile(join(folder, "video.ts")));
  while ((await readdir(temporary)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGINT");
  const [code] = await once(child, "close");
  assert.equal(code, 130);
  assert.deepEqual(await readdir(temporary), []);
});
