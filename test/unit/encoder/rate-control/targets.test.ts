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

/** A video whose quality falls by `decibels` a doubling of the worth, and whose bits by a factor of 2^-`bits`. */
const video =
  (decibels: number, bits: number) =>
  (worth: number): PassResult => {
    const doublings = Math.log2(worth / 8000);
    return { lambda: worth, psnr: 33 - decibels * doublings, bpp: 0.1 * 2 ** (-bits * doublings) };
  };

test("targets within reach are met in a few rounds, whatever the video's own slope", () => {
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
      const train = video(decibels, bits);
      const rounds = [train(8000)];
      for (let worth = nextLambda(target, rounds); worth !== undefined; worth = nextLambda(target, rounds)) {
        rounds.push(train(worth));
      }
      const last = rounds[rounds.length - 1]!;
      assert.ok(meetsTarget(target, last), `${target.kind} ${target.value}: ${last.psnr} dB, ${last.bpp}`);
      assert.equal(missedTargetMessage(target, last), undefined);
      assert.ok(rounds.length <= 4, `${rounds.length} rounds`);
    }
  }
});

test("a target out of reach ends after a bounded number of rounds and is said", () => {
  const flat = (worth: number): PassResult => ({
    lambda: worth,
    psnr: 30 - 0.01 * Math.log2(worth),
    bpp: 0.1,
  });
  const target: Target = { kind: "psnr", value: 45 };
  const rounds = [flat(8000)];
  for (let worth = nextLambda(target, rounds); worth !== undefined; worth = nextLambda(target, rounds)) {
    rounds.push(flat(worth));
  }
  assert.ok(rounds.length <= 5);
  assert.match(
    missedTargetMessage(target, rounds[rounds.length - 1]!) ?? "",
    /asked for 45 dB, reached 29\.9\d dB.*--preset quality/,
  );
});

test("an encode comes to the PSNR, or to the bits, that were asked for", async (t) => {
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
  assert.ok(Math.abs(worse.psnr - targetPsnr) <= 0.3, `${worse.psnr} dB, asked for ${targetPsnr}`);
  assert.ok(worse.bytes < plain.bytes, "a worse picture takes fewer bytes");
  const targetBpp = plain.bpp * 0.75;
  const smaller = await encode({ ...brief, output: join(folder, "smaller.siedd"), targetBpp, onEvent });
  assert.ok(
    Math.abs(smaller.bpp / targetBpp - 1) <= 0.05,
    `${smaller.bpp} bits a pixel, asked for ${targetBpp}`,
  );
  assert.ok(!events.some(({ type }) => type === "target-missed"));
});

const shape = {
  width: 640,
  height: 360,
  frameCount: 20,
  groups: planGroups(20, [], { num: 25, den: 1 }),
};
const plan = (targetBpp: number | undefined, width?: number) => {
  const options = resolveTileOptions({ input: "a.mp4", output: "a.siedd", preset: "fast", targetBpp, width });
  return { ...planTiles(shape, options.training, options), preset: options.training };
};

test("without a target, and where the preset's decoders hold the bits, a video has these", () => {
  for (const bpp of [undefined, 0.03, 0.1]) {
    const { network, training, preset } = plan(bpp);
    assert.deepEqual(network, tileNetwork(640, 360, preset));
    assert.deepEqual({ ...training, largeTiles: undefined }, { ...preset, largeTiles: undefined });
  }
});

test("the more bits are asked for, the more the decoders hold; a width that was asked for stays", () => {
  for (const width of [undefined, 16, 32]) {
    let before = 0;
    for (const bpp of [0.1, 0.15, 0.25, 0.47, 0.8]) {
      const { training, currentBpp: max } = plan(bpp, width);
      assert.ok(max >= before && max >= bpp, `${bpp} bits a pixel in at most ${max}`);
      if (width !== undefined) assert.equal(training.width, width);
      before = max;
    }
  }
});

test("bits that no decoders hold are refused at once, with the most that is possible", async (t) => {
  assert.throws(
    () => plan(9),
    /--target-bpp 9: decoders hold at most about 1\.\d bits a pixel .*--group-frames/,
  );
  assert.throws(() => plan(3, 4), /at most about 0\.\d+ bits .* leave --width out/);
  const output = join(await tempFolder(t), "a.siedd");
  await assert.rejects(
    encode({ input: await clip("carphone"), output, size: { width: 96, height: 72 }, to: 1, targetBpp: 10 }),
    (error) => error instanceof EncoderError && error.code === "bad-option" && /at most/.test(error.message),
  );
});

test("a PSNR far above the preset's asks for larger decoders, and one beyond all of them is said at once", () => {
  const round: PassResult = { lambda: 8000, psnr: 33, bpp: 0.1 };
  const room = { currentBpp: 0.17, maxBpp: 3 };
  assert.ok("lambda" in decideNextPass({ kind: "psnr", value: 33.6 }, [round], room)!);
  const larger = decideNextPass({ kind: "psnr", value: 38 }, [round], room);
  assert.ok(
    larger !== undefined && "requiredBpp" in larger && larger.requiredBpp > 0.3 && larger.requiredBpp < 1,
  );
  const beyond: Target = { kind: "psnr", value: 58 };
  assert.equal(decideNextPass(beyond, [round], room), undefined);
  assert.match(
    missedTargetMessage(beyond, round, room) ?? "",
    /asked for 58 dB, reached 33\.00 dB; .* decoders hold 3\.0 at most: ask for about 42 dB or less/,
  );
});

test("an encode comes to several times the bits, and to decibels more, than its preset gives", async (t) => {
  const folder = await tempFolder(t);
  const brief = { size: { width: 96, height: 72 }, to: 1, steps: 500, phase1Steps: 300 };
  const base = { ...brief, input: await clip("carphone"), preset: "fast" } as const;
  const plain = await encode({ ...base, output: join(folder, "plain.siedd") });
  const targetBpp = 3 * plain.bpp;
  const larger = await encode({ ...base, output: join(folder, "larger.siedd"), targetBpp });
  assert.ok(
    Math.abs(larger.bpp / targetBpp - 1) <= 0.05,
    `${larger.bpp} bits a pixel, asked for ${targetBpp}`,
  );
  assert.ok(larger.psnr > plain.psnr + 2, `${larger.psnr} dB with three times the bits of ${plain.psnr} dB`);
  const targetPsnr = plain.psnr + 3;
  const said: string[] = [];
  const onEvent = (event: EncodeEvent) => void (event.type === "target-missed" && said.push(event.message));
  const better = await encode({ ...base, output: join(folder, "better.siedd"), targetPsnr, onEvent });
  assert.ok(Math.abs(better.psnr - targetPsnr) <= 0.6, `${better.psnr} dB, asked for ${targetPsnr}`);
  assert.equal(said.length, Math.abs(better.psnr - targetPsnr) <= 0.3 ? 0 : 1, said.join());
});

test("two targets, and targets that mean nothing, are refused", async () => {
  const paths = { input: "a.mp4", output: "a.siedd" };
  for (const [options, message] of [
    [{ targetPsnr: 30, targetBpp: 0.1 }, /exclude each other/],
    [{ targetPsnr: 5 }, /--target-psnr must be from 10 to 60 dB, not 5/],
    [{ targetBpp: Number.NaN }, /--target-bpp must be from 0\.001 to 10 bits a pixel, not NaN/],
    [{ profile: "paper", targetPsnr: 30 }, /--profile tile alone/],
  ] as const) {
    await assert.rejects(
      encode({ ...paths, ...options }),
      (error) => error instanceof EncoderError && error.code === "bad-option" && message.test(error.message),
    );
  }
});

test("a video that the preset draws badly is said, with what draws it better", async (t) => {
  const size = { width: 64, height: 48 };
  const said: string[] = [];
  const onEvent = (event: EncodeEvent) => {
    if (event.type === "target-missed") said.push(event.message);
  };
  const base = {
    input: await clip("bikes"),
    output: join(await tempFolder(t), "a.siedd"),
    size,
    to: 0.4,
    onEvent,
  };
  await encode({ ...base, steps: 5, phase1Steps: 5, width: 4 });
  assert.equal(said.length, 1);
  assert.match(said[0]!, /^\d+\.\d dB: this video has more detail .* --width 32/);
  await encode({ ...base, steps: 400, phase1Steps: 300, width: 16 });
  assert.equal(said.length, 1, said.join());
});
