import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type BufferedSegment,
  nextReplacement,
  type Playhead,
  shouldYield,
} from "../../../../player/buffer/replacement-plan.js";
import type { Region } from "../../../../player/geometry/region.js";
import type { Size } from "../../../../player/geometry/size.js";

const size = (width: number, height: number): Size => ({ width, height });

/** Ten segments of one second, requested at 640 x 360 and loaded at that size. */
const buffered: BufferedSegment[] = Array.from({ length: 10 }, (_, index) => ({
  index,
  start: index,
  end: index + 1,
  region: null,
  size: size(640, 360),
  exactSize: size(640, 360),
}));
const region: Region = { x: 0, y: 0, width: 320, height: 180 };
const playing: Playhead = {
  currentTime: 2.4,
  paused: false,
  playbackRate: 1,
  bufferedEnd: 7,
  videoEnd: 20,
  loop: false,
};

interface Case {
  readonly segments?: readonly BufferedSegment[];
  readonly exactSize?: Size;
  readonly region?: Region | null;
  readonly loadSeconds?: number;
}

/** Returns the planned replacement as `index at width`, or null. */
const next = (
  { segments = buffered, exactSize = size(854, 480), region = null, loadSeconds = 0.2 }: Case = {},
  playhead: Partial<Playhead> = {},
) => {
  const plan = nextReplacement(
    segments,
    { ...playing, ...playhead },
    {
      exactSize,
      region,
      decodeMargin: 0.5,
      sizeFor: () => exactSize,
      expectedLoadSeconds: () => loadSeconds,
    },
  );
  return plan && `${plan.segment.index} at ${plan.size.width}`;
};

test("after a change of size or region replaces the first segment that can arrive in time", () => {
  assert.equal(next(), "4 at 854");
  assert.equal(next({ loadSeconds: 0.05 }, { currentTime: 2.1 }), "3 at 854");
  assert.equal(next({ exactSize: size(640, 360), region }), "4 at 640");
  assert.equal(next({ loadSeconds: 2 }), "6 at 854");
  assert.equal(next({ loadSeconds: 60 }), null);
  assert.equal(next({}, { playbackRate: 2 }), "4 at 854");
  assert.equal(next({ loadSeconds: 1 }, { playbackRate: 2 }), "7 at 854");
});

test("keeps segments of the requested size, or one that differs by a few pixels", () => {
  assert.equal(next({ exactSize: size(640, 360) }), null);
  assert.equal(next({ exactSize: size(628, 354) }), null);
  const replaced = buffered.map((segment) =>
    segment.index < 6 ? { ...segment, size: size(854, 480), exactSize: size(854, 480) } : segment,
  );
  assert.equal(next({ segments: replaced }), "6 at 854");
});

test("yields to loading ahead while the buffer is low, unless the video is fully buffered or paused", () => {
  assert.equal(next({ loadSeconds: 0 }, { bufferedEnd: 3.8 }), null);
  assert.equal(next({ loadSeconds: 0 }, { bufferedEnd: 3.8, videoEnd: 3.8 }), "4 at 854");
  assert.equal(next({ loadSeconds: 60 }, { bufferedEnd: 3.8, paused: true }), "2 at 854");
  assert.equal(shouldYield({ ...playing, bufferedEnd: 3.3 }), true);
  assert.equal(shouldYield({ ...playing, bufferedEnd: 5 }), false);
  assert.equal(shouldYield({ ...playing, bufferedEnd: 3.3, videoEnd: 3.3 }), false);
  assert.equal(shouldYield({ ...playing, bufferedEnd: 3.3, paused: true }), false);
});

test("replaces segments that a slow network has reduced once nothing is left to load", () => {
  const segments = buffered.map((segment) => ({ ...segment, size: size(320, 180) }));
  const exactSize = size(640, 360);
  const complete = { bufferedEnd: 10, videoEnd: 10 };
  assert.equal(next({ segments, exactSize }), null);
  assert.equal(next({ segments, exactSize }, complete), "4 at 640");
  assert.equal(next({ segments, exactSize, loadSeconds: 3 }, complete), "8 at 640");
  assert.equal(next({ segments, exactSize, loadSeconds: 5 }, complete), null);
  assert.equal(next({ segments, exactSize, loadSeconds: 5 }, { ...complete, loop: true }), "1 at 640");
  assert.equal(next({ segments, exactSize, loadSeconds: 60 }, { paused: true }), "2 at 640");
  assert.equal(next({ segments, exactSize }, { paused: true, bufferedEnd: 5 }), null);
});

test("replaces segments of an older version of the video once nothing is left to load", () => {
  const segments = buffered.map((segment) => ({ ...segment, superseded: segment.index !== 4 }));
  const exactSize = size(640, 360);
  assert.equal(next({ segments, exactSize }), null);
  assert.equal(next({ segments, exactSize }, { bufferedEnd: 10, videoEnd: 10 }), "5 at 640");
  assert.equal(next({ segments, exactSize, loadSeconds: 60 }, { paused: true, bufferedEnd: 10 }), "2 at 640");
});
