import assert from "node:assert/strict";
import { copyFile, rename, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { encode } from "../../../encoder/index.js";
import { ffmpeg, lavfi } from "../../support/odd-videos.js";
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
const RATE = 25;

/** Frames after which the gray levels repeat: not a number of segments, so that two swapped segments differ. */
const PERIOD = 27;
/** The gray of frame n on the screen, from 0 to 255. Neighbors differ by 8. */
const shownGray = (n: number) => ((4 + 7 * (n % PERIOD)) * 255) / 219;

/** A frame that the browser has shown: its time in the video in seconds, and its gray. */
interface ShownFrame {
  readonly time: number;
  readonly gray: number;
}

/** What the page has recorded. */
interface Recording {
  readonly frames: ShownFrame[];
  /** Position in seconds and milliseconds of each stall. */
  readonly stalls: { readonly at: number; readonly milliseconds: number }[];
}

/** Writes a source, and its asset under a hidden name. */
async function writeSource({ folder }: Stage): Promise<void> {
  const source = join(folder, "gray.mp4");
  const frames = lavfi(
    `color=black:s=64x36:r=${RATE}:d=${SECONDS},geq=lum='20+7*mod(N,${PERIOD})':cb=128:cr=128`,
  );
  await ffmpeg(...frames, "-c:v", "libx264", "-qp", "0", "-bf", "3", source);
  const past = new Date(Date.now() - 60_000);
  await utimes(source, past, past);
  await encode({
    input: source,
    output: join(folder, ".finished.siedd"),
    preset: "draft",
    steps: 600,
    phase1Steps: 200,
  });
  for (const copy of ["direct.mp4", "auto.mp4", "clients.mp4"]) await copyFile(source, join(folder, copy));
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

/** Records all frames that the browser shows, and how long playback stalls. */
const record = (page: Page) =>
  page.evaluate(() => {
    const { player } = window;
    const video = player.shadowRoot!.querySelector("video")!;
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })!;
    const recording = { frames: [] as ShownFrame[], stalls: [] as Recording["stalls"][number][] };
    let stalledAt: number | undefined;
    player.addEventListener("waiting", () => {
      stalledAt ??= performance.now();
    });
    player.addEventListener("playing", () => {
      if (stalledAt !== undefined)
        recording.stalls.push({ at: player.currentTime, milliseconds: performance.now() - stalledAt });
      stalledAt = undefined;
    });
    const onFrame: VideoFrameRequestCallback = (_now, { mediaTime }) => {
      canvas.drawImage(video, 0, 0, 1, 1);
      recording.frames.push({ time: mediaTime, gray: canvas.getImageData(0, 0, 1, 1).data[0]! });
      video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
    Object.assign(window, { recording });
  });

const recorded = (page: Page) =>
  page.evaluate(() => (window as unknown as { recording: Recording }).recording);

/**
 * Asserts that each frame was shown at its time. A callback that is late on a busy machine sees one of the next three frames
 * already, which is allowed for one frame of ten.
 */
function assertRightTimes(frames: readonly ShownFrame[]): void {
  const shows = ({ time, gray }: ShownFrame, late: number) =>
    Math.abs(gray - shownGray(Math.round(time * RATE) + late)) <= 4;
  const others = frames.filter((frame) => !shows(frame, 0));
  assert.deepEqual(
    others.filter((frame) => ![1, 2, 3].some((late) => shows(frame, late))),
    [],
  );
  assert.ok(others.length <= frames.length / 10, `${others.length} of ${frames.length} frames are late`);
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
    // At the start, the player waits for the first segment.
    const long = stalls.filter(({ at, milliseconds }) => at > 0.1 && milliseconds > 500);
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

  test("a paused player that has buffered the source replaces it by the asset after a resize", async (t) => {
    const opened = await stage.page(t, sourceMarkup("clients"));
    const { page } = opened;
    const responses = watchSegments(opened);
    await waitFor(page, () => window.player.buffered.length > 0 && window.player.buffered.end(0) >= 3);
    await finishEncode(stage, "clients");
    const after = await untilAsset(stage, "clients");
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
