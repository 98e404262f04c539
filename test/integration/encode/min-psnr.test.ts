import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { type EncodeEvent, type EncodeOptions, EncoderError, encode } from "../../../encoder/index.js";
import { bppForMinPsnr } from "../../../encoder/rate-control/min-psnr.js";
import { resolveTileOptions } from "../../../encoder/tile/options.js";
import { clip } from "../../support/clips.js";
import { tempFolder } from "../../support/temp-folder.js";

const COMMAND = join(import.meta.dirname, "../../../cli/main.js");
const BRIEF = {
  preset: "fast",
  size: { width: 64, height: 48 },
  to: 0.4,
  steps: 200,
  phase1Steps: 150,
} as const;
const BRIEF_FLAGS = "--preset fast --size 64x48 --to 0.4 --steps 200 --phase1-steps 150".split(" ");

/** Encodes a short clip. Returns the summary, the bytes, and the relevant events. */
async function encodeClip(t: TestContext, options: Partial<EncodeOptions>) {
  const output = join(await tempFolder(t), "a.siedd");
  const events: EncodeEvent[] = [];
  const onEvent = (event: EncodeEvent) => void events.push(event);
  const summary = await encode({ ...BRIEF, input: await clip("bikes"), output, onEvent, ...options });
  const reports = events.filter(({ type }) => type === "min-psnr" || type === "target-missed");
  return { ...summary, reports, content: await readFile(output), trained: events.filter(isGroup).length };
}
const isGroup = ({ type }: EncodeEvent): boolean => type === "group";

/** One video encoded without minPsnr, and with a minPsnr above its PSNR. All tests share the result. */
interface EncodePair {
  readonly plain: Awaited<ReturnType<typeof encodeClip>>;
  readonly raised: Awaited<ReturnType<typeof encodeClip>>;
  readonly minPsnr: number;
}
let encodePair: EncodePair | undefined;
async function encodeBoth(t: TestContext): Promise<EncodePair> {
  if (encodePair === undefined) {
    const plain = await encodeClip(t, { minPsnr: 0 });
    const minPsnr = Math.round(plain.psnr) + 2;
    encodePair = { plain, minPsnr, raised: await encodeClip(t, { minPsnr, workers: 2 }) };
  }
  return encodePair;
}

test("a video below minPsnr reaches it and first reports the cost; a video above it keeps its bytes", async (t) => {
  const { plain, raised, minPsnr } = await encodeBoth(t);
  assert.ok(raised.psnr >= minPsnr, `${raised.psnr} dB, minPsnr ${minPsnr} dB`);
  const [report] = raised.reports;
  assert.ok(raised.reports.every(({ type }) => type === "min-psnr"));
  assert.ok(
    report?.type === "min-psnr" && report.expectedBytes > report.bytes && report.expectedBpp > report.bpp,
  );
  assert.ok(
    Math.abs(report.bytes / plain.bytes - 1) < 0.1,
    `${report.bytes} so far, and ${plain.bytes} without`,
  );
  assert.match(report.message, / dB is below minPsnr \d+ dB: .* kB instead of .*set minPsnr to 0/);
  const oneWorker = await encodeClip(t, { minPsnr, workers: 1 });
  assert.ok(oneWorker.content.equals(raised.content), "one worker gives the same bytes as two");

  const above = await encodeClip(t, { minPsnr: Math.floor(plain.psnr) });
  assert.ok(
    above.content.equals(plain.content),
    "a video above minPsnr has the same bytes as without minPsnr",
  );
  assert.equal(above.reports.length, 0);
});

test("a minPsnr that no decoders reach is reported without more training", async (t) => {
  const { reports, bpp } = await encodeClip(t, { steps: 2, phase1Steps: 2, width: 4, minPsnr: 40 });
  assert.deepEqual(
    reports.map(({ type }) => type),
    ["target-missed"],
  );
  assert.match(
    reports[0]?.type === "target-missed" ? reports[0].message : "",
    /^\d+\.\d dB is below minPsnr 40 dB: it takes about .* bits per pixel, but the largest decoders hold .*;/,
  );
  assert.ok(bpp < 1, `${bpp} bits per pixel`);
});

test("resumes an encode that was killed during the training for minPsnr with identical bytes", async (t) => {
  const { raised, minPsnr } = await encodeBoth(t);
  const asset = join(await tempFolder(t), "killed.siedd");
  const args = [COMMAND, "encode", await clip("bikes"), "-o", asset, ...BRIEF_FLAGS];
  const minPsnrFlags = ["--min-psnr", String(minPsnr)];
  const start = async (killedBy?: EncodeEvent["type"]) => {
    const child = spawn(process.execPath, [...args, ...minPsnrFlags, "--resume", "--json"], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 600_000,
    });
    const closed = once(child, "close");
    let trained = 0;
    for await (const line of createInterface(child.stderr!)) {
      // The last line of a killed process may be incomplete.
      if (!line.endsWith("}")) continue;
      const event: EncodeEvent = JSON.parse(line);
      if (isGroup(event)) trained++;
      if (event.type === killedBy) child.kill("SIGKILL");
    }
    await closed;
    return { killed: child.signalCode === "SIGKILL", code: child.exitCode, trained };
  };
  const first = await start("min-psnr");
  const second = await start("group");
  const last = await start();
  assert.equal(last.code, 0);
  // A child may finish before the parent has read its event and killed it.
  if (first.killed && second.killed) {
    assert.ok(second.trained + last.trained < raised.trained, "finished groups are not trained again");
  }
  assert.ok((await readFile(asset)).equals(raised.content));
});

test("minPsnr is 27 dB by default with balanced and quality, unless an option overrides the preset; 0 turns it off", () => {
  const resolveMinPsnr = (options: Partial<EncodeOptions>) =>
    resolveTileOptions({ input: "a.mp4", output: "a.siedd", ...options }).minPsnr;
  assert.equal(resolveMinPsnr({}), 27);
  assert.equal(resolveMinPsnr({ preset: "quality" }), 27);
  assert.equal(resolveMinPsnr({ preset: "fast" }), undefined);
  assert.equal(resolveMinPsnr({ preset: "fast", minPsnr: 25, steps: 100 }), 25);
  for (const options of [
    { minPsnr: 0 },
    { steps: 100 },
    { width: 16 },
    { groupFrames: 8 },
    { targetPsnr: 25 },
  ]) {
    assert.equal(resolveMinPsnr(options), undefined, JSON.stringify(options));
  }
  for (const [options, message] of [
    [{ minPsnr: 5 }, /minPsnr must be 0 or from 10 to 40 dB, got 5/],
    [{ minPsnr: 27, targetBpp: 0.1 }, /minPsnr and a target .* are mutually exclusive/],
  ] as const) {
    assert.throws(
      () => resolveMinPsnr(options),
      (error) => error instanceof EncoderError && error.code === "bad-option" && message.test(error.message),
    );
  }
});

test("expects more bits the further a video is below minPsnr", () => {
  let previousBpp = 0;
  for (const psnr of [27.5, 26, 24, 20, 16]) {
    const bpp = bppForMinPsnr({ psnr, bpp: 0.12 }, 27);
    assert.ok(bpp > previousBpp && bpp < 10, `${bpp} bits per pixel from ${psnr} dB`);
    previousBpp = bpp;
  }
});
