import assert from "node:assert/strict";
import { test } from "node:test";
import { bdPsnr, bdRate } from "../../../../bench/curves/bjontegaard.js";
import { borderRatio } from "../../../../bench/curves/border-ratio.js";

const curve = [
  { bpp: 0.02, psnr: 28 },
  { bpp: 0.05, psnr: 31.5 },
  { bpp: 0.11, psnr: 34 },
  { bpp: 0.3, psnr: 38 },
];

test("a curve with 25 % more bits at each PSNR has a BD-rate of 25 %", () => {
  const larger = curve.map(({ bpp, psnr }) => ({ bpp: 1.25 * bpp, psnr }));
  assert.ok(Math.abs(bdRate(curve, larger)! - 25) < 1e-9);
  assert.ok(Math.abs(bdRate(larger, curve)! + 20) < 1e-9);
});

test("a curve that is 0.5 dB higher at each rate has a BD-PSNR of 0.5 dB", () => {
  const better = curve.map(({ bpp, psnr }) => ({ bpp, psnr: psnr + 0.5 }));
  assert.ok(Math.abs(bdPsnr(curve, better)! - 0.5) < 1e-9);
  const beaten = { bpp: 0.12, psnr: 30 };
  assert.ok(
    Math.abs(bdPsnr(curve, [...better, beaten])! - 0.5) < 1e-9,
    "a beaten point is no part of the curve",
  );
});

test("one point is compared at its PSNR, and curves without a common PSNR are not compared", () => {
  assert.ok(Math.abs(bdRate(curve, [{ bpp: 0.055, psnr: 31.5 }])! - 10) < 1e-9);
  assert.equal(bdRate(curve, [{ bpp: 0.5, psnr: 40 }]), undefined);
});

test("the border ratio is relative to the source and leaves out scene cuts", () => {
  // Groups begin at frames 2, 4 and 6; frame 6 is a scene cut.
  const source = [4, 9, 4, 9, 4, 900];
  const decoded = [1, 9, 1, 9, 1, 800];
  assert.equal(borderRatio({ decoded, source }, [0, 2, 4, 6], [6]), 2);
  assert.equal(borderRatio({ decoded, source }, [0, 6], [6]), undefined);
});
