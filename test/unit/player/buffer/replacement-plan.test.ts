import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type BufferedSegment,
  nextReplacement,
  type Playhead,
  shouldYield,
} from "../../../../player/buffer/replacement-plan.js";
import { nearestLevel } from "../../../../player/hls/levels.js";

const size = (width: number, height: number) => ({ width, height });

/** Ten segments of a second, all as they were asked for at 640 x 360. */
const held: BufferedSegment[] = Array.from({ length: 10 }, (_, index) => ({
  ...{ index, start: index, end: index + 1, region: null },
  ...{ size: size(640, 360), exact: size(640, 360) },
}));
const part = { x: 0, y: 0, width: 320, height: 180 };
const playing: Playhead = {
  ...{ currentTime: 2.4, paused: false, playbackRate: 1, bufferedEnd: 7, videoEnd: 20, loop: false },
};
const next = (
  { wide = size(854, 480), region = null as typeof part | null, takes = 0.2, segments = held } = {},
  playhead: Partial<Playhead> = {},
) => {
  const renewal = nextReplacement(
    segments,
    { ...playing, ...playhead },
    { exactSize: wide, region, decodeMargin: 0.5, sizeFor: () => wide, expectedLoadSeconds: () => takes },
  );
  return renewal && `${renewal.segment.index} at ${renewal.size.width}`;
};

test("after a resize or a zoom the first segment that can be there in time is asked for again", () => {
  assert.equal(next(), "4 at 854");
  assert.equal(next({ takes: 0.05 }, { currentTime: 2.1 }), "3 at 854");
  assert.equal(next({ wide: size(640, 360), region: part }), "4 at 640");
  assert.equal(next({ takes: 2 }), "6 at 854");
  assert.equal(next({ takes: 60 }), null);
  assert.equal(next({}, { playbackRate: 2 }), "4 at 854");
  assert.equal(next({ takes: 1 }, { playbackRate: 2 }), "7 at 854");
});

test("what is as wanted, or differs by a few pixels, is not asked for again", () => {
  assert.equal(next({ wide: size(640, 360) }), null);
  assert.equal(next({ wide: size(628, 354) }), null);
  const renewed = held.map((segment) =>
    segment.index < 6 ? { ...segment, size: size(854, 480), exactSize: size(854, 480) } : segment,
  );
  assert.equal(next({ segments: renewed }), "6 at 854");
});

test("where the video is about to run dry, what comes next goes first; not at its end, nor where it rests", () => {
  assert.equal(next({ takes: 0 }, { bufferedEnd: 3.8 }), null);
  assert.equal(next({ takes: 0 }, { bufferedEnd: 3.8, videoEnd: 3.8 }), "4 at 854");
  assert.equal(next({ takes: 60 }, { bufferedEnd: 3.8, paused: true }), "2 at 854");
  assert.equal(shouldYield({ ...playing, bufferedEnd: 3.3 }), true);
  assert.equal(shouldYield({ ...playing, bufferedEnd: 5 }), false);
  assert.equal(shouldYield({ ...playing, bufferedEnd: 3.3, videoEnd: 3.3 }), false);
  assert.equal(shouldYield({ ...playing, bufferedEnd: 3.3, paused: true }), false);
});

test("what a slow link made small comes again at the exact size once nothing is left to load", () => {
  const small = held.map((segment) => ({ ...segment, size: size(320, 180) }));
  const wide = size(640, 360);
  const end = { bufferedEnd: 10, endOfVideo: 10 };
  assert.equal(next({ segments: small, wide }), null);
  assert.equal(next({ segments: small, wide }, end), "4 at 640");
  assert.equal(next({ segments: small, wide, takes: 3 }, end), "8 at 640");
  assert.equal(next({ segments: small, wide, takes: 5 }, end), null);
  assert.equal(next({ segments: small, wide, takes: 5 }, { ...end, loop: true }), "1 at 640");
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
