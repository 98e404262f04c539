import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "../../../bench/serving/fuzz.js";
import { remaining } from "../../support/child-processes.js";

test("1,500 malformed requests: no 5xx that is not meant, no file outside of the root, no crash", async () => {
  const { statuses, faults } = await fuzz(1500, 7);
  assert.deepEqual(faults, []);
  // The generator reaches what is there as well as what is not.
  for (const status of ["200", "400", "404"])
    assert.ok((statuses[status] ?? 0) > 50, JSON.stringify(statuses));
  assert.equal(await remaining("ffmpeg"), 0);
});
