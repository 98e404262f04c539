import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "../../../../server/http/stringify.js";

test("serializes as JSON.stringify does, and lets other work run meanwhile", async () => {
  const groups = Array.from({ length: 20_000 }, (_, index) => ({ index, size: undefined }));
  const object = { "a\n": 1, none: undefined, null: null, empty: [], groups, nested: { groups: [1] } };
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const json = await stringify(object);
  await new Promise((resolve) => setTimeout(resolve, 5));
  clearInterval(timer);
  assert.equal(json, JSON.stringify(object));
  assert.ok(turns > 0);
});
