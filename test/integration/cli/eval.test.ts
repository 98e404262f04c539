import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import {
  compareConventional,
  findEqualQuality,
  ladderSizes,
  SsimEvaluator,
  worstFrames,
} from "../../../encoder/index.js";
import { probeVideo } from "../../../media/index.js";
import { launchBrowser, watchFaults } from "../../support/browser.js";
import { commandLinesWith } from "../../support/child-processes.js";
import { clip } from "../../support/clips.js";
import { removeFolder } from "../../support/temp-folder.js";
import { waitUntil } from "../../support/wait-until.js";

const execute = promisify(execFile);
const COMMAND = join(import.meta.dirname, "../../../cli/main.js");
const FRAMES = 25;

let folder: string;
let video: string;
let asset: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "siedd-test-"));
  video = await clip("bunny");
  asset = join(folder, "video.siedd");
  const brief = ["--preset", "draft", "--steps", "200", "--phase1-steps", "50", "--from", "1", "--to", "2"];
  await execute(process.execPath, [COMMAND, "encode", video, "-o", asset, "--size", "160x90", ...brief]);
});
after(() => removeFolder(folder));

/** Returns a smooth image, and the same image with an error that grows toward the bottom. */
function testImages(width: number, height: number): { reference: Uint8Array; decoded: Uint8Array } {
  const reference = new Uint8Array(width * height * 3);
  const decoded = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    for (let c = 0; c < 3; c++) {
      const value = 128 + 60 * Math.sin(x / 9 + c) + 50 * Math.cos(y / 13 - c) + ((x * y) % 17);
      const error = (((i * 7919 * (c + 1)) % 41) - 20) * (y / height);
      reference[3 * i + c] = value;
      decoded[4 * i + c] = Math.max(0, Math.min(255, value + error));
    }
  }
  return { reference, decoded };
}

test("SSIM and MS-SSIM match a NumPy implementation of the papers", () => {
  const { reference, decoded } = testImages(241, 187);
  const similarity = new SsimEvaluator(241, 187);
  const { ssim, msSsim } = similarity.compare(decoded, reference);
  // Computed in float64 with NumPy from the formulas, with a two-dimensional window.
  assert.ok(Math.abs(ssim - 0.8705264) < 1e-5, `${ssim}`);
  assert.ok(Math.abs(msSsim! - 0.9913136) < 1e-5, `${msSsim}`);
});

test("SSIM of equal images is 1, and small images have no MS-SSIM", () => {
  const { reference } = testImages(176, 176);
  const copy = Uint8Array.from({ length: 176 * 176 * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : reference[3 * Math.floor(i / 4) + (i % 4)],
  );
  assert.deepEqual(new SsimEvaluator(176, 176).compare(copy, reference), { ssim: 1, msSsim: 1 });
  const part = new SsimEvaluator(176, 175).compare(copy, reference);
  assert.deepEqual(part, { ssim: 1, msSsim: undefined });
});

test("finds the bytes at equal PSNR in at most 7 encodes", async () => {
  const bytesAt = (rateFactor: number) => 1e7 * Math.exp(-rateFactor / 7);
  // Saturates at both ends, as 4:2:0 does when measured in R'G'B'.
  const psnrAt = (rateFactor: number) => 30 - 9 * Math.tanh((rateFactor - 27) / 14);
  const range = { best: 0, worst: 51 };
  for (let target = 22; target < 38; target += 0.37) {
    let encodes = 0;
    const measure = async (rateFactor: number) => {
      encodes++;
      assert.ok(Number.isInteger(rateFactor) && rateFactor >= 0 && rateFactor <= 51);
      return { rateFactor, bytes: Math.round(bytesAt(rateFactor)), psnr: psnrAt(rateFactor) };
    };
    const found = await findEqualQuality(measure, range, target);
    const exact = bytesAt(27 + 14 * Math.atanh((30 - target) / 9));
    assert.ok(encodes <= 7, `${encodes} encodes for ${target} dB`);
    assert.ok(Math.abs(found.bytesAtEqualPsnr! / exact - 1) < 0.02, `${target} dB`);
  }
});

test("returns no bytes for a PSNR that a codec cannot reach", async () => {
  const measure = async (rateFactor: number) => ({ rateFactor, bytes: 1000, psnr: 40 - rateFactor / 3 });
  for (const target of [41, 10]) {
    const found = await findEqualQuality(measure, { best: 0, worst: 51 }, target, [-4, 4]);
    assert.equal(found.bytesAtEqualPsnr, undefined);
    assert.equal(found.rateFactor, undefined);
    assert.ok(found.points.length <= 5);
  }
});

test("the worst frames are at least a minimum distance apart", () => {
  const perFrame = [30, 29, 25, 26, 31, 32, 28, 33].map((psnr) => ({ psnr }));
  assert.deepEqual(worstFrames(perFrame, 3, 2), [2, 6, 0]);
  assert.deepEqual(worstFrames(perFrame, 9, 3), [2, 6]);
});

test("a ladder has the video's size and the standard sizes below it, for portrait videos too", () => {
  const heights = ladderSizes({ width: 1280, height: 720 }).map(({ height }) => height);
  assert.deepEqual(heights, [720, 540, 432, 360, 234]);
  assert.deepEqual(ladderSizes({ width: 361, height: 641 }), [
    { width: 361, height: 641 },
    { width: 360, height: 640 },
    { width: 234, height: 416 },
  ]);
});

test("measures x265 and SVT-AV1 at odd sizes, and leaves no temporary file", async () => {
  const before = (await readdir(tmpdir())).filter((name) => name.startsWith("siedd-eval-"));
  const info = await probeVideo(video);
  const frames = { path: video, info, width: 101, height: 67, frameCount: 12 };
  for (const codec of ["x265", "svt-av1"] as const) {
    const { bytesAtEqualPsnr, points, ladder } = await compareConventional(frames, { codec, psnr: 31 });
    const [better, worse] = [
      points.filter(({ psnr }) => psnr >= 31).at(-1)!,
      points.find(({ psnr }) => psnr < 31)!,
    ];
    assert.ok(bytesAtEqualPsnr! <= better.bytes && bytesAtEqualPsnr! >= worse.bytes, codec);
    assert.deepEqual(ladder?.rungs, [{ width: 101, height: 67, bytes: bytesAtEqualPsnr }]);
  }
  const after = (await readdir(tmpdir())).filter((name) => name.startsWith("siedd-eval-"));
  assert.deepEqual(after, before);
});

test("eval compares an asset with x264 and writes a self-contained report", async () => {
  const report = join(folder, "report.html");
  const args = ["eval", asset, video, "--from", "1", "--report", report, "--json"];
  const { stdout } = await execute(process.execPath, [COMMAND, ...args]);
  const result = JSON.parse(stdout);
  assert.equal(result.frames, FRAMES);
  assert.equal(result.bytes, (await stat(asset)).size);
  assert.equal(result.perFrame.length, FRAMES);
  assert.equal(result.bpp, ((result.bytes - result.audioBytes) * 8) / (160 * 90 * FRAMES));
  const bytes = result.groups.reduce((sum: number, group: { bytes: number }) => sum + group.bytes, 0);
  assert.ok(bytes < result.bytes - result.audioBytes);
  assert.ok(Math.abs(result.groups[0].psnr - result.psnr) < 1e-9);
  const { bytesAtEqualPsnr, points, ladder, ratio } = result.x264;
  assert.ok(points.length >= 4);
  assert.ok(bytesAtEqualPsnr > points.at(-1).bytes && bytesAtEqualPsnr < points[0].bytes);
  assert.ok(Math.abs(ratio - (result.bytes - result.audioBytes) / bytesAtEqualPsnr) < 1e-9);
  assert.deepEqual(ladder, {
    bytes: bytesAtEqualPsnr,
    rungs: [{ width: 160, height: 90, bytes: bytesAtEqualPsnr }],
  });
  await checkReport(report, result.psnr);
});

async function checkReport(report: string, psnr: number): Promise<void> {
  const html = await readFile(report, "utf8");
  assert.ok(html.includes(`${psnr.toFixed(2)} dB`));
  assert.match(html, /uPlot\s.*MIT.*Permission is hereby granted/s);
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 900, height: 700 } });
    const faults = watchFaults(page);
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(report).href);
    await page.waitForFunction("document.querySelectorAll('canvas').length === 3");
    assert.deepEqual(faults, []);
    assert.deepEqual(
      requests.filter((url) => !url.startsWith("data:")),
      [pathToFileURL(report).href],
    );
    const colors = await page.evaluate(`[...document.querySelectorAll("canvas")].map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    })`);
    for (const count of colors as number[]) assert.ok(count > 10, "a chart is empty");
    const frames = await page.evaluate(
      `[...document.querySelectorAll(".pair img")].map((image) => image.complete && image.naturalWidth)`,
    );
    // One second contains at most two frames that are half a second apart.
    assert.ok([2, 4].includes((frames as number[]).length));
    assert.ok((frames as number[]).every((width) => width === 160));
    const slider = page.locator(".pair input").first();
    await slider.focus();
    await slider.press("ArrowLeft");
    const split = await page.evaluate(`document.querySelector(".pair").style.getPropertyValue("--split")`);
    assert.equal(split, "49.5%");
    assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
  } finally {
    await browser.close();
  }
}

test("fails before any work if the report cannot be written", async () => {
  const report = join(folder, "none", "report.html");
  // The report is checked first, so the missing video is not reported.
  const none = join(folder, "none.mp4");
  await assert.rejects(execute(process.execPath, [COMMAND, "eval", asset, none, "--report", report]), {
    code: 1,
    stderr: /^siedd: cannot write .*report\.html: the folder does not exist; create it first\n$/,
  });
});

test("an eval interrupted by Ctrl-C leaves no ffmpeg, no temporary file and no report", async (t) => {
  const temporary = join(folder, "tmp");
  await mkdir(temporary);
  const report = join(folder, "interrupted.html");
  const child = spawn(
    process.execPath,
    [COMMAND, "eval", asset, video, "--from", "1", "--report", report, "--json"],
    { env: { ...process.env, TMPDIR: temporary }, stdio: ["ignore", "ignore", "pipe"] },
  );
  t.after(() => child.kill("SIGKILL"));
  const stderr = text(child.stderr!);
  await waitUntil(() => commandLinesWith(temporary).length > 0, "an encode writes a temporary file");
  child.kill("SIGINT");
  const [code] = await once(child, "close");
  assert.equal(code, 130, await stderr);
  assert.deepEqual(await readdir(temporary), []);
  assert.deepEqual(commandLinesWith(temporary), []);
  assert.ok(!(await readdir(folder)).some((name) => name.includes("interrupted")));
});
