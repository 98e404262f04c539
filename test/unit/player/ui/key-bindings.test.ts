import assert from "node:assert/strict";
import { test } from "node:test";
import { commandForKey } from "../../../../player/ui/key-bindings.js";

test("keys have the same commands as in well-known players, and keys with Ctrl are left to the browser", () => {
  const command = (key: string, ctrlKey = false) =>
    commandForKey({ key, ctrlKey, altKey: false, metaKey: false });
  assert.deepEqual(command(" "), { type: "toggle" });
  assert.deepEqual(command("K"), { type: "toggle" });
  assert.deepEqual(command("ArrowRight"), { type: "seek-by", seconds: 5 });
  assert.deepEqual(command("5"), { type: "seek-to", fraction: 0.5 });
  assert.equal(command("f", true), null);
  assert.equal(command("toString"), null);
});
