import assert from "node:assert/strict";
import { test } from "node:test";
import { prefersHtml } from "../../../../server/http/accept.js";
import { versionPolicy } from "../../../../server/http/caching.js";
import { evaluatePreconditions, ifRangeMatches } from "../../../../server/http/preconditions.js";
import { parseRange } from "../../../../server/http/range.js";

const lastModified = Date.UTC(2024, 4, 1, 12, 0, 0, 750);
const current = { etag: '"abc"', lastModified };
/** An HTTP date some seconds after the last modification. */
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

test("one range is honored, several or malformed ones are ignored, and one past the end is unsatisfiable", () => {
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

test("a browser prefers HTML, a program JSON", () => {
  assert.equal(prefersHtml("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), true);
  assert.equal(prefersHtml("application/json"), false);
  assert.equal(prefersHtml("*/*"), false);
  assert.equal(prefersHtml(undefined), false);
  assert.equal(prefersHtml("text/html;q=0.1, application/json"), false);
  assert.equal(prefersHtml("text/*"), true);
  assert.equal(prefersHtml("text/html;q=0"), false);
});

test("only the current version is immutable, and others are stale", () => {
  assert.equal(versionPolicy("a", "a"), "immutable");
  assert.equal(versionPolicy(undefined, "a"), "revalidate");
  assert.equal(versionPolicy("b", "a"), "stale");
  assert.equal(versionPolicy("", "a"), "stale");
});
