import assert from "node:assert/strict";
import { test } from "node:test";
import { type AbrContext, abandonRule, chooseSize, maxLoadShare } from "../../../../player/abr/abr-rules.js";
import {
  estimateLoadSeconds,
  type LoadTimeEstimate,
  LoadTimeEstimator,
  type LoadTimeSample,
} from "../../../../player/abr/load-time-estimate.js";

const size = (width: number, height: number) => ({ width, height });
const exactSize = size(854, 480);
const aspect = size(1280, 720);
const area = ({ width, height }: { width: number; height: number }) => width * height;

/** A segment of one second at 854 x 480, unless overridden. */
const sample = (overrides: Partial<LoadTimeSample> = {}): LoadTimeSample => ({
  pixels: area(exactSize),
  duration: 1,
  bytes: 120_000,
  ttfb: 0.1,
  transfer: 0.02,
  ...overrides,
});
const estimateFrom = (...samples: LoadTimeSample[]) => {
  const estimator = new LoadTimeEstimator();
  for (const each of samples) estimator.addSample(each);
  return estimator.estimate(area(exactSize));
};
const context = (estimate: LoadTimeEstimate | null, overrides: Partial<AbrContext> = {}): AbrContext => ({
  exactSize,
  aspect,
  estimate,
  duration: 1,
  bufferAhead: 3,
  previous: null,
  ...overrides,
});

test("chooses the exact size if it loads in time, and before the first measurement", () => {
  assert.deepEqual(chooseSize(context(null)), exactSize);
  assert.deepEqual(chooseSize(context(estimateFrom(sample(), sample()))), exactSize);
});

test("on a slow network chooses the widest multiple of 16 that loads in time, in the video's aspect ratio", () => {
  const slow = sample({ transfer: 2 });
  const estimate = estimateFrom(slow, slow, slow);
  const chosen = chooseSize(context(estimate));
  assert.equal(chosen.width % 16, 0);
  assert.equal(chosen.height % 2, 0);
  assert.ok(Math.abs(chosen.height - (chosen.width * 720) / 1280) <= 1, `${chosen.width}x${chosen.height}`);
  assert.ok(estimateLoadSeconds(area(chosen), 1, estimate!) <= maxLoadShare(3));
  const wider = size(chosen.width + 16, 2 * Math.round(((chosen.width + 16) * 720) / 1280 / 2));
  assert.ok(estimateLoadSeconds(area(wider), 1, estimate!) > maxLoadShare(3));
});

test("viewers with slightly different boxes share the sizes below the exact one", () => {
  const estimate = estimateFrom(sample({ transfer: 2 }), sample({ transfer: 2 }));
  const chosen = chooseSize(context(estimate));
  assert.deepEqual(chooseSize(context(estimate, { exactSize: size(848, 478) })), chosen);
});

test("requests fewer pixels from a server that computes slowly", () => {
  const slow = [0.02, 1.5, 1.6, 1.4].map((ttfb) => sample({ ttfb }));
  const chosen = chooseSize(context(estimateFrom(...slow)));
  assert.ok(area(chosen) < 0.65 * area(exactSize) && area(chosen) > 0.4 * area(exactSize), `${chosen.width}`);
});

test("a single slow response, such as a server's first one, does not reduce the size", () => {
  assert.deepEqual(chooseSize(context(estimateFrom(sample({ ttfb: 3 }), sample()))), exactSize);
  assert.deepEqual(chooseSize(context(estimateFrom(sample(), sample(), sample({ ttfb: 3 })))), exactSize);
});

test("follows a drop of the network immediately, and a recovery after three segments", () => {
  const good = sample();
  const bad = sample({ transfer: 4 });
  const reduced = chooseSize(context(estimateFrom(good, good, good, bad)));
  assert.ok(reduced.width < 500, `${reduced.width}`);
  const small = sample({ bytes: 30_000, pixels: area(reduced), transfer: 0.005 });
  const recovering = estimateFrom(bad, small);
  assert.ok(chooseSize(context(recovering, { previous: reduced })).width < exactSize.width);
  const recovered = estimateFrom(bad, small, small, small);
  assert.deepEqual(chooseSize(context(recovered, { previous: reduced })), exactSize);
});

test("is more careful with an empty buffer, and chooses the exact size if nothing can stall", () => {
  const estimate = estimateFrom(sample({ transfer: 0.75 }), sample({ transfer: 0.75 }));
  assert.deepEqual(chooseSize(context(estimate, { bufferAhead: 3 })), exactSize);
  assert.ok(chooseSize(context(estimate, { bufferAhead: 0.5 })).width < exactSize.width);
  assert.deepEqual(chooseSize(context(estimate, { bufferAhead: Number.POSITIVE_INFINITY })), exactSize);
});

test("switches up only with time to spare, so that sizes do not oscillate", () => {
  const estimate = estimateFrom(sample({ transfer: 0.7 }), sample({ transfer: 0.7 }));
  assert.deepEqual(chooseSize(context(estimate)), exactSize);
  assert.ok(chooseSize(context(estimate, { previous: size(640, 360) })).width < exactSize.width);
});

test("chooses the exact size if only the latency is high: fewer pixels do not help", () => {
  const remote = estimateFrom(sample({ ttfb: 1.2 }), sample({ ttfb: 1.2 }));
  assert.deepEqual(chooseSize(context(remote, { bufferAhead: 0 })), exactSize);
});

test("a long wait for tiny segments does not keep the size small: their pixels did not cause it", () => {
  const tiny = { pixels: 96 * 54, bytes: 5000, transfer: 0.01 };
  const samples = [0.5, 0.7, 0.6, 0.7, 0.65, 0.7].map((ttfb) => sample({ ...tiny, ttfb }));
  const chosen = chooseSize(context(estimateFrom(...samples), { previous: size(96, 54) }));
  assert.ok(chosen.width >= 300, `${chosen.width}`);
});

test("never chooses less than the minimum width, however slow the network is", () => {
  const verySlow = estimateFrom(sample({ transfer: 1000 }), sample({ transfer: 1000 }));
  assert.deepEqual(chooseSize(context(verySlow)), size(96, 54));
  assert.deepEqual(chooseSize(context(verySlow, { exactSize: size(16, 16) })), size(16, 16));
});

test("abandons a late download in favor of a smaller segment, and lets other downloads finish", () => {
  const inFlight = {
    size: exactSize,
    duration: 1,
    bytesLoaded: 10_000,
    bytesTotal: 120_000,
    transferSeconds: 1,
  };
  const low = context(null, { bufferAhead: 0.5 });
  const replacement = abandonRule(inFlight, low);
  assert.ok(replacement !== null && replacement.size.width < 500, `${replacement?.size.width}`);
  assert.equal(abandonRule(inFlight, context(null, { bufferAhead: 20 })), null);
  assert.equal(abandonRule({ ...inFlight, bytesLoaded: 110_000 }, low), null);
  assert.equal(abandonRule({ ...inFlight, transferSeconds: 0.1 }, context(null, { bufferAhead: 0 })), null);
});
