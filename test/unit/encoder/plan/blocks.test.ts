import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_BLOCK_BYTES, planBlocks } from "../../../../encoder/plan/blocks.js";
import { planGroups } from "../../../../encoder/plan/groups.js";

const RATE = { num: 25, den: 1 };

/** Returns the indices of the first and last group of each block. */
function blocks(seconds: number, cuts: readonly number[], maxSpan: number, frameBytes = 1): string {
  const groups = planGroups(25 * seconds, cuts, RATE);
  return planBlocks(groups, maxSpan, frameBytes)
    .map((block) => {
      const { length } = block.groups;
      assert.ok(length <= 2 ** block.level && length > 2 ** (block.level - 1), `level ${block.level}`);
      return `${block.groups[0]!.index}-${block.groups.at(-1)!.index}`;
    })
    .join(" ");
}

test("blocks are aligned in their scene, and as long as the scene and maxSpan allow", () => {
  assert.equal(blocks(16, [], 8), "0-7 8-15");
  assert.equal(blocks(15, [], 8), "0-7 8-14");
  assert.equal(blocks(5, [], 4), "0-3 4-4");
  assert.equal(blocks(5, [], 8), "0-4");
  assert.equal(blocks(3, [], 1), "0-0 1-1 2-2");
  assert.equal(blocks(3, [], 2), "0-1 2-2");
  // The second scene begins with group 3, from which its blocks count.
  assert.equal(blocks(8, [75], 4), "0-2 3-6 7-7");
});

test("blocks are shorter if their frames would take too much memory", () => {
  const groupBytes = MAX_BLOCK_BYTES / 25;
  assert.equal(blocks(8, [], 8, groupBytes), "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7");
  assert.equal(blocks(8, [], 8, groupBytes / 4), "0-3 4-7");
  assert.equal(blocks(8, [], 8, 3 * 640 * 360), "0-7");
  assert.equal(blocks(8, [], 8, 3 * 1280 * 720), "0-3 4-7");
});
