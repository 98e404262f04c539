import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes } from "../../../protocol/format-bytes.js";

test("formatBytes uses decimal units with three significant digits", () => {
  assert.deepEqual([0, 734_003, 999_600, 12_345_678].map(formatBytes), ["0 B", "734 kB", "1 MB", "12.3 MB"]);
});
