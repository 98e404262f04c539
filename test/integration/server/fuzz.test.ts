import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "../../../bench/serving/fuzz.js";
import { remainingProcesses } from "../../support/child-processes.js";

test("1,500 malformed requests cause no unexpected 5xx, no access outside the root and no crash", async () => {
  const { statuses, faults } = await fuzz(1500, 7);
  assert.deepEqual(faults, []);
  // The generator reaches existing resources as well as missing ones.
  for (const status of ["200", "400", "404"])
    assert.ok((statuses[status] ?? 0) > 50, JSON.stringify(statuses));
  assert.equal(await remainingProcesses("ffmpeg"), 0);
});
