import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import type {} from "../../../player/define.js";
import { TEST_TIMEOUT_MS, useStage, VIDEO, waitFor } from "../../support/player-stage.js";

const player = (style = "", attributes = "") =>
  `<siedd-player src="video" muted style="${style}" ${attributes}></siedd-player>`;

/** Layouts that give the player no width, and those that limit it. */
const LAYOUTS: Readonly<Record<string, readonly [markup: string, size: string]>> = {
  "flex item": [`<div style="display: flex">${player()}</div>`, "320x180"],
  "flex item of a column": [
    `<div style="display: flex; flex-direction: column; align-items: start">${player()}</div>`,
    "320x180",
  ],
  "inline block": [player("display: inline-block"), "320x180"],
  "child of an inline block": [`<div style="display: inline-block">${player()}</div>`, "320x180"],
  float: [player("float: left"), "320x180"],
  absolute: [player("position: absolute"), "320x180"],
  "table cell": [`<table><tr><td>${player()}</table>`, "320x180"],
  "grid item": [`<div style="display: grid; justify-items: start">${player()}</div>`, "320x180"],
  "float with a height": [player("float: left; height: 90px"), "160x90"],
  "narrow flex container": [`<div style="display: flex; width: 160px">${player()}</div>`, "160x90"],
  block: [player(), "1000x562.5"],
  "block with a width": [player("width: 200px"), "200x112.5"],
};

const layoutSizes = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("siedd-player")].map((element) => {
      const { width, height } = element.getBoundingClientRect();
      return `${width}x${height}`;
    }),
  );

describe("the size and document of the player in Chromium", {
  concurrency: false,
  timeout: TEST_TIMEOUT_MS,
}, () => {
  const stage = useStage();

  test("without a width it has the size of its video, as a video element has, and plays", async (t) => {
    const sections = Object.values(LAYOUTS).map(
      ([markup]) => `<section style="overflow: auto">${markup}</section>`,
    );
    const { page } = await stage.page(t, sections.join(""));
    await waitFor(page, () =>
      [...document.querySelectorAll("siedd-player")].every(({ info }) => info !== null),
    );
    const sizes = await layoutSizes(page);
    const expected = Object.fromEntries(Object.entries(LAYOUTS).map(([name, [, size]]) => [name, size]));
    assert.deepEqual(Object.fromEntries(Object.keys(LAYOUTS).map((name, i) => [name, sizes[i]])), expected);
    await page.evaluate(() => window.player.play());
    await waitFor(page, () => window.player.videoWidth === 320 && window.player.currentTime > 0);
  });

  test("before the video is known it is 300 x 150", async (t) => {
    const { page } = await stage.page(t, player("float: left", 'preload="none"'));
    assert.deepEqual(await layoutSizes(page), ["300x150"]);
  });

  test("with display: none it loads the metadata and plays the audio", async (t) => {
    const { page, requests } = await stage.page(t, player("display: none"));
    await waitFor(page, () => window.player.readyState === HTMLMediaElement.HAVE_METADATA);
    const { duration, videoWidth, videoHeight } = await page.evaluate(() => {
      const { duration, videoWidth, videoHeight } = window.player;
      return { duration, videoWidth, videoHeight };
    });
    assert.deepEqual([duration, videoWidth, videoHeight], [VIDEO.groups.length, VIDEO.width, VIDEO.height]);
    assert.deepEqual(
      requests.filter((path) => /\.(m4s|jpg)$/.test(path)),
      [],
    );
    await page.evaluate(() => window.player.play());
    await waitFor(page, () => window.player.currentTime > 0.3);
    const audioBytes = await page.evaluate(() => {
      const video = window.player.shadowRoot!.querySelector("video")!;
      return (video as HTMLVideoElement & { webkitAudioDecodedByteCount: number })
        .webkitAudioDecodedByteCount;
    });
    assert.ok(audioBytes > 0);
  });

  for (const mode of ["server", "direct"]) {
    test(`${mode} mode: moved into an iframe and a popup it keeps its styles, its position and playing`, async (t) => {
      const frame = '<iframe style="width: 500px; height: 400px"></iframe>';
      const { page, faults } = await stage.page(t, player("width: 320px", `mode="${mode}"`) + frame);
      await page.evaluate(() => window.player.play());
      await waitFor(page, () => window.player.currentTime > 1);
      await page.evaluate(() =>
        document.querySelector("iframe")!.contentDocument!.body.append(window.player),
      );
      const first = await page.evaluate(
        () =>
          new Promise<number>((resolve) =>
            window.player.addEventListener("playing", () => resolve(window.player.currentTime), {
              once: true,
            }),
          ),
      );
      assert.ok(first > 0.7, `continues at ${first} s`);
      await waitFor(page, (start) => window.player.currentTime > start + 0.2, first);
      assert.deepEqual(await moved(page), { width: 320, height: 180, stage: "absolute", paused: false });
      await page.evaluate(() => {
        window.player.pause();
        const popup = window.open("about:blank", "popup", "width=500,height=400")!;
        popup.document.body.append(window.player);
      });
      await waitFor(page, () => window.player.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA);
      assert.deepEqual(await moved(page), { width: 320, height: 180, stage: "absolute", paused: true });
      assert.ok((await page.evaluate(() => window.player.currentTime)) > 0.7);
      assert.deepEqual(faults, []);
    });
  }
});

const moved = (page: Page) =>
  page.evaluate(() => {
    const { player } = window;
    const { width, height } = player.getBoundingClientRect();
    const stage = player.shadowRoot!.querySelector(".stage")!;
    return { width, height, stage: getComputedStyle(stage).position, paused: player.paused };
  });
