import assert from "node:assert/strict";
import { test } from "node:test";
import { abandonRule, chooseSize, maxLoadShare } from "../../../../player/abr/abr-rules.js";
import {
  estimateLoadSeconds,
  LoadTimeEstimator,
  type LoadTimeSample,
} from "../../../../player/abr/load-time-estimate.js";
import { retryAfter } from "../../../../player/hls/retry-after.js";

const size = (width: number, height: number) => ({ width, height });
const exact = size(854, 480);
const shape = size(1280, 720);
const area = ({ width, height }: { width: number; height: number }) => width * height;

/** A segment of a second that is 854 x 480, unless said. */
const sample = (rest: Partial<LoadTimeSample> = {}): LoadTimeSample => ({
  pixels: area(exact),
  duration: 1,
  bytes: 120_000,
  ttfb: 0.1,
  transfer: 0.02,
  ...rest,
});
const observe = (...samples: LoadTimeSample[]) => {
  const observer = new LoadTimeEstimator();
  for (const each of samples) observer.add(each);
  return observer.estimate(area(exact));
};
const question = (link: ReturnType<typeof observe>, rest = {}) => ({
  exact,
  shape,
  link,
  duration: 1,
  ahead: 3,
  before: null,
  ...rest,
});

test("asks for the exact size where it arrives in time, and before anything is known", () => {
  assert.deepEqual(chooseSize(question(null)), exact);
  assert.deepEqual(chooseSize(question(observe(sample(), sample()))), exact);
});

test("on a slow network asks for the largest multiple of 16 that arrives in time, of the video's own shape", () => {
  const link = observe(sample({ transfer: 2 }), sample({ transfer: 2 }), sample({ transfer: 2 }));
  const chosen = chooseSize(question(link));
  assert.equal(chosen.width % 16, 0);
  assert.equal(chosen.height % 2, 0);
  assert.ok(Math.abs(chosen.height - (chosen.width * 720) / 1280) <= 1, `${chosen.width}x${chosen.height}`);
  assert.ok(estimateLoadSeconds(area(chosen), 1, link!) <= maxLoadShare(3));
  const wider = size(chosen.width + 16, 2 * Math.round(((chosen.width + 16) * 720) / 1280 / 2));
  assert.ok(estimateLoadSeconds(area(wider), 1, link!) > maxLoadShare(3));
});

test("viewers with boxes of nearly one size share the sizes below it", () => {
  const link = observe(sample({ transfer: 2 }), sample({ transfer: 2 }));
  const mine = chooseSize(question(link));
  assert.deepEqual(chooseSize(question(link, { exact: size(848, 478) })), mine);
});

test("a server that takes long for each pixel gets fewer pixels to compute", () => {
  const slow = [0.02, 1.5, 1.6, 1.4].map((waiting) => sample({ ttfb: waiting }));
  const chosen = chooseSize(question(observe(...slow)));
  assert.ok(area(chosen) < 0.65 * area(exact) && area(chosen) > 0.4 * area(exact), `${chosen.width}`);
});

test("one slow segment, as a server's first one, changes nothing", () => {
  assert.deepEqual(chooseSize(question(observe(sample({ ttfb: 3 }), sample()))), exact);
  assert.deepEqual(chooseSize(question(observe(sample(), sample(), sample({ ttfb: 3 })))), exact);
});

test("a link that breaks down is followed at once, one that recovers after three segments, a little below first", () => {
  const good = sample();
  const bad = sample({ transfer: 4 });
  const broken = chooseSize(question(observe(good, good, good, bad)));
  assert.ok(broken.width < 500, `${broken.width}`);
  const narrow = { bytes: 30_000, pixels: area(broken), transfer: 0.005 };
  const recovering = observe(bad, sample(narrow));
  assert.ok(chooseSize(question(recovering, { before: broken })).width < exact.width);
  const recovered = observe(bad, sample(narrow), sample(narrow), sample(narrow));
  assert.deepEqual(chooseSize(question(recovered, { before: broken })), exact);
});

test("the emptier the buffer, the more careful; where nothing plays, nothing can stall", () => {
  const link = observe(sample({ transfer: 0.75 }), sample({ transfer: 0.75 }));
  assert.deepEqual(chooseSize(question(link, { ahead: 3 })), exact);
  assert.ok(chooseSize(question(link, { ahead: 0.5 })).width < exact.width);
  assert.deepEqual(chooseSize(question(link, { ahead: Number.POSITIVE_INFINITY })), exact);
});

test("a larger size than the last has to leave time over, so that sizes do not swing", () => {
  const link = observe(sample({ transfer: 0.7 }), sample({ transfer: 0.7 }));
  assert.deepEqual(chooseSize(question(link)), exact);
  assert.ok(chooseSize(question(link, { before: size(640, 360) })).width < exact.width);
});

test("where only the way to the server is long, fewer pixels would not help, and are not asked for", () => {
  const far = observe(sample({ ttfb: 1.2 }), sample({ ttfb: 1.2 }));
  assert.deepEqual(chooseSize(question(far, { ahead: 0 })), exact);
});

test("small segments that wait for other reasons than their pixels do not keep the picture small", () => {
  const tiny = { pixels: 96 * 54, bytes: 5000, transfer: 0.01 };
  const waits = [0.5, 0.7, 0.6, 0.7, 0.65, 0.7].map((waiting) => sample({ ...tiny, ttfb: waiting }));
  const chosen = chooseSize(question(observe(...waits), { before: size(96, 54) }));
  assert.ok(chosen.width >= 300, `${chosen.width}`);
});

test("never less than something worth watching, however slow the link", () => {
  const dead = observe(sample({ transfer: 1000 }), sample({ transfer: 1000 }));
  assert.deepEqual(chooseSize(question(dead)), size(96, 54));
  assert.deepEqual(chooseSize(question(dead, { exact: size(16, 16) })), size(16, 16));
});

test("a segment that would come too late is asked for anew, smaller; one that comes in time is not", () => {
  const underway = { size: exact, duration: 1, bytesLoaded: 10_000, bytesTotal: 120_000, transfer: 1 };
  const replaced = abandonRule(underway, question(null, { ahead: 0.5 }));
  assert.ok(replaced !== null && replaced.size.width < 500, `${replaced?.size.width}`);
  assert.equal(abandonRule(underway, question(null, { ahead: 20 })), null);
  assert.equal(abandonRule({ ...underway, bytesLoaded: 110_000 }, question(null, { ahead: 0.5 })), null);
  assert.equal(abandonRule({ ...underway, transferSeconds: 0.1 }, question(null, { ahead: 0 })), null);
});

test("Retry-After is seconds or a date, and nobody is made to wait for more than ten seconds", () => {
  const now = Date.parse("Wed, 21 Oct 2015 07:28:00 GMT");
  const after = (value: string) =>
    retryAfter({ getAllResponseHeaders: () => `content-length: 0\r\nretry-after: ${value}\r\n` }, now);
  assert.equal(after("3"), 3);
  assert.equal(after("Wed, 21 Oct 2015 07:28:07 GMT"), 7);
  assert.equal(after("86400"), 10);
  assert.equal(after("Wed, 21 Oct 2015 07:27:00 GMT"), 0);
  assert.equal(after("soon"), 0);
  assert.equal(retryAfter({ getAllResponseHeaders: () => "" }, now), 0);
  assert.equal(retryAfter(null, now), 0);
});
