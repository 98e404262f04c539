import assert from "node:assert/strict";
import { test } from "node:test";
import {
  computeRequestedSize,
  DEFAULT_LIMITS,
  fillRegion,
  fillSize,
  fillsBox,
  isNotableChange,
  resizeDebounceMs,
  type Size,
  sizeParameter,
} from "../../../../player/geometry/size.js";

const video = { width: 1280, height: 720 };
const uncapped = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };
const size = (width: number, height: number) => ({ width, height });
const requested = (box: Size, { limits = DEFAULT_LIMITS, cap = uncapped } = {}) =>
  computeRequestedSize({ box, source: video, limits, cap });

test("requests the size of the frame in its box, without the bars of object-fit: contain", () => {
  assert.deepEqual(requested(size(1000, 1000)), size(1000, 562));
  assert.deepEqual(requested(size(2000, 360)), size(640, 360));
  assert.equal(fillsBox(size(1000, 562.5), video), true);
  assert.equal(fillsBox(size(1000, 600), video), false);
});

test("requests the pixels that object-fit renders", () => {
  const fitted = (box: [number, number], fit: "cover" | "fill" | "none" | "scale-down", cap = uncapped) =>
    computeRequestedSize({ box: size(...box), source: video, limits: DEFAULT_LIMITS, cap, fit });
  assert.deepEqual(fitted([1000, 1000], "cover"), size(1778, 1000));
  assert.deepEqual(fitted([2000, 360], "cover"), size(2000, 1126));
  assert.deepEqual(fitted([1000, 1000], "fill"), size(1000, 1000));
  assert.deepEqual(fitted([300, 200], "none"), size(1280, 720));
  assert.deepEqual(fitted([640, 640], "scale-down"), size(640, 360));
  assert.deepEqual(fitted([4000, 4000], "scale-down"), size(1280, 720));
  assert.deepEqual(fitted([1000, 1000], "cover", size(800, 9999)), size(800, 450));
  assert.deepEqual(fitted([1000, 1000], "fill", size(500, 9999)), size(500, 500));
});

test("requests even sizes within the limits and keeps the aspect ratio", () => {
  for (const width of [17, 99.5, 333, 1001, 7777.7]) {
    const { width: w, height: h } = requested(size(width, width));
    assert.ok(w % 2 === 0 && h % 2 === 0 && w >= 16 && h >= 16, `${w}x${h}`);
    assert.ok(Math.abs(w - Math.max(width, 16)) <= 1, `${w} for ${width}`);
  }
  const limits = { minSide: 16, maxSide: 1000, maxArea: 400_000 };
  const max = requested(size(9000, 9000), { limits });
  assert.ok(max.width * max.height <= limits.maxArea && max.width > 830, `${max.width}x${max.height}`);
  assert.deepEqual(requested(size(3, 3), { limits }), size(16, 16));
});

test("max-width and max-height cap both sides in output pixels", () => {
  assert.deepEqual(requested(size(1280, 720), { cap: size(641, 9999) }), size(640, 360));
  assert.deepEqual(requested(size(1280, 720), { cap: size(9999, 90) }), size(160, 90));
});

test("sizeParameter encodes a caret only above the source size, and fillSize replaces {size}", () => {
  assert.equal(sizeParameter(size(1280, 720), video), "1280,720");
  assert.equal(sizeParameter(size(1282, 720), video), "%5E1282,720");
  assert.equal(sizeParameter(size(640, 722), video), "%5E640,722");
  assert.equal(fillSize("/f/full/{size}/elastic-3.m4s?v=1", "640,360"), "/f/full/640,360/elastic-3.m4s?v=1");
  assert.equal(fillSize("/f/full/%7bsize%7D/elastic-3.m4s", "%5E2,2"), "/f/full/%5E2,2/elastic-3.m4s");
  assert.equal(fillSize("/f/audio-0/seg-1.m4s", "2,2"), "/f/audio-0/seg-1.m4s");
});

test("an odd source size is rounded up to even without a caret", () => {
  assert.equal(sizeParameter(size(854, 480), size(853, 480)), "854,480");
});

test("a resize by a scroll bar waits longer than a notable resize", () => {
  assert.equal(resizeDebounceMs(null, size(640, 360)), 0);
  assert.ok(resizeDebounceMs(size(1280, 720), size(1264, 712)) >= 1000);
  assert.ok(resizeDebounceMs(size(640, 360), size(1280, 720)) <= 200);
  assert.equal(isNotableChange(size(1280, 720), size(1264, 712)), false);
});

test("fillRegion sets the region in elastic segment URLs and no others", () => {
  const url = "/videos/full/full/{size}/elastic-3.m4s?v=1";
  assert.equal(fillRegion(url, "1,2,30,40"), "/videos/full/1,2,30,40/{size}/elastic-3.m4s?v=1");
  assert.equal(fillRegion("/videos/full/elastic/init.mp4", "1,2,30,40"), "/videos/full/elastic/init.mp4");
});
