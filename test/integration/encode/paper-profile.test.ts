import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { memorySource, openAsset, type PaperAsset } from "../../../codec/internal.js";
import { type EncodeEvent, type EncodeOptions, EncoderError, encode } from "../../../encoder/index.js";
import { remainingProcesses } from "../../support/child-processes.js";
import { clip, realClips } from "../../support/clips.js";
import { runCommand, siedd } from "../../support/command.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

/** Options for 1.6 seconds of bunny at a small size: two groups and two anchors. */
async function smallEncode(output: string): Promise<EncodeOptions> {
  const size = { width: 96, height: 54 };
  const training = { width: 40, hiddenLayers: 2, steps: 120, phase1Steps: 80, points: 256, lr: 2e-3 };
  return { input: await clip("bunny"), output, profile: "paper", size, to: 1.6, workers: 2, ...training };
}

async function openPaperAsset(path: string): Promise<PaperAsset> {
  const asset = await openAsset(memorySource(await readFile(path)));
  assert.ok(asset.profile === "paper");
  return asset;
}

test("the paper profile encodes groups of 20 frames, and the audio", async (t) => {
  const output = join(await tempFolder(t), "bunny.siedd");
  const events: EncodeEvent[] = [];
  const summary = await encode({ ...(await smallEncode(output)), onEvent: (event) => events.push(event) });
  const asset = await openPaperAsset(output);
  assert.deepEqual(
    asset.groups.map(({ frameCount }) => frameCount),
    [20, 20],
  );
  assert.deepEqual([asset.network.width, asset.network.hiddenLayers, asset.network.omega], [40, 2, 30]);
  assert.equal(asset.audio.filter(({ downmixOf }) => downmixOf === null).length, 1);
  if (await realClips()) assert.ok(summary.psnr > 20, `${summary.psnr} dB`);
  const shares = events.flatMap((event) => (event.type === "progress" ? [event.done] : []));
  assert.ok(shares.every((share, i) => share >= (shares[i - 1] ?? 0) && share <= 1));
  assert.deepEqual(await readdir(dirname(output)), ["bunny.siedd"]);
});

test("resumes an aborted encode with identical bytes for any number of workers", async (t) => {
  const folder = await tempFolder(t);
  const uninterrupted = join(folder, "uninterrupted.siedd");
  await encode({ ...(await smallEncode(uninterrupted)), workers: 1 });

  const output = join(folder, "part.siedd");
  const interrupt = new AbortController();
  const onEvent = (event: EncodeEvent) => {
    if (event.type === "progress" && event.phase === "phase2") interrupt.abort();
  };
  await assert.rejects(
    encode({ ...(await smallEncode(output)), signal: interrupt.signal, onEvent }),
    (error) =>
      error instanceof EncoderError && error.code === "interrupted" && /resume: true/.test(error.message),
  );
  assert.equal(await remainingProcesses("ffmpeg"), 0);
  await encode({ ...(await smallEncode(output)), resume: true });
  assert.deepEqual(await readFile(output), await readFile(uninterrupted));
});

test("sharedEncoder reuses the encoder of another asset unchanged", async (t) => {
  const folder = await tempFolder(t);
  const [first, second] = [join(folder, "first.siedd"), join(folder, "second.siedd")];
  const quick = { steps: 20, phase1Steps: 20, to: 0.8 };
  await encode({ ...(await smallEncode(first)), ...quick });
  await encode({ ...(await smallEncode(second)), ...quick, seed: 9, sharedEncoder: first });
  const [source, reuser] = [await openPaperAsset(first), await openPaperAsset(second)];
  assert.deepEqual(reuser.encoder, source.encoder);
  assert.notDeepEqual(await reuser.readGroup(0), await source.readGroup(0));

  const interrupted = join(folder, "interrupted.siedd");
  const options = { ...(await smallEncode(interrupted)), ...quick, sharedEncoder: first };
  const interrupt = new AbortController();
  const onEvent = (event: EncodeEvent) => {
    if (event.type === "progress" && event.phase === "phase2") interrupt.abort();
  };
  await assert.rejects(encode({ ...options, signal: interrupt.signal, onEvent }), /resume: true/);
  await encode({ ...(await smallEncode(first)), ...quick, seed: 10 });
  await assert.rejects(
    encode({ ...options, resume: true }),
    (error) => error instanceof EncoderError && error.code === "no-match",
    "the path has another encoder",
  );

  const tile = join(folder, "tile.siedd");
  await writeFile(tile, syntheticAsset({ groups: [2] }));
  const output = join(folder, "third.siedd");
  for (const [options, message] of [
    [
      { sharedEncoder: join(folder, "none.siedd") },
      /sharedEncoder .*none.siedd: the file does not exist; check the path/,
    ],
    [{ sharedEncoder: await clip("bikes") }, /sharedEncoder .*bikes.mp4: .*siedd/],
    [{ sharedEncoder: tile }, /must have the paper profile, got tile/],
    [{ sharedEncoder: first, width: 44 }, /its width is 40, but this network has 44; use a `width` of 40/],
  ] as const) {
    await assert.rejects(
      encode({ ...(await smallEncode(output)), ...quick, ...options }),
      (error) => error instanceof EncoderError && error.code === "bad-option" && message.test(error.message),
    );
  }
});

test("noise is added for training, and the PSNR is measured without it", async (t) => {
  const folder = await tempFolder(t);
  const output = join(folder, "a.siedd");
  const options = {
    ...(await smallEncode(output)),
    to: 0.4,
    groupFrames: 10,
    loss: "l1",
    noise: "salt-pepper",
  } as const;
  const { psnr } = await encode(options);
  const evaluation = JSON.parse(await runCommand("eval", output, options.input, "--json"));
  assert.ok(
    Math.abs(evaluation.psnr - psnr) < 1e-6,
    `eval measures ${evaluation.psnr} dB, encode ${psnr} dB`,
  );
  const plain = join(folder, "b.siedd");
  await encode({ ...options, output: plain, noise: undefined });
  assert.notDeepEqual(
    await (await openPaperAsset(plain)).readGroup(0),
    await (await openPaperAsset(output)).readGroup(0),
  );
});

test("the command accepts every option of the profile, and info and decode read the asset", async (t) => {
  const folder = await tempFolder(t);
  const output = join(folder, "a.siedd");
  const input = await clip("bunny");
  const options =
    "--profile paper --preset m --size 96x54 --to 0.4 --width 36 --hidden-layers 1 --group-frames 5 --anchors 3 " +
    "--phase1-steps 9 --steps 9 --points 100 --optimizer adam-onecycle --lr 3e-4 --sampling replacement --loss l1 --noise all";
  const encoded = await runCommand("encode", input, "-o", output, "--json", ...options.split(" "));
  assert.equal(JSON.parse(encoded).frames, 10);
  const info = JSON.parse(await runCommand("info", output, "--json"));
  assert.equal(info.profile, "paper");
  assert.deepEqual([info.groups.length, info.groups[0].frameCount], [2, 5]);
  const { network } = await openPaperAsset(output);
  assert.deepEqual([network.width, network.hiddenLayers], [36, 1]);
  const video = join(folder, "a.y4m");
  await runCommand("decode", output, "-o", video, "--size", "64x36");
  const frame = "FRAME\n".length + 64 * 36 * 1.5;
  const bytes = await readFile(video);
  assert.equal(bytes.length - bytes.indexOf("\n") - 1, 10 * frame);
  const rejected = await siedd(["encode", input, "-o", output, "--width", "13"]);
  assert.equal(rejected.code, 2);
  assert.match(rejected.stderr, /--width must be one of 4, 8, 12, 16, 24, 32, got 13/);
});

test("rejects options of the other profile with name and rule", async () => {
  const base = { input: "a.mp4", output: "a.siedd" };
  const paperBase = { ...base, profile: "paper" } as const;
  for (const [options, message] of [
    [{ ...base, loss: "l1" }, /loss requires `profile: "paper"`/],
    [{ ...base, sharedEncoder: "b.siedd" }, /sharedEncoder requires `profile: "paper"`/],
    [{ ...base, noise: "white" }, /noise requires `profile: "paper"`/],
    [{ ...base, preset: "s" }, /preset must be one of draft, fast, balanced, quality, got s/],
    [{ ...paperBase, preset: "fast" }, /preset must be one of s, m, l with `profile: "paper"`, got fast/],
    [{ ...paperBase, width: 3 }, /width must be an integer from 4 to 2048, got 3/],
    [{ ...paperBase, lr: 0 }, /lr must be > 0 and <= 1, got 0/],
    [{ ...paperBase, steps: 0 }, /steps must be an integer from 1 to 1000000, got 0/],
    [
      { ...paperBase, optimizer: "sgd" as never },
      /optimizer must be one of schedule-free, adam-onecycle, got sgd/,
    ],
    [{ ...base, profile: "wide" as never }, /profile must be tile or paper, got wide/],
  ] as const) {
    await assert.rejects(encode(options as EncodeOptions), message);
  }
});
