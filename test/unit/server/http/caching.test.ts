import assert from "node:assert/strict";
import { test } from "node:test";
import { versionPolicy } from "../../../../server/http/caching.js";

test("only the current version is immutable, and others are stale", () => {
  assert.equal(versionPolicy("a", "a"), "immutable");
  assert.equal(versionPolicy(undefined, "a"), "revalidate");
  assert.equal(versionPolicy("b", "a"), "stale");
  assert.equal(versionPolicy("", "a"), "stale");
});
