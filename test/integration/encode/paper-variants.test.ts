import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { memorySource, openAsset, type PaperAsset, type PaperNetwork } from "../../../codec/internal.js";
import { type EncodeOptions, encode, framePsnr } from "../../../encoder/index.js";
import { addNoise, NOISE_KINDS } from "../../../encoder/paper/noise.js";
import { loadPaperTarget } from "../../../encoder/paper/target.js";
import { type PaperTrainingPlan, trainPaper } from "../../../encoder/paper/trainer.js";
import { initialPaperWeights } from "../../../encoder/paper/weights.js";
import { Random } from "../../../encoder/training/sampling/random.js";
import { probeVideo, readFrames } from "../../../media/index.js";
import { clip, realClips } from "../../support/clips.js";
import { runCommand, siedd } from "../../support/command.js";
import { paperFormula } from "../../support/paper-formula.js";
import { PAPER_NETWORK as PLAIN_NETWORK } from "../../support/paper-network.js";
import { tempFolder } from "../../support/temp-folder.js";

async function openPaperAsset(path: string): Promise<PaperAsset> {
  const asset = await openAsset(memorySource(await readFile(path)));
  assert.ok(asset.profile === "paper");
  return asset;
}

const SIZE = { width: 95, height: 53 };
const BRIEF = "--profile paper --to 0.4 --group-frames 10 --anchors 2 --optimizer adam-onecycle --lr 1e-3";
const TRAINING = "--width 48 --hidden-layers 2 --phase1-steps 60 --steps 100 --points 200";

const VARIANTS: Record<string, string> = {
  full: "",
  "patches of 3": "--patch 3",
  "patches of 6": "--patch 6",
  "low rank": "--decoder low-rank --rank 6",
  "sine low rank": "--decoder sine-low-rank --rank 6",
  "patches of 3, sine low rank": "--patch 3 --decoder sine-low-rank",
};

test("the command trains patches and factored decoders, and decodes them within 1/255 of the formula", async (t) => {
  const folder = await tempFolder(t);
  const input = await clip("bunny");
  const size = `${SIZE.width}x${SIZE.height}`;
  const bytes: Record<string, number> = {};
  for (const [name, options] of Object.entries(VARIANTS)) {
    const output = join(folder, `${name}.siedd`);
    const encodeOptions = `${BRIEF} ${TRAINING} ${options}`.trim().split(" ");
    const { psnr } = JSON.parse(
      await runCommand("encode", input, "-o", output, "--json", "--size", size, ...encodeOptions),
    );
    if (await realClips()) assert.ok(psnr > 16, `${name}: ${psnr} dB`);
    const asset = await openPaperAsset(output);
    bytes[name] = asset.groups[0].size;
    const frame = join(folder, `${name}.png`);
    await runCommand("decode", output, "-o", frame, "--from", "0.2");
    const { data, info } = await sharp(frame).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.width, info.height, info.channels], [SIZE.width, SIZE.height, 3]);
    const expected = await paperFormula(asset, 0);
    for (let i = 0; i < data.length; i += 3 * 7) {
      const [x, y] = [(i / 3) % SIZE.width, Math.floor(i / 3 / SIZE.width)];
      expected(5, x + 0.5, y + 0.5).forEach((value, c) => {
        const expectedValue = Math.max(0, Math.min(255, 255 * value));
        assert.ok(
          Math.abs(data[i + c] - expectedValue) <= 1,
          `${name} at ${x}, ${y}: expected ${expectedValue}, got ${data[i + c]}`,
        );
      });
    }
  }
  // 2 x 48 x 6 values per layer instead of 48 x 48; heads and statistics are the same.
  for (const name of ["low rank", "sine low rank"])
    assert.ok(bytes[name] < bytes.full - 1500, `${name}: ${bytes[name]} bytes, full: ${bytes.full}`);
});

const NETWORK: PaperNetwork = {
  ...PLAIN_NETWORK,
  patch: 3,
  factors: { rank: 4, frequency: 200, amplitude: Math.fround(Math.sqrt(6 / 12) / 30) },
};

for (const [name, network, learnEncoder] of [
  ["patches of 3, sine low rank, phase 1", NETWORK, true],
  ["low rank, phase 2", { ...NETWORK, patch: 1, factors: { rank: 3, frequency: 0, amplitude: 1 } }, false],
] as const) {
  test(`TensorFlow.js and onnxruntime agree on the loss of each of 50 steps: ${name}`, async () => {
    const input = await clip("bunny");
    const info = await probeVideo(input);
    const frame = { width: 40, height: 23 };
    const losses = async (trainer: "onnx" | "tfjs") => {
      const source = readFrames(input, info, { ...frame, firstFrame: 0, frameCount: 3 });
      const target = await loadPaperTarget(source, 3, frame);
      await source.return(undefined);
      const stacks = learnEncoder ? 3 : 1;
      const weights = initialPaperWeights({ network, stacks, frames: 3 }, new Random(1));
      const plan: PaperTrainingPlan = {
        steps: 50,
        points: 40,
        optimizer: "schedule-free",
        learningRate: 2e-3,
        sampling: "without",
        loss: "mse",
        seed: 3,
        keys: [2, 5],
      };
      const stepLosses: number[] = [];
      const onProgress = (_: number, newLosses: Float32Array) => stepLosses.push(...newLosses);
      const problem = { network, target, stacks, learnEncoder, weights };
      await trainPaper(problem, plan, { trainer, device: "cpu", threads: 1, onProgress });
      return stepLosses;
    };
    const [onnx, tfjs] = [await losses("onnx"), await losses("tfjs")];
    onnx.forEach((loss, step) => {
      assert.ok(Math.abs(tfjs[step] - loss) <= 1e-3 * loss, `step ${step}: ${tfjs[step]} and ${loss}`);
    });
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    assert.equal(onnx.length, 50);
    assert.ok(sum(onnx.slice(-15)) < 0.9 * sum(onnx.slice(0, 15)), `${onnx}`);
  });
}

test("training with the L1 loss removes each kind of noise", async (t) => {
  const folder = await tempFolder(t);
  const input = await clip("bunny");
  const size = { width: 96, height: 54 };
  const info = await probeVideo(input);
  const source = readFrames(input, info, { ...size, firstFrame: 0, frameCount: 1 });
  const clean = (await source.next()).value as Uint8Array;
  await source.return(undefined);
  const rgba = (frame: Uint8Array) =>
    Uint8Array.from({ length: 4 * size.width * size.height }, (_, i) =>
      i % 4 === 3 ? 255 : frame[3 * (i >> 2) + (i % 4)],
    );
  const training = { width: 48, hiddenLayers: 2, steps: 250, phase1Steps: 150, points: 400, lr: 1e-3 };
  const options = { input, size, to: 0.2, profile: "paper", optimizer: "adam-onecycle" } as const;
  for (const noise of NOISE_KINDS) {
    const output = join(folder, `${noise}.siedd`);
    const { psnr } = await encode({ ...options, ...training, output, loss: "l1", noise, anchors: 1 });
    const noisy = clean.slice();
    addNoise(noisy, { kind: noise, seed: 0, frame: 0 });
    const before = framePsnr(rgba(noisy), clean);
    if (await realClips()) assert.ok(psnr > before + 0.5, `${noise}: ${psnr} dB, ${before} dB with noise`);
  }
});

test("groupFrames sets the length of groups, and fraction the number of points", async (t) => {
  const folder = await tempFolder(t);
  const options: Omit<EncodeOptions, "output"> = {
    input: await clip("bunny"),
    profile: "paper",
    size: { width: 64, height: 36 },
    to: 1.2,
    width: 16,
    steps: 3,
    phase1Steps: 3,
    anchors: 1,
  };
  for (const [groupFrames, expected] of [
    [10, [10, 10, 10]],
    [20, [15, 15]],
    [30, [30]],
  ] as const) {
    const output = join(folder, `${groupFrames}.siedd`);
    await encode({ ...options, output, groupFrames });
    const { groups } = await openPaperAsset(output);
    assert.deepEqual(
      groups.map(({ frameCount }) => frameCount),
      expected,
    );
  }
  // 1/48 of 64 x 36 pixels is 48 points.
  const [share, count] = [join(folder, "share.siedd"), join(folder, "count.siedd")];
  await encode({ ...options, output: share, groupFrames: 30, fraction: 1 / 48 });
  await encode({ ...options, output: count, groupFrames: 30, points: 48 });
  assert.deepEqual(await readFile(share), await readFile(count));
});

test("rejects invalid patches, ranks and fractions with name and rule", async () => {
  const base = { input: "a.mp4", output: "a.siedd" };
  const paperBase = { ...base, profile: "paper", width: 40 } as const;
  for (const [options, message] of [
    [{ ...base, patch: 3 }, /patch requires `profile: "paper"`/],
    [{ ...base, decoder: "low-rank" }, /decoder requires `profile: "paper"`/],
    [{ ...paperBase, patch: 2 }, /patch must be one of 1, 3, 6, got 2/],
    [
      { ...paperBase, decoder: "lora" as never },
      /decoder must be one of full, low-rank, sine-low-rank, got lora/,
    ],
    [{ ...paperBase, rank: 4 }, /rank requires `decoder: "low-rank"` or `decoder: "sine-low-rank"`/],
    [{ ...paperBase, decoder: "low-rank", rank: 21 }, /rank must be an integer from 1 to 20, got 21/],
    [{ ...paperBase, fraction: 0 }, /fraction must be > 0 and <= 1, got 0/],
    [{ ...paperBase, fraction: 0.1, points: 50 }, /points and fraction are mutually exclusive/],
  ] as const) {
    await assert.rejects(encode(options as EncodeOptions), message);
  }
  const share = ["encode", "a.mp4", "-o", "a.siedd", "--profile", "paper", "--fraction", "2/3"];
  assert.match((await siedd(share)).stderr, /greater than 0 and at most 1, such as 1\/512 or 0.002/);
});
