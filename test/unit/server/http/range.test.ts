import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRange } from "../../../../server/http/range.js";

test("one range is honored, multiple or malformed ranges are ignored, and a range past the end is unsatisfiable", () => {
  const part = (first: number, last: number) => ({ kind: "part", first, last });
  assert.deepEqual(parseRange("bytes=0-0", 100), part(0, 0));
  assert.deepEqual(parseRange("bytes=10-19", 100), part(10, 19));
  assert.deepEqual(parseRange("bytes=90-", 100), part(90, 99));
  assert.deepEqual(parseRange("bytes=90-1000", 100), part(90, 99));
  assert.deepEqual(parseRange("bytes=-10", 100), part(90, 99));
  assert.deepEqual(parseRange("bytes=-1000", 100), part(0, 99));
  for (const header of [
    undefined,
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=5-4",
    "bytes=a-b",
    "bytes=0-1,3-4",
    "items=0-1",
  ]) {
    assert.deepEqual(parseRange(header, 100), { kind: "whole" }, header);
  }
  for (const header of ["bytes=100-", "bytes=100-200", "bytes=-0"]) {
    assert.deepEqual(parseRange(header, 100), { kind: "unsatisfiable" }, header);
  }
});
