import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeCost } from "../../../../codec/decode/cost.js";
import { memorySource, openAsset } from "../../../../codec/index.js";
import { fullRegion } from "../../../../codec/internal.js";
import type { CatalogEntry } from "../../../../server/catalog/catalog.js";
import { imageCost, videoCost } from "../../../../server/render/cost.js";
import type { Video } from "../../../../server/video/video.js";
import { syntheticAsset } from "../../../support/synthetic-asset.js";
import { syntheticPaperAsset } from "../../../support/synthetic-paper.js";

const asset = await openAsset(memorySource(syntheticAsset({ width: 320, height: 180 })));
const video = { ...asset, cost: (size, work) => decodeCost(asset, size, work) } as Pick<Video, "cost">;
const entry = { video } as CatalogEntry;
const viewport = { region: fullRegion(asset), width: 320, height: 180 };
const pixels = 320 * 180;
const opening = (4 * asset.groups.reduce((sum, { size }) => sum + size, 0)) / asset.groups.length;

test("a pixel of H.264 at the size of the source costs about one, HEVC and AVIF cost several times as much", () => {
  const cost = (sampleEntry: "avc1" | "hvc1" | "av01") => videoCost({ entry, viewport, sampleEntry }, 25);
  assert.equal(cost("avc1"), Math.ceil(opening + 25 * 1.1 * pixels));
  assert.equal(cost("hvc1"), Math.ceil(opening + 25 * 3.5 * pixels));
  assert.equal(cost("av01"), Math.ceil(opening + 25 * 1.5 * pixels));
  assert.equal(imageCost({ entry, viewport, format: "jpg" }), Math.ceil(opening + 2 * pixels));
  assert.equal(imageCost({ entry, viewport, format: "avif" }), Math.ceil(opening + 8 * pixels));
  // Every thumbnail of a sheet opens a group.
  assert.equal(
    imageCost({ entry, viewport, format: "jpg", frames: 5 }),
    Math.ceil(5 * (opening + 2 * pixels)),
  );
});

test("a small image of a large region costs the samples that it takes", async () => {
  const huge = await openAsset(memorySource(syntheticAsset({ width: 8192, height: 4096, tileWidth: 0 })));
  const small = { region: fullRegion(huge), width: 16, height: 16 };
  const work = { frames: 1, groups: 0 };
  assert.ok(decodeCost(huge, small, work) > 1_000_000);
  assert.ok(decodeCost(huge, { ...small, region: { ...small.region, width: 16, height: 16 } }, work) === 256);
});

test("patches are evaluated as a whole, for all frames of a group unless few are needed", async () => {
  const paper = await openAsset(memorySource(syntheticPaperAsset({ width: 8192, height: 4096, patch: 3 })));
  const small = { region: fullRegion(paper), width: 16, height: 16 };
  const cost = (frames: number) =>
    decodeCost(paper, small, { frames, groups: 1 }) / (paper.width * paper.height);
  // A group has 3.5 frames on average.
  assert.ok(cost(1) > 2 && cost(1) < 3, `${cost(1)}`);
  assert.ok(cost(2) > 2 * 3.5 && cost(2) < 3 * 3.5, `${cost(2)}`);
  assert.equal(cost(3), cost(2));
  assert.ok(cost(4) > cost(2) && cost(4) < 1.3 * cost(2), `${cost(4)}`);
});
