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

async function encoded(t: TestContext, more: Partial<EncodeOptions>) {
  const output = join(await tempFolder(t), "a.siedd");
  const events: EncodeEvent[] = [];
  const onEvent = (event: EncodeEvent) => void events.push(event);
  const summary = await encode({ ...BRIEF, input: await clip("bikes"), output, onEvent, ...more });
  const said = events.filter(({ type }) => type === "min-psnr" || type === "target-missed");
  return { ...summary, said, content: await readFile(output), trained: events.filter(isGroup).length };
}
const isGroup = ({ type }: EncodeEvent): boolean => type === "group";

/** The same video without a floor and with one above it, for all tests. */
interface Pair {
  readonly plain: Awaited<ReturnType<typeof encoded>>;
  readonly raised: Awaited<ReturnType<typeof encoded>>;
  readonly minPsnr: number;
}
let videos: Pair | undefined;
async function bothVideos(t: TestContext): Promise<Pair> {
  if (videos === undefined) {
    const plain = await encoded(t, { minPsnr: 0 });
    const minPsnr = Math.round(plain.psnr) + 2;
    videos = { plain, minPsnr, raised: await encoded(t, { minPsnr, workers: 2 }) };
  }
  return videos;
}

test("a video below its floor comes up to it and says before what that takes; one above it keeps its bytes", async (t) => {
  const { plain, raised, minPsnr } = await bothVideos(t);
  assert.ok(raised.psnr >= minPsnr, `${raised.psnr} dB, a floor of ${minPsnr} dB`);
  const [told] = raised.said;
  assert.ok(raised.said.every(({ type }) => type === "min-psnr"));
  assert.ok(told?.type === "min-psnr" && told.expectedBytes > told.bytes && told.expectedBpp > told.bpp);
  assert.ok(Math.abs(told.bytes / plain.bytes - 1) < 0.1, `${told.bytes} so far, and ${plain.bytes} without`);
  assert.match(
    told.message,
    / dB is below the floor of \d+ dB: .* kB instead of .*--min-psnr 0 leaves it out/,
  );
  const alone = await encoded(t, { minPsnr, workers: 1 });
  assert.ok(alone.content.equals(raised.content), "one worker gives the bytes of two");

  const above = await encoded(t, { minPsnr: Math.floor(plain.psnr) });
  assert.ok(above.content.equals(plain.content), "above its floor a video is what it is without");
  assert.equal(above.said.length, 0);
});

test("a floor that no decoders reach costs nothing and is said", async (t) => {
  const { said, bpp } = await encoded(t, { steps: 2, phase1Steps: 2, width: 4, minPsnr: 40 });
  assert.deepEqual(
    said.map(({ type }) => type),
    ["target-missed"],
  );
  assert.match(
    said[0]?.type === "target-missed" ? said[0].message : "",
    /^\d+\.\d dB, below the floor of 40 dB: that would take about .* bits a pixel, and decoders hold .* at most/,
  );
  assert.ok(bpp < 1, `${bpp} bits a pixel`);
});

test("an encode killed while it comes up to its floor goes on to the same bytes", async (t) => {
  const { raised, minPsnr } = await bothVideos(t);
  const asset = join(await tempFolder(t), "killed.siedd");
  const args = [COMMAND, "encode", await clip("bikes"), "-o", asset, ...BRIEF_FLAGS];
  const floor = ["--min-psnr", String(minPsnr)];
  const start = async (killedBy?: EncodeEvent["type"]) => {
    const child = spawn(process.execPath, [...args, ...floor, "--resume", "--json"], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 600_000,
    });
    const closed = once(child, "close");
    let trained = 0;
    for await (const line of createInterface(child.stderr!)) {
      // What a killed process had not written to its end is no event.
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
  // A child that is through before its parent hears of it leaves nothing to go on from.
  if (first.killed && second.killed) {
    assert.ok(second.trained + last.trained < raised.trained, "what was finished is not trained again");
  }
  assert.ok((await readFile(asset)).equals(raised.content));
});

test("balanced and quality have a floor of 27 dB where none of their numbers is replaced; 0 takes it away", () => {
  const floor = (more: Partial<EncodeOptions>) =>
    resolveTileOptions({ input: "a.mp4", output: "a.siedd", ...more }).minPsnr;
  assert.equal(floor({}), 27);
  assert.equal(floor({ preset: "quality" }), 27);
  assert.equal(floor({ preset: "fast" }), undefined);
  assert.equal(floor({ preset: "fast", minPsnr: 25, steps: 100 }), 25);
  for (const more of [
    { minPsnr: 0 },
    { steps: 100 },
    { width: 16 },
    { groupFrames: 8 },
    { targetPsnr: 25 },
  ]) {
    assert.equal(floor(more), undefined, JSON.stringify(more));
  }
  for (const [more, message] of [
    [{ minPsnr: 5 }, /--min-psnr must be 0 or from 10 to 40 dB, not 5/],
    [{ minPsnr: 27, targetBpp: 0.1 }, /--min-psnr and a target exclude each other/],
  ] as const) {
    assert.throws(
      () => floor(more),
      (error) => error instanceof EncoderError && error.code === "bad-option" && message.test(error.message),
    );
  }
});

test("the further a video is below its floor, the more bits are expected", () => {
  let before = 0;
  for (const psnr of [27.5, 26, 24, 20, 16]) {
    const bits = bppForMinPsnr({ psnr, bpp: 0.12 }, 27);
    assert.ok(bits > before && bits < 10, `${bits} bits a pixel from ${psnr} dB`);
    before = bits;
  }
});
