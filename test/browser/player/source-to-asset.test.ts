import assert from "node:assert/strict";
import { copyFile, rename, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { RATE, writeGrayVideo } from "../../../bench/switching/gray-video.js";
import { checkShownFrames, type Recording, record, recorded } from "../../../bench/switching/page-viewer.js";
import { watchSwitch } from "../../../bench/switching/watch-switch.js";
import { encode } from "../../../encoder/index.js";
import {
  type PlayerPage,
  playerState,
  type Stage,
  TEST_TIMEOUT_MS,
  useStage,
  waitFor,
  waitForSize,
  waitForTime,
} from "../../support/player-stage.js";
import { waitUntil } from "../../support/wait-until.js";

const SECONDS = 10;

/** Writes a source, and its asset under a hidden name. */
async function writeSource({ folder }: Stage): Promise<void> {
  const source = join(folder, "gray.mp4");
  await writeGrayVideo(source, SECONDS);
  const past = new Date(Date.now() - 60_000);
  await utimes(source, past, past);
  await encode({
    input: source,
    output: join(folder, ".finished.siedd"),
    preset: "draft",
    steps: 600,
    phase1Steps: 200,
  });
  for (const copy of ["direct.mp4", "auto.mp4", "paused.mp4", "clients.mp4"])
    await copyFile(source, join(folder, copy));
}

/** Puts the asset of a source in place, as the encoder does. */
async function finishEncode({ folder }: Stage, id: string): Promise<void> {
  await copyFile(join(folder, ".finished.siedd"), join(folder, `.${id}.siedd`));
  await rename(join(folder, `.${id}.siedd`), join(folder, `${id}.siedd`));
}

const infoOf = async ({ server }: Stage, id: string) =>
  (await fetch(`${server.url}${id}/info.json`)).json() as Promise<{ backend: string; v: string }>;

/** Waits until the server renders the asset. */
async function untilAsset(stage: Stage, id: string): Promise<string> {
  for (;;) {
    const { backend, v } = await infoOf(stage, id);
    if (backend === "asset") return v;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Asserts that each frame was shown at its time, and that no more than one of ten callbacks was late. */
function assertRightTimes(frames: Recording["frames"]): void {
  const { wrong, late } = checkShownFrames(frames);
  assert.deepEqual(wrong, []);
  assert.ok(late <= frames.length / 10, `${late} of ${frames.length} frames are late`);
}

const sourceMarkup = (id: string, attributes = "") =>
  `<siedd-player src="${id}" muted preload="auto" style="width: 240px" ${attributes}></siedd-player>`;

/** Requests of segments with their version, and the Cache-Control of their responses. */
function watchSegments({ page }: PlayerPage) {
  const responses: { v: string | null; cacheControl: string | undefined; status: number }[] = [];
  page.on("response", (response) => {
    const { pathname, searchParams } = new URL(response.url());
    if (!/elastic-\d+\.m4s$/.test(pathname)) return;
    const cacheControl = response.headers()["cache-control"];
    responses.push({ v: searchParams.get("v"), cacheControl, status: response.status() });
  });
  return responses;
}

describe("an asset that replaces its source", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(1, writeSource);

  test("plays on without an error, a stall or a gap, and later requests have the new version", async (t) => {
    const opened = await stage.page(t, sourceMarkup("gray"));
    const { page, faults } = opened;
    const responses = watchSegments(opened);
    const { backend, v: before } = await infoOf(stage, "gray");
    assert.equal(backend, "source");
    await record(page);
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 2);
    await finishEncode(stage, "gray");
    const after = await untilAsset(stage, "gray");
    assert.notEqual(after, before);
    await waitForTime(page, 4);
    await page.evaluate(() => {
      window.player.style.width = "400px";
    });
    await waitForSize(page, "400x226");
    await waitFor(page, () => window.player.ended);
    const { frames, stalls } = await recorded(page);
    assertRightTimes(frames);
    assert.ok(frames.length > SECONDS * RATE * 0.5, `${frames.length} frames shown`);
    // On an idle machine no stall exceeds half a second, which `npm run bench switch` measures.
    const long = stalls.filter(({ afterSeek, milliseconds }) => !afterSeek && milliseconds > 3000);
    assert.deepEqual(long, []);
    const events = await page.evaluate(() => window.playerEvents.map(({ type }) => type));
    assert.ok(!events.includes("error") && !events.includes("emptied"), `${events}`);
    assert.equal((await playerState(page)).ranges, 1);
    assert.deepEqual(faults, []);
    assert.ok(responses.every(({ status }) => status === 200));
    const versions = responses.map(({ v }) => v);
    const superseded = responses.filter(({ cacheControl }) => cacheControl === "no-store");
    assert.ok(superseded.length > 0 && superseded.every(({ v }) => v === before));
    assert.deepEqual([versions[0], versions.at(-1)], [before, after]);
    assert.ok(
      responses.filter(({ v }) => v === after).every(({ cacheControl }) => /immutable/.test(cacheControl!)),
    );
  });

  test("a browser and nine clients play, seek and resize through the switch", async (t) => {
    const { page, faults } = await stage.page(t, sourceMarkup("clients", "loop"));
    await waitFor(page, () => window.player.readyState >= 2);
    const report = await watchSwitch({
      ...{ page, video: `${stage.server.url}clients/`, seconds: SECONDS, clients: 9 },
      ...{
        interval: 1500,
        before: 4,
        after: 8,
        minSegments: 20,
        replace: () => finishEncode(stage, "clients"),
      },
    });
    const { segments, shownFrames, longestStallMs } = report;
    assert.deepEqual(report.faults, [], JSON.stringify(report));
    for (const count of Object.values(segments)) assert.ok(count >= 20, JSON.stringify(report));
    assert.ok(shownFrames > 50, JSON.stringify(report));
    // A busy machine is slow before the switch and after seeks, too.
    const { beforeSwitch, afterSwitch, seeking } = longestStallMs;
    assert.ok(afterSwitch <= Math.max(500, 2 * beforeSwitch, seeking), JSON.stringify(report));
    assert.deepEqual(faults, []);
  });

  test("a paused player that has buffered the source replaces it by the asset after a resize", async (t) => {
    const opened = await stage.page(t, sourceMarkup("paused"));
    const { page } = opened;
    const responses = watchSegments(opened);
    await waitFor(page, () => window.player.buffered.length > 0 && window.player.buffered.end(0) >= 3);
    await finishEncode(stage, "paused");
    const after = await untilAsset(stage, "paused");
    const before = responses.length;
    await page.evaluate(() => {
      window.player.style.width = "400px";
    });
    await waitForSize(page, "400x226");
    await waitUntil(
      () => responses.slice(before).some(({ v }) => v === after),
      "the new version is requested",
    );
    assert.equal((await playerState(page)).error, null);
  });

  for (const mode of ["direct", "auto"]) {
    test(`mode="${mode}" plays a source on the server, without a request for an asset`, async (t) => {
      const { page, faults, requests } = await stage.page(t, sourceMarkup(mode, `mode="${mode}"`));
      await record(page);
      await page.evaluate(() => window.player.play());
      await waitForTime(page, 1.5);
      assert.equal((await playerState(page)).transport, "elastic");
      assertRightTimes((await recorded(page)).frames);
      assert.ok(!requests.some((path) => path.endsWith("/asset")));
      assert.deepEqual(faults, []);
    });
  }
});
