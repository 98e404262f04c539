import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type EncodeEvent, EncoderError, encode } from "../encoder/index.js";
import { meets, missed, nextWorth, type Round, type Target } from "../encoder/pipeline/rate-control.js";
import { clip } from "./clips.js";
import { tempFolder } from "./temp-folder.js";

/** A film whose quality falls by `decibels` a doubling of the worth, and whose bits by a factor of 2^-`bits`. */
const film =
  (decibels: number, bits: number) =>
  (worth: number): Round => {
    const doublings = Math.log2(worth / 8000);
    return { worth, psnr: 33 - decibels * doublings, bpp: 0.1 * 2 ** (-bits * doublings) };
  };

test("targets within reach are met in a few rounds, whatever the film's own slope", () => {
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
      const train = film(decibels, bits);
      const rounds = [train(8000)];
      for (let worth = nextWorth(target, rounds); worth !== undefined; worth = nextWorth(target, rounds)) {
        rounds.push(train(worth));
      }
      const last = rounds[rounds.length - 1]!;
      assert.ok(meets(target, last), `${target.kind} ${target.value}: ${last.psnr} dB, ${last.bpp}`);
      assert.equal(missed(target, last), undefined);
      assert.ok(rounds.length <= 4, `${rounds.length} rounds`);
    }
  }
});

test("a target out of reach ends after a bounded number of rounds and is said", () => {
  const flat = (worth: number): Round => ({ worth, psnr: 30 - 0.01 * Math.log2(worth), bpp: 0.1 });
  const target: Target = { kind: "psnr", value: 45 };
  const rounds = [flat(8000)];
  for (let worth = nextWorth(target, rounds); worth !== undefined; worth = nextWorth(target, rounds)) {
    rounds.push(flat(worth));
  }
  assert.ok(rounds.length <= 5);
  assert.match(
    missed(target, rounds[rounds.length - 1]!) ?? "",
    /asked for 45 dB, reached 29\.9\d dB.*--width/,
  );
});

test("an encode comes to the PSNR, or to the bits, that were asked for", async (t) => {
  const folder = await tempFolder(t);
  const input = await clip("carphone");
  const brief = { input, size: { width: 96, height: 72 }, to: 2, steps: 240, phase1Steps: 200, points: 128 };
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
  assert.ok(!events.some(({ type }) => type === "missed"));
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

test("a film that the preset draws badly is said, with what draws it better", async (t) => {
  const size = { width: 64, height: 48 };
  const said: string[] = [];
  const onEvent = (event: EncodeEvent) => {
    if (event.type === "missed") said.push(event.message);
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
  assert.match(said[0]!, /^\d+\.\d dB: this film has more detail .* --width 32/);
  await encode({ ...base, steps: 400, phase1Steps: 300, width: 16 });
  assert.equal(said.length, 1, said.join());
});
