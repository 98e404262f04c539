import assert from "node:assert/strict";
import { test } from "node:test";
import { ComputingTime, flushPoint } from "../player/flush-point.js";
import { nearestLevel } from "../player/levels.js";
import {
  DEFAULT_LIMITS,
  fillSize,
  fillsBox,
  isNotableChange,
  requestSize,
  settleDelay,
  sizeParameter,
} from "../player/size.js";

const film = { width: 1280, height: 720 };
const uncapped = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };
const size = (width: number, height: number) => ({ width, height });

test("asks for the picture's own box, without the bars of object-fit: contain", () => {
  assert.deepEqual(requestSize(size(1000, 1000), film, DEFAULT_LIMITS, uncapped), size(1000, 562));
  assert.deepEqual(requestSize(size(2000, 360), film, DEFAULT_LIMITS, uncapped), size(640, 360));
  assert.equal(fillsBox(size(1000, 562.5), film), true);
  assert.equal(fillsBox(size(1000, 600), film), false);
});

test("asks for the pixels that object-fit draws", () => {
  const of = (box: [number, number], fit: "cover" | "fill" | "none" | "scale-down", cap = uncapped) =>
    requestSize(size(...box), film, DEFAULT_LIMITS, cap, fit);
  assert.deepEqual(of([1000, 1000], "cover"), size(1778, 1000));
  assert.deepEqual(of([2000, 360], "cover"), size(2000, 1126));
  assert.deepEqual(of([1000, 1000], "fill"), size(1000, 1000));
  assert.deepEqual(of([300, 200], "none"), size(1280, 720));
  assert.deepEqual(of([640, 640], "scale-down"), size(640, 360));
  assert.deepEqual(of([4000, 4000], "scale-down"), size(1280, 720));
  assert.deepEqual(of([1000, 1000], "cover", size(800, 9999)), size(800, 450));
  assert.deepEqual(of([1000, 1000], "fill", size(500, 9999)), size(500, 500));
});

test("asks for even sizes within the server's limits, and keeps the shape at them", () => {
  for (const width of [17, 99.5, 333, 1001, 7777.7]) {
    const { width: w, height: h } = requestSize(size(width, width), film, DEFAULT_LIMITS, uncapped);
    assert.ok(w % 2 === 0 && h % 2 === 0 && w >= 16 && h >= 16, `${w}x${h}`);
    assert.ok(Math.abs(w - Math.max(width, 16)) <= 1, `${w} for ${width}`);
  }
  const limits = { minSide: 16, maxSide: 1000, maxArea: 400_000 };
  const most = requestSize(size(9000, 9000), film, limits, uncapped);
  assert.ok(most.width * most.height <= limits.maxArea && most.width > 830, `${most.width}x${most.height}`);
  assert.deepEqual(requestSize(size(3, 3), film, limits, uncapped), size(16, 16));
});

test("max-width and max-height cap both sides in output pixels", () => {
  assert.deepEqual(requestSize(size(1280, 720), film, DEFAULT_LIMITS, size(641, 9999)), size(640, 360));
  assert.deepEqual(requestSize(size(1280, 720), film, DEFAULT_LIMITS, size(9999, 90)), size(160, 90));
});

test("writes the size into the segment's URL, with an encoded caret only above the source", () => {
  assert.equal(sizeParameter(size(1280, 720), film), "1280,720");
  assert.equal(sizeParameter(size(1282, 720), film), "%5E1282,720");
  assert.equal(sizeParameter(size(640, 722), film), "%5E640,722");
  assert.equal(fillSize("/f/full/{size}/elastic-3.m4s?v=1", "640,360"), "/f/full/640,360/elastic-3.m4s?v=1");
  assert.equal(fillSize("/f/full/%7bsize%7D/elastic-3.m4s", "%5E2,2"), "/f/full/%5E2,2/elastic-3.m4s");
  assert.equal(fillSize("/f/audio-0/seg-1.m4s", "2,2"), "/f/audio-0/seg-1.m4s");
});

test("an odd source may be asked for at the next even size without a caret", () => {
  assert.equal(sizeParameter(size(854, 480), size(853, 480)), "854,480");
});

test("a scroll bar that comes and goes changes nothing at once; a real resize is followed when it rests", () => {
  assert.equal(settleDelay(null, size(640, 360)), 0);
  assert.ok(settleDelay(size(1280, 720), size(1264, 712)) >= 1000);
  assert.ok(settleDelay(size(640, 360), size(1280, 720)) <= 200);
  assert.equal(isNotableChange(size(1280, 720), size(1264, 712)), false);
});

const seconds = Array.from({ length: 10 }, (_, start) => ({ start, end: start + 1 }));

test("after a resize the playing segment and the next stay, the rest is computed again", () => {
  assert.equal(flushPoint(seconds, 2.4, 6, 0.2), 4);
  assert.equal(flushPoint(seconds, 0, 6, 0.2), 2);
});

test("more stays where computing takes longer than what is left, so that nothing stalls", () => {
  assert.equal(flushPoint(seconds, 2.4, 7, 2), 5);
  assert.equal(flushPoint(seconds, 2.9, 7, 0.9), 5);
});

test("nothing is thrown away where nothing is buffered behind the cut", () => {
  assert.equal(flushPoint(seconds, 2.4, 4, 0.2), null);
  assert.equal(flushPoint(seconds, 8.5, 10, 0.2), null);
  assert.equal(flushPoint([], 0, 10, 0.2), null);
  assert.equal(flushPoint(seconds, 2.4, 9, 60), null);
});

test("computing time grows with the pixels, and neither caches nor one slow start decide it", () => {
  const computing = new ComputingTime();
  assert.equal(computing.expected(film), 0);
  for (const taken of [3, 0.4, 0.01, 0.5, 0.01]) computing.add(size(640, 360), taken);
  assert.ok(Math.abs(computing.expected(size(1280, 720)) - 2) < 1e-9);
});

test("without in-band parameter sets the smallest sufficient level is played, else the largest", () => {
  const levels = [size(320, 180), size(640, 360), size(960, 540)];
  assert.equal(nearestLevel(levels, size(400, 226)), 1);
  assert.equal(nearestLevel(levels, size(640, 360)), 1);
  assert.equal(nearestLevel(levels, size(4000, 2000)), 2);
  assert.equal(nearestLevel([], size(640, 360)), -1);
});
