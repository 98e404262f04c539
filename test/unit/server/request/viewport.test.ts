import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestError } from "../../../../server/errors.js";
import { formatRegion, parseRegion } from "../../../../server/request/region.js";
import { formatSize, largestSize, parseVideoSize } from "../../../../server/request/size.js";
import {
  elasticViewport,
  parseVideoViewport,
  resolutionLadder,
  viewportPath,
} from "../../../../server/request/viewport.js";

const SOURCE = { width: 640, height: 360 };
const LIMITS = { minSide: 16, maxSide: 8192, maxArea: 4096 * 2304 };
const FRAME_RATE = { num: 25, den: 1 };

const parseSize = (text: string, region = SOURCE) => parseVideoSize(text, region, LIMITS, FRAME_RATE);
const canonicalSize = (text: string, region = SOURCE) => formatSize(parseSize(text, region), region);
const canonicalRegion = (text: string) => formatRegion(parseRegion(text, SOURCE), SOURCE);
const assertRejected = (code: string, run: () => unknown) =>
  assert.throws(run, (error) => error instanceof RequestError && error.code === code);

test("every form of a size has one canonical spelling with even sides", () => {
  for (const [text, canonical] of [
    ["max", "640,360"],
    ["640,", "640,360"],
    [",360", "640,360"],
    ["640,360", "640,360"],
    ["^640,360", "640,360"],
    ["!640,640", "640,360"],
    ["!6400,6400", "640,360"],
    ["pct:50", "320,180"],
    ["319,", "320,180"],
    ["101,57", "102,58"],
    ["100,", "100,56"],
    ["^1280,", "^1280,720"],
    ["^!1920,1080", "^1920,1080"],
    ["^!7680,4320", "^4096,2304"],
    ["^pct:200", "^1280,720"],
    ["^max", "^4096,2304"],
  ] as const) {
    assert.equal(canonicalSize(text), canonical, text);
  }
  assert.equal(canonicalSize("max", { width: 641, height: 33 }), "642,34");
});

test("invalid sizes are rejected with a code", () => {
  for (const text of [
    "",
    "full",
    "0x5",
    "640",
    "640,360,",
    ",",
    "-5,",
    "1e3,",
    "640.5,",
    "%7Bsize%7D",
    "{size}",
    "^^640,",
    "pct:",
    "pct:-1",
    "12345678,",
  ]) {
    assertRejected("bad-size", () => parseSize(text));
  }
  for (const text of ["0,", "15,15", "8,8", "1,", "16,9", "pct:0"]) {
    assertRejected("size-too-small", () => parseSize(text));
  }
  for (const text of ["642,", "640,362", "pct:101"]) {
    assertRejected("upscale-needs-caret", () => parseSize(text));
  }
  for (const text of ["^8194,16", "^8192,8192", "^9999999,9999999"]) {
    assertRejected("size-too-large", () => parseSize(text));
  }
  const highFrameRate = { num: 1000, den: 1 };
  assertRejected("size-too-large", () => parseVideoSize("^4096,2304", SOURCE, LIMITS, highFrameRate));
});

test("the largest size keeps the aspect ratio within the limits", () => {
  assert.deepEqual(largestSize(SOURCE, LIMITS, { upscale: true }), { width: 4096, height: 2304 });
  assert.deepEqual(largestSize(SOURCE, LIMITS), { width: 640, height: 360 });
  const tall = largestSize({ width: 100, height: 9000 }, LIMITS);
  assert.ok(tall.height <= 8192 && tall.height >= 8190 && tall.width % 2 === 0);
});

test("every form of a region is cropped to the frame and has one canonical spelling", () => {
  for (const [text, canonical] of [
    ["full", "full"],
    ["0,0,640,360", "full"],
    ["0,0,9999,9999", "full"],
    ["pct:0,0,100,100", "full"],
    ["square", "140,0,360,360"],
    ["600,300,100,100", "600,300,40,60"],
    ["pct:25,50,50,25", "160,180,320,90"],
    ["pct:99.99,99.99,0.001,0.001", "639,359,1,1"],
  ] as const) {
    assert.equal(canonicalRegion(text), canonical, text);
  }
});

test("invalid regions are rejected", () => {
  for (const text of [
    "",
    "half",
    "1,2,3",
    "1,2,3,4,5",
    "-1,0,10,10",
    "0,0,0,10",
    "640,0,10,10",
    "0,360,1,1",
    "1.5,0,10,10",
    "pct:100,0,10,10",
    "pct:0,0,0,0",
    "pct:-1,0,1,1",
    "1e2,0,1,1",
    "9999999999,0,1,1",
  ]) {
    assertRejected("bad-region", () => parseRegion(text, SOURCE));
  }
});

test("the path of a viewport escapes the caret and parses to the same viewport", () => {
  const video = { ...SOURCE, frameRate: FRAME_RATE };
  const viewport = parseVideoViewport({ region: "square", size: "^720," }, video, LIMITS);
  assert.deepEqual(viewport, {
    region: { x: 140, y: 0, width: 360, height: 360 },
    width: 720,
    height: 720,
  });
  const path = viewportPath(viewport, SOURCE);
  assert.equal(path, "140,0,360,360/%5E720,720");
  const [region, size] = decodeURIComponent(path).split("/");
  assert.deepEqual(parseVideoViewport({ region, size }, video, LIMITS), viewport);
});

test("the ladder descends from the source size at the source's aspect ratio", () => {
  const region = parseRegion("full", SOURCE);
  const ladder = resolutionLadder(region, LIMITS);
  assert.equal(formatSize(ladder[0], region), "640,360");
  assert.ok(ladder.length >= 6);
  ladder.forEach((level, i) => {
    assert.deepEqual(level.region, region);
    assert.ok(level.width % 16 === 0 && level.height % 2 === 0);
    assert.ok(Math.abs(level.height - level.width * (9 / 16)) <= 1);
    if (i > 0) assert.ok(level.width < ladder[i - 1].width);
    const { width, height } = level;
    assert.deepEqual(parseSize(formatSize(level, region)), { width, height });
  });
});

test("the elastic rendition has the largest size that H.264 allows at the frame rate", () => {
  const region = { x: 0, y: 0, ...SOURCE };
  const sizeAt = (num: number) => {
    const { width, height } = elasticViewport(region, LIMITS, { num, den: 1 });
    return { width, height };
  };
  assert.deepEqual(sizeAt(25), largestSize(region, LIMITS, { upscale: true }));
  assert.deepEqual(sizeAt(240), sizeAt(25));
  for (const rate of [480, 720, 1000]) {
    const { width, height } = sizeAt(rate);
    assert.ok(width >= 1280 && Math.abs(width / height - 16 / 9) < 0.01, `${rate}: ${width} x ${height}`);
  }
});
