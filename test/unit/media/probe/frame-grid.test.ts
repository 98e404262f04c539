import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rational } from "../../../../codec/asset/rational.js";
import { type FrameGrid, fitFrameGrid } from "../../../../media/probe/frame-grid.js";

const MILLISECOND = 1e-3;
const CLOCK_90KHZ = 1 / 90_000;

/** Rounds times to ticks and fits a grid. The last frame is as long as the one before it. */
function fit(seconds: readonly number[], tick: number, declared: readonly Rational[] = []): FrameGrid {
  const times = seconds.map((time) => Math.round(time / tick) * tick);
  const last = times.at(-1)! - (times.at(-2) ?? times[0]!);
  const grid = fitFrameGrid({ runs: [times], seconds: times.at(-1)! - times[0]! + last }, declared, tick);
  assert.ok(grid);
  return grid;
}

/** Returns the frame of the grid in which each time is. */
const slots = ({ origin, frameRate }: FrameGrid, seconds: readonly number[]): number[] =>
  seconds.map((time) => Math.abs(Math.round(((time - origin) * frameRate.num) / frameRate.den)));

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test("a constant rate holds every frame once, whatever the container rounds and wherever it starts", () => {
  for (const frameRate of [
    { num: 24000, den: 1001 },
    { num: 24, den: 1 },
    { num: 25, den: 1 },
    { num: 30000, den: 1001 },
    { num: 30, den: 1 },
    { num: 50, den: 1 },
    { num: 60000, den: 1001 },
    { num: 60, den: 1 },
  ]) {
    for (const tick of [MILLISECOND, CLOCK_90KHZ]) {
      for (const tenths of range(21)) {
        const times = range(150).map((n) => ((n + tenths / 10) * frameRate.den) / frameRate.num);
        // Without a declared rate, the packets alone must give it.
        for (const declared of [[frameRate], [{ num: 1000, den: 1 }], []]) {
          const grid = fit(times, tick, declared);
          const name = `${frameRate.num}/${frameRate.den}, ${tenths} tenths, ${JSON.stringify(declared)}`;
          assert.deepEqual(grid.frameRate, frameRate, name);
          assert.deepEqual(slots(grid, times), range(150), name);
          assert.ok(Math.abs(grid.repetition - 1) < 0.02, name);
          assert.ok(Math.abs(grid.origin - times[0]!) <= MILLISECOND, name);
        }
      }
    }
  }
});

test("uncommon constant rates are measured", () => {
  for (const [num, den] of [
    [1, 5],
    [47, 2],
    [617, 50],
    [90, 1],
    [240, 1],
  ] as const) {
    const times = range(200).map((n) => (n * den) / num);
    const { frameRate } = fit(times, MILLISECOND, [{ num: 1000, den: 1 }]);
    assert.ok(Math.abs((frameRate.num * den) / (frameRate.den * num) - 1) < 1e-4, JSON.stringify(frameRate));
  }
});

test("of two rates, the higher one holds all frames", () => {
  const times = [...range(96).map((n) => n / 24), ...range(120).map((n) => 4 + n / 30)];
  const grid = fit(times, MILLISECOND, [{ num: 120, den: 1 }]);
  assert.deepEqual(grid.frameRate, { num: 30, den: 1 });
  assert.equal(new Set(slots(grid, times)).size, times.length);
  assert.ok(grid.repetition < 1.2 && !grid.regular);
});

test("a recording with jitter and lost frames gets the rate of the camera", () => {
  // Frames are up to 5 ms late, one in five is missing, and the first one is half a frame early.
  const times = range(150)
    .filter((n) => n % 5 !== 3)
    .map((n) => 1 + n / 30 + ((n * 7919) % 11) / 2000);
  const early = [times[0]! - 0.5 / 30, ...times.slice(1)];
  for (const recorded of [times, early]) {
    const grid = fit(recorded, MILLISECOND, [{ num: 1000, den: 1 }]);
    assert.deepEqual(grid.frameRate, { num: 30, den: 1 });
    assert.equal(new Set(slots(grid, recorded)).size, recorded.length);
    assert.equal(slots(grid, recorded)[0], 0);
    assert.ok(grid.repetition < 1.4, String(grid.repetition));
  }
});

test("uneven delays keep all images within a few milliseconds at a bounded rate", () => {
  const times = [0, 0.07, 0.19, 0.22, 0.52, 0.61, 1.5];
  const grid = fit(times, 0.01, [{ num: 100, den: 1 }]);
  const found = slots(grid, times);
  assert.equal(new Set(found).size, 7);
  const { num, den } = grid.frameRate;
  assert.ok(num / den <= 34, JSON.stringify(grid.frameRate));
  for (const [i, time] of times.entries()) {
    assert.ok(Math.abs(grid.origin + (found[i]! * den) / num - time) < 0.045, `image ${i}`);
  }
});

test("samples of a long video count as one", () => {
  const runs = [0, 1000, 5000].map((start) => range(100).map((n) => (start * 24 + n) * (1001 / 24000)));
  const seconds = (300 * 1001) / 24000;
  const grid = fitFrameGrid({ runs, seconds }, [{ num: 24000, den: 1001 }], MILLISECOND);
  assert.deepEqual(grid, {
    frameRate: { num: 24000, den: 1001 },
    origin: 0,
    repetition: 1,
    regular: true,
  });
});
