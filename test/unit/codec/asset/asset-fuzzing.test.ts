import assert from "node:assert/strict";
import { test } from "node:test";
import { AssetChecker } from "../../../../bench/fuzzing/check-asset.js";
import { fuzzAssets, readCorpus } from "../../../../bench/fuzzing/fuzz-assets.js";
import { decodeCost } from "../../../../codec/decode/cost.js";
import { fullRegion, memorySource, openAsset } from "../../../../codec/internal.js";

test("2,500 hostile assets end in time, within the memory, and with a result or a SieddError", async () => {
  const { outcomes, faults } = await fuzzAssets(2500, 5);
  assert.deepEqual(faults, []);
  // Changes reach the parser of the tables as well as that of the groups.
  for (const outcome of ["ok", "bad-asset", "truncated-asset", "unsupported-version", "corrupt-group"])
    assert.ok((outcomes[outcome] ?? 0) > 20, JSON.stringify(outcomes));
});

test("the assets of the corpus end as they must", async () => {
  const checker = new AssetChecker();
  const outcomes: Record<string, string> = {};
  for (const kind of ["valid", "hostile"] as const) {
    for (const [name, asset] of await readCorpus(kind)) {
      const { outcome, faults } = await checker.check(asset, true);
      assert.deepEqual(faults, [], name);
      outcomes[name] = outcome;
    }
  }
  assert.deepEqual(outcomes, {
    "paper-factors.siedd": "ok",
    "paper-patches.siedd": "ok",
    "paper.siedd": "ok",
    "tile-described.siedd": "ok",
    "tile-encoder.siedd": "ok",
    "tile-spans.siedd": "ok",
    "tile-widths.siedd": "ok",
    "tile.siedd": "ok",
    "fast-rate.siedd": "bad-asset",
    "fuzz-slow-1.siedd": "expensive",
    "fuzz-slow-2.siedd": "bad-asset",
  });
});

test("a small image of patches costs about as much as a full-size one, and only its own frame", async () => {
  const hostile = await readCorpus("hostile");
  const asset = await openAsset(memorySource(hostile.get("fuzz-slow-1.siedd")!));
  const cost = decodeCost(
    asset,
    { region: fullRegion(asset), width: 16, height: 16 },
    { frames: 1, groups: 1 },
  );
  const pixels = asset.width * asset.height;
  assert.ok(cost > pixels && cost < 2.5 * pixels, `${cost / pixels} samples per pixel`);
});
