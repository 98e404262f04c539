import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestError } from "../../../../server/errors.js";
import { virtualLadder } from "../../../../server/request/ladder.js";
import { parseRegion } from "../../../../server/request/region.js";
import { largestSize, parseSize } from "../../../../server/request/size.js";

const source = { width: 640, height: 360 };
const limits = { minSide: 16, maxSide: 8192, maxArea: 4096 * 2304 };
const rate = { num: 25, den: 1 };
const size = (text: string, region = source) => parseSize(text, region, limits, rate);
const canonical = (text: string, region = source) => size(text, region).canonical;
const refused = (code: string, run: () => unknown) =>
  assert.throws(run, (error) => error instanceof RequestError && error.code === code);

test("every form of a size ends in one canonical spelling of even sides", () => {
  assert.equal(canonical("max"), "640,360");
  assert.equal(canonical("640,"), "640,360");
  assert.equal(canonical(",360"), "640,360");
  assert.equal(canonical("640,360"), "640,360");
  assert.equal(canonical("^640,360"), "640,360");
  assert.equal(canonical("!640,640"), "640,360");
  assert.equal(canonical("!6400,6400"), "640,360");
  assert.equal(canonical("pct:50"), "320,180");
  assert.equal(canonical("319,"), "320,180");
  assert.equal(canonical("101,57"), "102,58");
  assert.equal(canonical("100,"), "100,56");
  assert.equal(canonical("^1280,"), "^1280,720");
  assert.equal(canonical("^!1920,1080"), "^1920,1080");
  assert.equal(canonical("^pct:200"), "^1280,720");
  assert.equal(canonical("^max"), "^4096,2304");
  assert.equal(canonical("max", { width: 641, height: 33 }), "642,34");
});

test("a size that cannot be is refused with a code", () => {
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
    refused("bad-size", () => size(text));
  }
  for (const text of ["0,", "15,15", "8,8", "1,", "16,9", "pct:0"]) {
    refused("size-too-small", () => size(text));
  }
  refused("upscale-needs-caret", () => size("642,"));
  refused("upscale-needs-caret", () => size("640,362"));
  refused("upscale-needs-caret", () => size("pct:101"));
  refused("size-too-large", () => size("^8194,16"));
  refused("size-too-large", () => size("^8192,8192"));
  refused("size-too-large", () => size("^9999999,9999999"));
  refused("size-too-large", () => parseSize("^4096,2304", source, limits, { num: 1000, den: 1 }));
});

test("the largest size keeps the shape within the limits", () => {
  assert.deepEqual(largestSize(source, limits, true), { width: 4096, height: 2304 });
  assert.deepEqual(largestSize(source, limits, false), { width: 640, height: 360 });
  const tall = largestSize({ width: 100, height: 9000 }, limits, false);
  assert.ok(tall.height <= 8192 && tall.height >= 8190 && tall.width % 2 === 0);
});

test("a region is cropped at the edge and spelled one way", () => {
  const region = (text: string) => parseRegion(text, source).canonical;
  assert.equal(region("full"), "full");
  assert.equal(region("0,0,640,360"), "full");
  assert.equal(region("0,0,9999,9999"), "full");
  assert.equal(region("pct:0,0,100,100"), "full");
  assert.equal(region("square"), "140,0,360,360");
  assert.equal(region("600,300,100,100"), "600,300,40,60");
  assert.equal(region("pct:25,50,50,25"), "160,180,320,90");
  assert.equal(region("pct:99.99,99.99,0.001,0.001"), "639,359,1,1");
});

test("a region that cannot be is refused", () => {
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
    refused("bad-region", () => parseRegion(text, source));
  }
});

test("the ladder goes down from the source in the source's shape", () => {
  const ladder = virtualLadder(source, source, limits);
  assert.equal(ladder[0].canonical, "640,360");
  assert.ok(ladder.length >= 6);
  ladder.forEach((step, i) => {
    assert.ok(step.width % 16 === 0 && step.height % 2 === 0);
    assert.ok(Math.abs(step.height - step.width * (9 / 16)) <= 1);
    if (i > 0) assert.ok(step.width < ladder[i - 1].width);
    assert.equal(size(step.canonical).canonical, step.canonical);
  });
});
