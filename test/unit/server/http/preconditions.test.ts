import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluatePreconditions, ifRangeMatches } from "../../../../server/http/preconditions.js";

const lastModified = Date.UTC(2024, 4, 1, 12, 0, 0, 750);
const current = { etag: '"abc"', lastModified };
/** Returns the HTTP date that is a number of seconds after the last modification. */
const at = (seconds: number) =>
  new Date(Math.floor(lastModified / 1000) * 1000 + seconds * 1000).toUTCString();

test("If-None-Match wins over If-Modified-Since and compares weakly", () => {
  const evaluate = (headers: Record<string, string>) => evaluatePreconditions(headers, current);
  assert.equal(evaluate({}), "proceed");
  assert.equal(evaluate({ "if-none-match": '"abc"' }), "not-modified");
  assert.equal(evaluate({ "if-none-match": 'W/"abc"' }), "not-modified");
  assert.equal(evaluate({ "if-none-match": '"x", "abc"' }), "not-modified");
  assert.equal(evaluate({ "if-none-match": '"a,b", W/"abc"' }), "not-modified");
  assert.equal(evaluate({ "if-none-match": "*" }), "not-modified");
  assert.equal(evaluate({ "if-none-match": '"other"', "if-modified-since": at(10) }), "proceed");
  assert.equal(evaluate({ "if-modified-since": at(0) }), "not-modified");
  assert.equal(evaluate({ "if-modified-since": at(-1) }), "proceed");
  assert.equal(evaluate({ "if-modified-since": "yesterday" }), "proceed");
});

test("If-Match compares strongly and wins over If-Unmodified-Since", () => {
  const evaluate = (headers: Record<string, string>) => evaluatePreconditions(headers, current);
  assert.equal(evaluate({ "if-match": '"abc"' }), "proceed");
  assert.equal(evaluate({ "if-match": 'W/"abc"' }), "failed");
  assert.equal(evaluate({ "if-match": '"other"' }), "failed");
  assert.equal(evaluate({ "if-match": "*" }), "proceed");
  assert.equal(evaluate({ "if-unmodified-since": at(-1) }), "failed");
  assert.equal(evaluate({ "if-unmodified-since": at(0) }), "proceed");
  assert.equal(evaluate({ "if-match": '"abc"', "if-unmodified-since": at(-1) }), "proceed");
});

test("If-Range matches only the strong ETag or the exact date", () => {
  assert.equal(ifRangeMatches(undefined, current), true);
  assert.equal(ifRangeMatches('"abc"', current), true);
  assert.equal(ifRangeMatches('W/"abc"', current), false);
  assert.equal(ifRangeMatches('"old"', current), false);
  assert.equal(ifRangeMatches(at(0), current), true);
  assert.equal(ifRangeMatches(at(1), current), false);
  assert.equal(ifRangeMatches("nonsense", current), false);
});
