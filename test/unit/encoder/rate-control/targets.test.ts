import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type EncodeEvent, EncoderError, encode } from "../../../../encoder/index.js";
import { planTiles } from "../../../../encoder/plan/capacity.js";
import { planGroups } from "../../../../encoder/plan/groups.js";
import { tileNetwork } from "../../../../encoder/plan/tile-grid.js";
import {
  decideNextPass,
  meetsTarget,
  missedTargetMessage,
  nextLambda,
  type PassResult,
  type Target,
} from "../../../../encoder/rate-control/targets.js";
import { resolveTileOptions } from "../../../../encoder/tile/options.js";
import { clip } from "../../../support/clips.js";
import { tempFolder } from "../../../support/temp-folder.js";

/** Returns a simulated pass: doubling lambda costs `decibels` dB and multiplies the bits by 2^-`bits`. */
const simulatePass =
  (decibels: number, bits: number) =>
  (lambda: number): PassResult => {
    const doublings = Math.log2(lambda / 8000);
    return { lambda, psnr: 33 - decibels * doublings, bpp: 0.1 * 2 ** (-bits * doublings) };
  };

/** Runs passes until the target is met or no pass is left. */
function runToTarget(target: Target, runPass: (lambda: number) => PassResult): PassResult[] {
  const passes = [runPass(8000)];
  const next = () => nextLambda(target, passes);
  for (let lambda = next(); lambda !== undefined; lambda = next()) passes.push(runPass(lambda));
  return passes;
}

test("reachable targets are met within four passes for any slope of the video", () => {
  const targets: Target[] = [
    { kind: "psnr", value: 31 },
    { kind: "psnr", value: 34.5 },
    { kind: "bpp", value: 0.05 },
    { kind: "bpp", value: 0.13 },
  ];
  for (const target of targets) {
    for (const [decibels, bits] of [
      [0.5, 0.3],
      [0.25, 0.5],
      [0.9, 0.15],
    ] as const) {
      const runPass = simulatePass(decibels, bits);
      const passes = runToTarget(target, runPass);
      const last = passes[passes.length - 1]!;
      assert.ok(meetsTarget(target, last), `${target.kind} ${target.value}: ${last.psnr} dB, ${last.bpp}`);
      assert.equal(missedTargetMessage(target, last), undefined);
      assert.ok(passes.length <= 4, `${passes.length} passes`);
    }
  }
});

test("an unreachable target ends after a bounded number of passes with a message", () => {
  const flat = (lambda: number): PassResult => ({ lambda, psnr: 30 - 0.01 * Math.log2(lambda), bpp: 0.1 });
  const target: Target = { kind: "psnr", value: 45 };
  const passes = runToTarget(target, flat);
  assert.ok(passes.length <= 5);
  assert.match(
    missedTargetMessage(target, passes[passes.length - 1]!) ?? "",
    /missed targetPsnr 45 dB: reached 29\.9\d dB.*`preset: "quality"`/,
  );
});

test("a pass that moves away from the target is not repeated: the next one changes lambda by more", () => {
  const target: Target = { kind: "bpp", value: 0.075 };
  const passes: PassResult[] = [{ lambda: 136_000, psnr: 34.5, bpp: 0.0703 }];
  const triedLambdas = [];
  for (let lambda = nextLambda(target, passes); lambda !== undefined; lambda = nextLambda(target, passes)) {
    triedLambdas.push(lambda);
    passes.push({ lambda, psnr: 35, bpp: 0.0695 });
  }
  const changes = triedLambdas.map((lambda) => Math.log2(136_000 / lambda));
  assert.equal(changes.length, 4);
  for (const [i, change] of changes.slice(1).entries()) {
    assert.ok(change > 1.5 * changes[i], `doublings of lambda: ${changes.join(", ")}`);
  }
});

test("an encode meets a PSNR target and a bits-per-pixel target", async (t) => {
  const folder = await tempFolder(t);
  const input = await clip("carphone");
  const preset = "fast";
  const brief = {
    input,
    preset,
    size: { width: 96, height: 72 },
    to: 1,
    steps: 500,
    phase1Steps: 300,
  } as const;
  const events: EncodeEvent[] = [];
  const onEvent = (event: EncodeEvent) => void events.push(event);
  const plain = await encode({ ...brief, output: join(folder, "plain.siedd") });
  const targetPsnr = plain.psnr - 1;
  const worse = await encode({ ...brief, output: join(folder, "worse.siedd"), targetPsnr, onEvent });
  assert.ok(Math.abs(worse.psnr - targetPsnr) <= 0.3, `${worse.psnr} dB, target ${targetPsnr}`);
  assert.ok(worse.bytes < plain.bytes, "lower quality needs fewer bytes");
  const targetBpp = plain.bpp * 0.75;
  const smaller = await encode({ ...brief, output: join(folder, "smaller.siedd"), targetBpp, onEvent });
  assert.ok(
    Math.abs(smaller.bpp / targetBpp - 1) <= 0.05,
    `${smaller.bpp} bits per pixel, target ${targetBpp}`,
  );
  assert.ok(!events.some(({ type }) => type === "target-missed"));
});

const shape = {
  width: 640,
  height: 360,
  frameCount: 20,
  groups: planGroups(20, [], { num: 25, den: 1 }),
};
/** Plans decoders with the preset "fast". */
const plan = (targetBpp: number | undefined, width?: number) => {
  const options = resolveTileOptions({ input: "a.mp4", output: "a.siedd", preset: "fast", width });
  const { training, fixedWidth } = options;
  return { ...planTiles(shape, training, { targetBpp, fixedWidth }), preset: training };
};

test("keeps the preset's decoders without a target, or if they can store the bits of the target", () => {
  for (const bpp of [undefined, 0.03, 0.1]) {
    const { network, training, preset } = plan(bpp);
    assert.deepEqual(network, tileNetwork(640, 360, preset));
    assert.deepEqual({ ...training, largeTiles: undefined }, { ...preset, largeTiles: undefined });
  }
});

test("plans decoders of higher capacity for more bits, and keeps a fixed width", () => {
  for (const width of [undefined, 16, 32]) {
    let previousBpp = 0;
    for (const bpp of [0.1, 0.15, 0.25, 0.47, 0.8]) {
      const { training, currentBpp } = plan(bpp, width);
      const message = `${bpp} bits per pixel, capacity ${currentBpp}`;
      assert.ok(currentBpp >= previousBpp && currentBpp >= bpp, message);
      if (width !== undefined) assert.equal(training.width, width);
      previousBpp = currentBpp;
    }
  }
});

test("rejects a targetBpp above all capacities before training, and names the maximum", async (t) => {
  assert.throws(
    () => plan(9),
    /targetBpp must be at most about 1\.\d bits per pixel, .*, got 9; .* groupFrames/,
  );
  assert.throws(() => plan(3, 4), /at most about 0\.\d+ bits .* omit `width`/);
  const output = join(await tempFolder(t), "a.siedd");
  await assert.rejects(
    encode({ input: await clip("carphone"), output, size: { width: 96, height: 72 }, to: 1, targetBpp: 10 }),
    (error) => error instanceof EncoderError && error.code === "bad-option" && error.option === "targetBpp",
  );
});

test("a PSNR far above the preset's requires larger decoders, and an unreachable one is reported at once", () => {
  const result: PassResult = { lambda: 8000, psnr: 33, bpp: 0.1 };
  const capacity = { currentBpp: 0.17, maxBpp: 3 };
  assert.ok("lambda" in decideNextPass({ kind: "psnr", value: 33.6 }, [result], capacity)!);
  const larger = decideNextPass({ kind: "psnr", value: 38 }, [result], capacity);
  assert.ok(
    larger !== undefined && "requiredBpp" in larger && larger.requiredBpp > 0.3 && larger.requiredBpp < 1,
  );
  const beyond: Target = { kind: "psnr", value: 58 };
  assert.equal(decideNextPass(beyond, [result], capacity), undefined);
  assert.match(
    missedTargetMessage(beyond, result, capacity) ?? "",
    /missed targetPsnr 58 dB: reached 33\.00 dB; .* decoders hold 3\.0: lower targetPsnr to about 42 dB/,
  );
});

test("an encode meets targets of three times the bits, or 3 dB more, than its preset gives", async (t) => {
  const folder = await tempFolder(t);
  const brief = { size: { width: 96, height: 72 }, to: 1, steps: 500, phase1Steps: 300 };
  const base = { ...brief, input: await clip("carphone"), preset: "fast" } as const;
  const plain = await encode({ ...base, output: join(folder, "plain.siedd") });
  const targetBpp = 3 * plain.bpp;
  const larger = await encode({ ...base, output: join(folder, "larger.siedd"), targetBpp });
  assert.ok(
    Math.abs(larger.bpp / targetBpp - 1) <= 0.05,
    `${larger.bpp} bits per pixel, target ${targetBpp}`,
  );
  assert.ok(larger.psnr > plain.psnr + 2, `${larger.psnr} dB with three times the bits of ${plain.psnr} dB`);
  const targetPsnr = plain.psnr + 3;
  const messages: string[] = [];
  const onEvent = (event: EncodeEvent) =>
    void (event.type === "target-missed" && messages.push(event.message));
  const better = await encode({ ...base, output: join(folder, "better.siedd"), targetPsnr, onEvent });
  assert.ok(Math.abs(better.psnr - targetPsnr) <= 0.6, `${better.psnr} dB, target ${targetPsnr}`);
  assert.equal(messages.length, Math.abs(better.psnr - targetPsnr) <= 0.3 ? 0 : 1, messages.join());
});

test("rejects two targets, and targets out of bounds", async () => {
  const paths = { input: "a.mp4", output: "a.siedd" };
  for (const [options, message] of [
    [{ targetPsnr: 30, targetBpp: 0.1 }, /targetPsnr and targetBpp are mutually exclusive/],
    [{ targetPsnr: 5 }, /targetPsnr must be from 10 to 60 dB, got 5/],
    [{ targetBpp: Number.NaN }, /targetBpp must be from 0\.001 to 10 bits per pixel, got NaN/],
    [{ profile: "paper", targetPsnr: 30 }, /targetPsnr requires `profile: "tile"`/],
  ] as const) {
    await assert.rejects(
      encode({ ...paths, ...options }),
      (error) => error instanceof EncoderError && error.code === "bad-option" && message.test(error.message),
    );
  }
});

test("reports low quality once, and names options that improve it", async (t) => {
  const size = { width: 64, height: 48 };
  const messages: string[] = [];
  const onEvent = (event: EncodeEvent) => {
    if (event.type === "target-missed") messages.push(event.message);
  };
  const base = {
    input: await clip("bikes"),
    output: join(await tempFolder(t), "a.siedd"),
    size,
    to: 0.4,
    onEvent,
  };
  await encode({ ...base, steps: 5, phase1Steps: 5, width: 4 });
  assert.equal(messages.length, 1);
  assert.match(messages[0]!, /^low quality: \d+\.\d dB; the video has more detail .* `width` of 32/);
  await encode({ ...base, steps: 400, phase1Steps: 300, width: 16 });
  assert.equal(messages.length, 1, messages.join());
});
