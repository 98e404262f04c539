import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import type {} from "../../../player/define.js";
import { playerMarkup, TEST_TIMEOUT_MS, useStage } from "../../support/player-stage.js";

const PANELS = /\/player\/siedd-panels-[^/]*\.js$/;

const openSettings = (page: Page) =>
  page.evaluate(() => window.player.shadowRoot!.querySelector<HTMLElement>(".settings-button")!.click());

describe("panels that load on demand in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(2);

  test("load when the viewer first needs them, and again after a failure", async (t) => {
    let offline = true;
    const prepare = (page: Page) =>
      page.route(PANELS, (route) => (offline ? route.abort() : route.continue()));
    const { page, requests } = await stage.page(t, playerMarkup("width: 320px"), { prepare });
    await page.waitForFunction(() => window.player.info !== null);
    assert.equal(requests.filter((path) => PANELS.test(path)).length, 0, "loaded before it was needed");
    await openSettings(page);
    const toast = page.locator("siedd-player .toast");
    await toast.getByText("Cannot reach the server").waitFor();
    offline = false;
    await openSettings(page);
    await page.locator("siedd-player .menu").getByText("Speed").waitFor();
    assert.equal(await page.locator("siedd-player .menu").isVisible(), true);
  });
});
