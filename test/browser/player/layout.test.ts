import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import type {} from "../../../player/define.js";
import { type Stage, TEST_TIMEOUT_MS, useStage, waitFor } from "../../support/player-stage.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

const TITLE = "A title";
/** A video with one caption of two lines over its whole length. */
const writeCaptioned = ({ folder }: Stage) =>
  writeFile(
    join(folder, "captioned.siedd"),
    syntheticAsset({
      widths: [4],
      groups: [25, 25],
      text: [
        { language: "eng", cues: [{ start: 0, end: 2000, text: "A caption\nof two lines", settings: "" }] },
      ],
    }),
  );

/** Returns the visible rectangles of the elements that match the selectors, by selector. */
const rectangles = (page: Page, ...selectors: string[]) =>
  page.evaluate(
    (names) =>
      Object.fromEntries(
        names.flatMap((name) => {
          const { left, top, right, bottom } = window.player
            .shadowRoot!.querySelector(name)!
            .getBoundingClientRect();
          return right > left ? [[name, { left, top, right, bottom }]] : [];
        }),
      ),
    selectors,
  );

describe("the layout of the controls in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(1, writeCaptioned);
  const open = async (t: Parameters<typeof stage.page>[0], width: number) => {
    const markup = `<siedd-player src="captioned" muted video-title="${TITLE}" style="width: ${width}px"></siedd-player>`;
    const opened = await stage.page(t, markup);
    await waitFor(opened.page, () => window.player.readyState >= 2);
    return opened.page;
  };

  for (const width of [160, 234, 320, 640]) {
    test(`${width} px: play is shown once at rest, nothing overlaps, and a menu has at least two rows`, async (t) => {
      const page = await open(t, width);
      const atRest = await rectangles(
        page,
        ".big-play",
        "button.play",
        ".seek",
        ".title",
        ".fullscreen",
        ".stage",
      );
      assert.ok(
        atRest[".big-play"] !== undefined && atRest["button.play"] === undefined,
        "play is shown once",
      );
      assert.ok(atRest[".big-play"].bottom <= atRest[".seek"]!.top, "the seek bar crosses the play button");
      assert.ok(width < 234 || atRest[".title"] !== undefined, "the title is shown");
      await page.evaluate(async () => {
        await window.player.play();
        window.player.pause();
      });
      await waitFor(page, () => window.player.paused);
      const { ".row": row, ".stage": whole } = await rectangles(page, ".row", ".stage");
      const buttons = await page.evaluate(() =>
        [...window.player.shadowRoot!.querySelectorAll(".row > *")]
          .map((element) => element.getBoundingClientRect())
          .filter((rectangle) => rectangle.width > 0)
          .map(({ left, right }) => ({ left, right })),
      );
      assert.ok(
        row!.bottom <= whole!.bottom && buttons.every(({ left, right }) => left >= 0 && right <= width),
      );
      await page.locator("siedd-player .settings-button").click();
      const rows = page.locator("siedd-player .menu [role=menuitem]");
      await rows.first().waitFor();
      const menu = (await rectangles(page, ".menu"))[".menu"]!;
      const shown = await rows.evaluateAll(
        (items, bottom) => items.filter((item) => item.getBoundingClientRect().bottom <= bottom).length,
        menu.bottom,
      );
      assert.ok(shown >= (width < 234 ? 2 : 3), `${shown} rows`);
    });
  }

  test("statistics never cover captions, and the title follows its attribute", async (t) => {
    const page = await open(t, 320);
    await page.evaluate(() => {
      [...window.player.textTracks].find(({ kind }) => kind !== "metadata")!.mode = "showing";
      window.player.loop = true;
      return window.player.play();
    });
    await page.locator("siedd-player .captions p").waitFor();
    await page.locator("siedd-player .stage").focus();
    await page.keyboard.press("s");
    await page.locator("siedd-player .stats").waitFor();
    const { ".stats": stats, ".captions p": caption } = await rectangles(page, ".stats", ".captions p");
    assert.ok(
      stats!.bottom <= caption!.top,
      `statistics end at ${stats!.bottom}, captions start at ${caption!.top}`,
    );
    const title = page.locator("siedd-player .title");
    assert.equal(await title.textContent(), TITLE);
    await page.evaluate(() => window.player.removeAttribute("video-title"));
    assert.equal(await title.isVisible(), false);
  });
});
