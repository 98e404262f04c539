import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { launchBrowser } from "../../support/browser.js";
import { playerMarkup, Stage, TEST_TIMEOUT_MS, VIDEO, waitFor } from "../../support/player-stage.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

/** Enables native track lists in Chromium. WebKit, and so Safari, always has them. */
const NATIVE_TRACK_LISTS = "--enable-blink-features=AudioVideoTracks";

it("plays in browsers with native track lists and has videoRenditions there too", {
  timeout: TEST_TIMEOUT_MS,
}, async (t) => {
  const stage = await Stage.open(t);
  const browser = await launchBrowser(NATIVE_TRACK_LISTS);
  t.after(() => browser.close());
  Object.assign(stage, { browser });
  const { page, faults } = await stage.page(t, playerMarkup("width: 160px"));
  assert.ok(
    await page.evaluate(() => "videoTracks" in HTMLMediaElement.prototype),
    "the browser has no native track lists",
  );
  await waitFor(page, () => window.player.readyState >= 2);
  assert.ok(await page.evaluate(() => window.player.videoRenditions.length > 0));
  assert.equal(await page.evaluate(() => [...window.player.audioTracks].length), 1);
  assert.deepEqual(faults, []);
});

it("lists tracks by their titles, starts with the default ones and offers surround beside stereo", {
  timeout: TEST_TIMEOUT_MS,
}, async (t) => {
  const stage = await Stage.open(t);
  const cues = [{ start: 0, end: 8000, settings: "", text: "EXIT" }];
  const asset = syntheticAsset({
    ...VIDEO,
    audioLabels: [
      { language: "en" },
      { language: "pt-BR", title: "Commentary", default: true },
      { language: "en", downmixOf: 0 },
    ],
    text: [
      { language: "fr", cues },
      { language: "de", title: "Schilder", default: true, forced: true, cues },
    ],
  });
  await writeFile(join(stage.folder, "labeled.siedd"), asset);
  const { page, faults } = await stage.page(t, playerMarkup("width: 320px", "controls", "labeled"));
  await page.evaluate(() => {
    window.player.muted = true;
    return window.player.play();
  });
  await waitFor(page, () => window.player.shadowRoot!.querySelector(".captions")!.textContent === "EXIT");
  const audio = await page.evaluate(() =>
    [...window.player.audioTracks].map(({ label, language, enabled }) => [label, language, enabled]),
  );
  assert.deepEqual(audio, [
    ["English (2.0)", "en", false],
    ["Commentary", "pt-BR", true],
    ["English", "en", false],
  ]);
  const menu = await page.evaluate(async () => {
    const root = window.player.shadowRoot!;
    root.querySelector<HTMLElement>(".settings-button")!.click();
    const items = () => [...root.querySelectorAll<HTMLElement>(".menu [role^=menuitem]")];
    while (items().length === 0) await new Promise(requestAnimationFrame);
    return items().map(({ textContent }) => textContent!.trim());
  });
  assert.ok(
    menu.some((item) => /^Captions.*Schilder$/.test(item)),
    menu.join(),
  );
  assert.ok(
    menu.some((item) => /^Audio.*Commentary$/.test(item)),
    menu.join(),
  );
  assert.deepEqual(faults, []);
});
