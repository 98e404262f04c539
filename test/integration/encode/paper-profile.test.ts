import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { memorySource, openAsset, type PaperAsset } from "../../../codec/internal.js";
import { type EncodeEvent, type EncodeOptions, EncoderError, encode } from "../../../encoder/index.js";
import { remainingProcesses } from "../../support/child-processes.js";
import { clip, realClips } from "../../support/clips.js";
import { done, siedd } from "../../support/command.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

/** A second and a bit of bunny, small: two groups and two anchors. */
async function small(output: string): Promise<EncodeOptions> {
  const size = { width: 96, height: 54 };
  const training = { width: 40, hiddenLayers: 2, steps: 120, phase1Steps: 80, points: 256, lr: 2e-3 };
  return { input: await clip("bunny"), output, profile: "paper", size, to: 1.6, workers: 2, ...training };
}

async function paper(path: string): Promise<PaperAsset> {
  const asset = await openAsset(memorySource(await readFile(path)));
  assert.ok(asset.profile === "paper");
  return asset;
}

test("--profile paper makes an asset of groups of 20 frames, with its sound", async (t) => {
  const output = join(await tempFolder(t), "bunny.siedd");
  const events: EncodeEvent[] = [];
  const summary = await encode({ ...(await small(output)), onEvent: (event) => events.push(event) });
  const asset = await paper(output);
  assert.deepEqual(
    asset.groups.map(({ frameCount }) => frameCount),
    [20, 20],
  );
  assert.deepEqual([asset.network.width, asset.network.hiddenLayers, asset.network.omega], [40, 2, 30]);
  assert.equal(asset.audio.length, 1);
  if (await realClips()) assert.ok(summary.psnr > 20, `${summary.psnr} dB`);
  const shares = events.flatMap((event) => (event.type === "progress" ? [event.done] : []));
  assert.ok(shares.every((share, i) => share >= (shares[i - 1] ?? 0) && share <= 1));
  assert.deepEqual(await readdir(dirname(output)), ["bunny.siedd"]);
});

test("an interrupted encode goes on from its checkpoints, and neither that nor the workers change a byte", async (t) => {
  const folder = await tempFolder(t);
  const whole = join(folder, "whole.siedd");
  await encode({ ...(await small(whole)), workers: 1 });

  const output = join(folder, "part.siedd");
  const interrupt = new AbortController();
  const onEvent = (event: EncodeEvent) => {
    if (event.type === "progress" && event.phase === "phase2") interrupt.abort();
  };
  await assert.rejects(
    encode({ ...(await small(output)), signal: interrupt.signal, onEvent }),
    (error) =>
      error instanceof EncoderError && error.code === "interrupted" && /--resume/.test(error.message),
  );
  assert.equal(await remainingProcesses("ffmpeg"), 0);
  await encode({ ...(await small(output)), resume: true });
  assert.deepEqual(await readFile(output), await readFile(whole));
});

test("--shared-encoder takes the encoder of another asset as it is", async (t) => {
  const folder = await tempFolder(t);
  const [first, second] = [join(folder, "first.siedd"), join(folder, "second.siedd")];
  const quick = { steps: 20, phase1Steps: 20, to: 0.8 };
  await encode({ ...(await small(first)), ...quick });
  await encode({ ...(await small(second)), ...quick, seed: 9, sharedEncoder: first });
  const [theirs, ours] = [await paper(first), await paper(second)];
  assert.deepEqual(ours.encoder, theirs.encoder);
  assert.notDeepEqual(await ours.readGroup(0), await theirs.readGroup(0));

  const replaced = join(folder, "replaced.siedd");
  const options = { ...(await small(replaced)), ...quick, sharedEncoder: first };
  const interrupt = new AbortController();
  const onEvent = (event: EncodeEvent) => {
    if (event.type === "progress" && event.phase === "phase2") interrupt.abort();
  };
  await assert.rejects(encode({ ...options, signal: interrupt.signal, onEvent }), /--resume/);
  await encode({ ...(await small(first)), ...quick, seed: 10 });
  await assert.rejects(
    encode({ ...options, resume: true }),
    (error) => error instanceof EncoderError && error.code === "no-match",
    "another encoder by the same name",
  );

  const tile = join(folder, "tile.siedd");
  await writeFile(tile, syntheticAsset({ groups: [2] }));
  const output = join(folder, "third.siedd");
  for (const [options, message] of [
    [
      { sharedEncoder: join(folder, "none.siedd") },
      /--shared-encoder .*none.siedd: it does not exist; check the path/,
    ],
    [{ sharedEncoder: await clip("bikes") }, /bikes.mp4: this is not a siedd asset: .*; make one/],
    [{ sharedEncoder: tile }, /has the tile profile; it must be of --profile paper/],
    [{ sharedEncoder: first, width: 44 }, /its width is 40, this one's 44; choose --width 40/],
  ] as const) {
    await assert.rejects(
      encode({ ...(await small(output)), ...quick, ...options }),
      (error) => error instanceof EncoderError && error.code === "bad-option" && message.test(error.message),
    );
  }
});

test("with --noise the network learns from spoilt frames and is measured against those without", async (t) => {
  const folder = await tempFolder(t);
  const output = join(folder, "a.siedd");
  const options = {
    ...(await small(output)),
    to: 0.4,
    groupFrames: 10,
    loss: "l1",
    noise: "salt-pepper",
  } as const;
  const { psnr } = await encode(options);
  const found = JSON.parse(await done("eval", output, options.input, "--json"));
  assert.ok(Math.abs(found.psnr - psnr) < 1e-6, `eval against the video says ${found.psnr}, encode ${psnr}`);
  const plain = join(folder, "b.siedd");
  await encode({ ...options, output: plain, noise: undefined });
  assert.notDeepEqual(await (await paper(plain)).readGroup(0), await (await paper(output)).readGroup(0));
});

test("the command takes every option of the profile, and its asset is told about and decoded", async (t) => {
  const folder = await tempFolder(t);
  const output = join(folder, "a.siedd");
  const input = await clip("bunny");
  const options =
    "--profile paper --preset m --size 96x54 --to 0.4 --width 36 --hidden-layers 1 --group-frames 5 --anchors 3 " +
    "--phase1-steps 9 --steps 9 --points 100 --optimizer adam-onecycle --lr 3e-4 --sampling replacement --loss l1 --noise all";
  const encoded = await done("encode", input, "-o", output, "--json", ...options.split(" "));
  assert.equal(JSON.parse(encoded).frames, 10);
  const info = JSON.parse(await done("info", output, "--json"));
  assert.equal(info.profile, "paper");
  assert.deepEqual([info.groups.length, info.groups[0].frameCount], [2, 5]);
  const { network } = await paper(output);
  assert.deepEqual([network.width, network.hiddenLayers], [36, 1]);
  const video = join(folder, "a.y4m");
  await done("decode", output, "-o", video, "--size", "64x36");
  const frame = "FRAME\n".length + 64 * 36 * 1.5;
  const bytes = await readFile(video);
  assert.equal(bytes.length - bytes.indexOf("\n") - 1, 10 * frame);
  const refused = await siedd(["encode", input, "-o", output, "--width", "13"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /--width must be one of 4, 8, 12, 16, 24, 32, not 13/);
});

test("options that do not fit the profile are refused by name and rule", async () => {
  const base = { input: "a.mp4", output: "a.siedd" };
  const paperBase = { ...base, profile: "paper" } as const;
  for (const [options, message] of [
    [{ ...base, loss: "l1" }, /--loss is an option of --profile paper alone/],
    [{ ...base, sharedEncoder: "b.siedd" }, /--shared-encoder is an option of --profile paper alone/],
    [{ ...base, noise: "white" }, /--noise is an option of --profile paper alone/],
    [{ ...base, preset: "s" }, /--preset must be one of draft, fast, balanced, quality/],
    [{ ...paperBase, preset: "fast" }, /--preset must be one of s, m, l with --profile paper, not fast/],
    [{ ...paperBase, width: 3 }, /--width must be a whole number from 4 to 2048, not 3/],
    [{ ...paperBase, lr: 0 }, /--lr must be more than 0 and at most 1, not 0/],
    [{ ...paperBase, steps: 0 }, /--steps must be a whole number from 1 to 1000000, not 0/],
    [
      { ...paperBase, optimizer: "sgd" as never },
      /--optimizer must be one of schedule-free, adam-onecycle, not sgd/,
    ],
    [{ ...base, profile: "wide" as never }, /--profile must be tile or paper, not wide/],
  ] as const) {
    await assert.rejects(encode(options as EncodeOptions), message);
  }
});
