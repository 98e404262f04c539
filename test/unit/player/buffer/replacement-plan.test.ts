import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type BufferedSegment,
  givesWay,
  nextReplacement,
  type Playhead,
} from "../../../../player/buffer/replacement-plan.js";
import {
  DEFAULT_LIMITS,
  fillSize,
  fillsBox,
  isNotableChange,
  computeRequestedSize,
  resizeDebounceMs,
  sizeParameter,
} from "../../../../player/geometry/size.js";
import { nearestLevel } from "../../../../player/hls/levels.js";

const video = { width: 1280, height: 720 };
const uncapped = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };
const size = (width: number, height: number) => ({ width, height });

test("asks for the picture's own box, without the bars of object-fit: contain", () => {
  assert.deepEqual(computeRequestedSize(size(1000, 1000), video, DEFAULT_LIMITS, uncapped), size(1000, 562));
  assert.deepEqual(computeRequestedSize(size(2000, 360), video, DEFAULT_LIMITS, uncapped), size(640, 360));
  assert.equal(fillsBox(size(1000, 562.5), video), true);
  assert.equal(fillsBox(size(1000, 600), video), false);
});

test("asks for the pixels that object-fit draws", () => {
  const of = (box: [number, number], fit: "cover" | "fill" | "none" | "scale-down", cap = uncapped) =>
    computeRequestedSize(size(...box), video, DEFAULT_LIMITS, cap, fit);
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
    const { width: w, height: h } = computeRequestedSize(size(width, width), video, DEFAULT_LIMITS, uncapped);
    assert.ok(w % 2 === 0 && h % 2 === 0 && w >= 16 && h >= 16, `${w}x${h}`);
    assert.ok(Math.abs(w - Math.max(width, 16)) <= 1, `${w} for ${width}`);
  }
  const limits = { minSide: 16, maxSide: 1000, maxArea: 400_000 };
  const max = computeRequestedSize(size(9000, 9000), video, limits, uncapped);
  assert.ok(max.width * max.height <= limits.maxArea && max.width > 830, `${max.width}x${max.height}`);
  assert.deepEqual(computeRequestedSize(size(3, 3), video, limits, uncapped), size(16, 16));
});

test("max-width and max-height cap both sides in output pixels", () => {
  assert.deepEqual(computeRequestedSize(size(1280, 720), video, DEFAULT_LIMITS, size(641, 9999)), size(640, 360));
  assert.deepEqual(computeRequestedSize(size(1280, 720), video, DEFAULT_LIMITS, size(9999, 90)), size(160, 90));
});

test("writes the size into the segment's URL, with an encoded caret only above the source", () => {
  assert.equal(sizeParameter(size(1280, 720), video), "1280,720");
  assert.equal(sizeParameter(size(1282, 720), video), "%5E1282,720");
  assert.equal(sizeParameter(size(640, 722), video), "%5E640,722");
  assert.equal(fillSize("/f/full/{size}/elastic-3.m4s?v=1", "640,360"), "/f/full/640,360/elastic-3.m4s?v=1");
  assert.equal(fillSize("/f/full/%7bsize%7D/elastic-3.m4s", "%5E2,2"), "/f/full/%5E2,2/elastic-3.m4s");
  assert.equal(fillSize("/f/audio-0/seg-1.m4s", "2,2"), "/f/audio-0/seg-1.m4s");
});

test("an odd source may be asked for at the next even size without a caret", () => {
  assert.equal(sizeParameter(size(854, 480), size(853, 480)), "854,480");
});

test("a scroll bar that comes and goes changes nothing at once; a real resize is followed when it rests", () => {
  assert.equal(resizeDebounceMs(null, size(640, 360)), 0);
  assert.ok(resizeDebounceMs(size(1280, 720), size(1264, 712)) >= 1000);
  assert.ok(resizeDebounceMs(size(640, 360), size(1280, 720)) <= 200);
  assert.equal(isNotableChange(size(1280, 720), size(1264, 712)), false);
});

/** Ten segments of a second, all as they were asked for at 640 x 360. */
const held: BufferedSegment[] = Array.from({ length: 10 }, (_, index) => ({
  ...{ index, start: index, end: index + 1, region: null },
  ...{ size: size(640, 360), exact: size(640, 360) },
}));
const part = { x: 0, y: 0, width: 320, height: 180 };
const playing: Playhead = {
  ...{ currentTime: 2.4, paused: false, rate: 1, bufferedEnd: 7, endOfVideo: 20, loops: false },
};
const next = (
  { wide = size(854, 480), region = null as typeof part | null, takes = 0.2, segments = held } = {},
  playhead: Partial<Playhead> = {},
) => {
  const renewal = nextReplacement(
    segments,
    { ...playing, ...playhead },
    { exact: wide, region, margin: 0.5, affordable: () => wide, expected: () => takes },
  );
  return renewal && `${renewal.segment.index} at ${renewal.size.width}`;
};

test("after a resize or a zoom the first segment that can be there in time is asked for again", () => {
  assert.equal(next(), "4 at 854");
  assert.equal(next({ takes: 0.05 }, { currentTime: 2.1 }), "3 at 854");
  assert.equal(next({ wide: size(640, 360), region: part }), "4 at 640");
  assert.equal(next({ takes: 2 }), "6 at 854");
  assert.equal(next({ takes: 60 }), null);
  assert.equal(next({}, { rate: 2 }), "4 at 854");
  assert.equal(next({ takes: 1 }, { rate: 2 }), "7 at 854");
});

test("what is as wanted, or differs by a few pixels, is not asked for again", () => {
  assert.equal(next({ wide: size(640, 360) }), null);
  assert.equal(next({ wide: size(628, 354) }), null);
  const renewed = held.map((segment) =>
    segment.index < 6 ? { ...segment, size: size(854, 480), exact: size(854, 480) } : segment,
  );
  assert.equal(next({ segments: renewed }), "6 at 854");
});

test("where the video is about to run dry, what comes next goes first; not at its end, nor where it rests", () => {
  assert.equal(next({ takes: 0 }, { bufferedEnd: 3.8 }), null);
  assert.equal(next({ takes: 0 }, { bufferedEnd: 3.8, endOfVideo: 3.8 }), "4 at 854");
  assert.equal(next({ takes: 60 }, { bufferedEnd: 3.8, paused: true }), "2 at 854");
  assert.equal(givesWay({ ...playing, bufferedEnd: 3.3 }), true);
  assert.equal(givesWay({ ...playing, bufferedEnd: 5 }), false);
  assert.equal(givesWay({ ...playing, bufferedEnd: 3.3, endOfVideo: 3.3 }), false);
  assert.equal(givesWay({ ...playing, bufferedEnd: 3.3, paused: true }), false);
});

test("what a slow link made small comes again at the exact size once nothing is left to load", () => {
  const small = held.map((segment) => ({ ...segment, size: size(320, 180) }));
  const wide = size(640, 360);
  const end = { bufferedEnd: 10, endOfVideo: 10 };
  assert.equal(next({ segments: small, wide }), null);
  assert.equal(next({ segments: small, wide }, end), "4 at 640");
  assert.equal(next({ segments: small, wide, takes: 3 }, end), "8 at 640");
  assert.equal(next({ segments: small, wide, takes: 5 }, end), null);
  assert.equal(next({ segments: small, wide, takes: 5 }, { ...end, loops: true }), "1 at 640");
  assert.equal(next({ segments: small, wide, takes: 60 }, { paused: true }), "2 at 640");
  assert.equal(next({ segments: small, wide }, { paused: true, bufferedEnd: 5 }), null);
});

test("without in-band parameter sets the smallest sufficient level is played, else the largest", () => {
  const levels = [size(320, 180), size(640, 360), size(960, 540)];
  assert.equal(nearestLevel(levels, size(400, 226)), 1);
  assert.equal(nearestLevel(levels, size(640, 360)), 1);
  assert.equal(nearestLevel(levels, size(4000, 2000)), 2);
  assert.equal(nearestLevel([], size(640, 360)), -1);
});
