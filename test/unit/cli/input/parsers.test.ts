import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decimal,
  integer,
  oneOf,
  parseAnchorChoice,
  parseFraction,
  parseFrameRate,
  parseLearningRate,
  parseRegion,
  parseSeconds,
  parseSize,
} from "../../../../cli/input/parsers.js";

test("parses sizes", () => {
  assert.deepEqual(parseSize("640x360"), { width: 640, height: 360 });
  for (const text of ["640", "640x", "0x10", "-5x20", "15x300", "9000x640"])
    assert.throws(() => parseSize(text), text);
});

test("parses regions", () => {
  assert.deepEqual(parseRegion("0,1.5,320,180"), { x: 0, y: 1.5, width: 320, height: 180 });
  for (const text of ["0,0,1", "0,0,0,5", "a,b,c,d", "-1,0,5,5", "0,0,,5"])
    assert.throws(() => parseRegion(text), text);
});

test("parses times in seconds, and with minutes and hours", () => {
  assert.deepEqual(["12.5", "1:02", "1:02:03.5"].map(parseSeconds), [12.5, 62, 3723.5]);
  for (const text of ["", "-1", "1:2:3:4", "1e3"]) assert.throws(() => parseSeconds(text), text);
});

test("parses frame rates as reduced fractions", () => {
  assert.deepEqual(["60", "23.976", "30000/1001"].map(parseFrameRate), [
    { num: 60, den: 1 },
    { num: 2997, den: 125 },
    { num: 30000, den: 1001 },
  ]);
  for (const text of ["0", "0.5", "1001", "60/0", "60 fps", "-25"])
    assert.throws(() => parseFrameRate(text), text);
});

test("parses numbers within their bounds", () => {
  assert.equal(integer(1, 8)("8"), 8);
  for (const text of ["0", "9", "1.5", "1e0", ""]) assert.throws(() => integer(1, 8)(text), text);
  assert.equal(oneOf([1, 3, 6])("3"), 3);
  assert.throws(() => oneOf([1, 3, 6])("2"), /It must be one of 1, 3, 6\./);
  assert.equal(decimal(0.001, 10, "bits per pixel")(".5"), 0.5);
  assert.throws(() => decimal(10, 60, "dB")("9.9"), /It must be from 10 to 60 dB\./);
  assert.equal(parseLearningRate("1e-4"), 1e-4);
  assert.equal(parseFraction("1/512"), 1 / 512);
  for (const text of ["0", "1.1", "1/0", "x"]) assert.throws(() => parseFraction(text), text);
});

test("parses anchor choices", () => {
  assert.equal(parseAnchorChoice("scenes"), "scenes");
  assert.deepEqual(parseAnchorChoice("0,7"), [0, 7]);
  for (const text of ["", "best", "0,", "-1"]) assert.throws(() => parseAnchorChoice(text), text);
});
