import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { syntheticAsset } from "../../../support/synthetic-asset.js";
import { syntheticPaperAsset } from "../../../support/synthetic-paper.js";

test("assets of the paper profile have the golden hashes", () => {
  const low = { rank: 5, frequency: 0, amplitude: 1 };
  const sine = { rank: 4, frequency: 200, amplitude: Math.fround(0.02) };
  for (const [options, hash] of [
    [{}, "2d6f1aaa7e7657d42041a7fe04f911b6cc2fa952133a019befd8e5b9996789c1"],
    [{ patch: 3 }, "7431f71782b71288c0af1a9c21c979db289ffe8559a5accad0cfda9bdc7eeefd"],
    [{ factors: low }, "bdbf7b9c737a4c2f78aaaf7b21b325ccde4263c858535facc6096db61cc7295f"],
    [{ patch: 6, factors: sine }, "4f856ef4dc77c48c579ceab795c28e14bc4ca8d2f8555bbdae839e7382a7d9e3"],
  ] as const) {
    assert.equal(createHash("sha256").update(syntheticPaperAsset(options)).digest("hex"), hash);
  }
});

test("assets of the tile profile have the golden hash", () => {
  const bytes = syntheticAsset({
    width: 101,
    height: 67,
    groups: [3, 2],
    widths: [8, 4, 12, 0, 16],
    encoderWidth: 12,
  });
  assert.equal(
    createHash("sha256").update(bytes).digest("hex"),
    "0cc0793b1c293046dfa1e77f3c156ea04ce9991c988bc056eaedf21b99a26195",
  );
});
