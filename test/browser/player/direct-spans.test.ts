import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { memorySource, openAsset, payloadRanges } from "../../../codec/internal.js";
import { painted, showsFrame } from "../../support/canvas.js";
import { playerMarkup, TEST_TIMEOUT_MS, useStage, VIDEO, waitFor } from "../../support/player-stage.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

/** So large that the first request does not contain the groups that the tests seek to. */
const ASSET = syntheticAsset({
  ...VIDEO,
  widths: [16],
  spans: [
    { group: 0, level: 3, tiles: [0, 1, 2, 8, 9] },
    { group: 0, level: 2, tiles: [3, 4] },
    { group: 4, level: 2, tiles: [5, 6, 7] },
    { group: 4, level: 1, tiles: [10, 11] },
    { group: 6, level: 1, tiles: [12] },
  ],
});

describe("direct mode with spans in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(undefined, ({ folder }) => writeFile(join(folder, "spans.siedd"), ASSET));

  /** Opens the video and returns the byte ranges that its player requests from now on. */
  const open = async (t: { after(end: () => unknown): void }, preload: string) => {
    const ranges: string[] = [];
    const watch = async (page: Page) => {
      page.on("request", (request) => {
        const { range } = request.headers();
        if (request.url().endsWith("/asset")) ranges.push(range ?? "none");
      });
    };
    const markup = playerMarkup("width: 320px", `mode="direct" preload="${preload}"`, "spans");
    const { page, faults } = await stage.page(t, markup, { prepare: watch });
    await painted(page, "320x180");
    return { page, faults, ranges };
  };

  const seek = (page: Page, seconds: number) =>
    page.evaluate((time) => {
      window.player.currentTime = time;
    }, seconds);

  test("a seek fetches the group and exactly the spans that it needs, each once", async (t) => {
    const { groups } = await openAsset(memorySource(ASSET));
    const { page, faults, ranges } = await open(t, "metadata");
    const fetched = ranges.length;
    await seek(page, 7.48);
    await showsFrame(page, `${stage.server.url}spans/full/320,180/frame-7480.png`);
    const starts = ranges.slice(fetched).map((range) => Number(/\d+/.exec(range)![0]));
    const expected = payloadRanges(groups[7]!).map(({ offset }) => offset);
    // The span of the first group is in the start of the file.
    assert.deepEqual(
      starts.sort((a, b) => a - b),
      expected.filter((offset) => offset > groups[0]!.offset),
    );
    assert.ok(expected.length === 4);
    await seek(page, 6.48);
    await showsFrame(page, `${stage.server.url}spans/full/320,180/frame-6480.png`);
    assert.deepEqual(ranges.slice(fetched + starts.length).length, 1);
    assert.deepEqual(faults, []);
  });

  test("playing from the start takes one request per group", async (t) => {
    const { page, ranges } = await open(t, "auto");
    await waitFor(page, () => window.player.buffered.length === 1 && window.player.buffered.end(0) > 7.9);
    assert.equal(new Set(ranges).size, ranges.length);
    assert.ok(ranges.length <= 9, `${ranges.length} requests for eight groups: ${ranges}`);
    for (const milliseconds of [1480, 3000, 5480, 7960]) {
      await seek(page, milliseconds / 1000);
      await showsFrame(page, `${stage.server.url}spans/full/320,180/frame-${milliseconds}.png`);
    }
  });
});
