import assert from "node:assert/strict";
import { test } from "node:test";

test("importing the player in Node works and registers no element", async () => {
  const { SieddPlayerElement } = await import("../../../player/index.js");
  assert.equal(typeof SieddPlayerElement, "function");
  assert.equal("customElements" in globalThis, false);
});
