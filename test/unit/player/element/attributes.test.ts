import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { parseCap, parseMode, parseQuality, parseSource } from "../../../../player/element/attributes.js";

const captureWarnings = (t: TestContext): string[] => {
  const warnings: string[] = [];
  t.mock.method(console, "warn", (text: string) => warnings.push(text));
  return warnings;
};

test("an invalid attribute warns once, names the rule, and falls back", (t) => {
  const warnings = captureWarnings(t);
  assert.equal(parseMode("direct-ish"), "server");
  assert.equal(parseCap("max-width", "12.5"), Number.POSITIVE_INFINITY);
  assert.equal(parseCap("max-height", "wide"), Number.POSITIVE_INFINITY);
  assert.equal(parseSource("http://", "http://host/"), null);
  assert.equal(parseQuality("8"), "auto");
  assert.equal(warnings.length, 5);
  assert.match(warnings[0]!, /mode="direct-ish".*auto, server, direct.*using "server"/);
  assert.match(warnings[1]!, /max-width="12.5".*integer >= 16/);
});

test("valid attributes cause no warning", (t) => {
  const warnings = captureWarnings(t);
  assert.equal(parseMode("server"), "server");
  assert.equal(parseMode("direct"), "direct");
  assert.equal(parseMode(null), "server");
  assert.equal(parseCap("max-width", "640"), 640);
  assert.equal(parseQuality("333"), 333);
  assert.equal(parseSource("../movie/?x#y", "http://host/videos/page/"), "http://host/videos/movie");
  assert.equal(parseSource("", "http://host/"), null);
  assert.deepEqual(warnings, []);
});
