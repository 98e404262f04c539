import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { playerMarkup, TEST_TIMEOUT_MS, useStage, waitFor } from "../../support/player-stage.js";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Returns the WCAG AA rules that the player violates, with the violating elements. */
async function violations(page: Page): Promise<string[]> {
  return page.evaluate(async (levels) => {
    interface Result {
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
    }
    const { axe } = window as unknown as { axe: { run(selector: string, options: object): Promise<Result> } };
    const results = await axe.run("siedd-player", { runOnly: { type: "tag", values: levels } });
    return results.violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
    );
  }, LEVELS);
}

const inside = (page: Page, selector: string) => page.locator("siedd-player").locator(selector);
/** Returns the class of the focused element in the player. */
const focusedClass = (page: Page) =>
  page.evaluate(() => (window.player.shadowRoot!.activeElement as HTMLElement | null)?.className ?? "");

describe("accessibility in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  let axe: string;
  const markup = playerMarkup("width: 800px", "muted");
  const stage = useStage(undefined, async () => {
    axe = await readFile(AXE, "utf8");
  });
  const open = async (t: Parameters<typeof stage.page>[0], html = markup) => {
    const opened = await stage.page(
      t,
      `<html lang="en"><title>Video</title><main><h1>Video</h1>${html}</main>`,
    );
    await waitFor(opened.page, () => window.player.readyState >= 2);
    await opened.page.evaluate(axe);
    return opened;
  };

  test("axe finds no WCAG AA violation: paused, zoomed, with the menu, with the help, in Arabic", async (t) => {
    const { page } = await open(t);
    assert.deepEqual(await violations(page), [], "paused");
    await page.evaluate(() => {
      window.player.zoom = 2;
    });
    await inside(page, ".settings-button").click();
    await inside(page, ".menu").waitFor();
    assert.deepEqual(await violations(page), [], "zoomed, with the menu");
    await page.keyboard.press("Enter");
    assert.deepEqual(await violations(page), [], "with the quality menu");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.keyboard.press("s");
    assert.deepEqual(await violations(page), [], "with statistics");
    await page.keyboard.press("?");
    assert.deepEqual(await violations(page), [], "with the help");
    await page.keyboard.press("Escape");
    await page.evaluate(() => {
      window.player.lang = "ar";
    });
    await inside(page, '.play[aria-label="تشغيل"]').waitFor();
    assert.deepEqual(await violations(page), [], "in Arabic");
  });

  for (const context of [{ forcedColors: "active" }, { contrast: "more" }] as const) {
    test(`${Object.entries(context).flat().join(" ")}: sliders have enough contrast, and captions do not overlap the controls`, async (t) => {
      const { page } = await stage.page(t, markup.replace("muted", ""), { context });
      await waitFor(page, () => window.player.readyState >= 2);
      await page.evaluate(() => {
        window.player.volume = 0.5;
        window.player.currentTime = 4;
        const track = window.player.addTextTrack("subtitles", "English", "en");
        track.addCue(new VTTCue(0, 8, "Hello"));
        track.mode = "showing";
      });
      await inside(page, ".captions span").waitFor();
      await waitFor(page, () => !window.player.seeking);
      for (const slider of [".seek", ".volume"]) {
        const { data, info } = await sharp(await inside(page, slider).screenshot())
          .removeAlpha()
          .raw()
          .toBuffer({ resolveWithObject: true });
        const luminance = (x: number, y: number) => {
          const offset = 3 * (Math.floor(info.height * y) * info.width + Math.floor(info.width * x));
          const [r, g, b] = [...data.subarray(offset, offset + 3)].map((value) => (value / 255) ** 2.2);
          return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
        };
        const background = luminance(0.25, 0.05);
        const track = luminance(0.25, 0.5);
        // WCAG 2.2, 1.4.11 Non-text Contrast.
        const contrast = (Math.max(background, track) + 0.05) / (Math.min(background, track) + 0.05);
        assert.ok(contrast >= 3, `${slider} has a contrast of ${contrast.toFixed(1)}`);
      }
      const caption = (await inside(page, ".captions span").boundingBox())!;
      const controls = (await inside(page, ".controls").boundingBox())!;
      assert.ok(caption.y + caption.height <= controls.y, "the caption overlaps the controls");
    });
  }

  test("Tab moves the focus through the controls in order, and the focus is visible", async (t) => {
    const { page } = await open(t);
    const order: string[] = [];
    await page.keyboard.press("Tab");
    for (let i = 0; i < 12; i++) {
      const name = await focusedClass(page);
      if (name === "") break;
      order.push(name);
      const ring = await page.evaluate(() => {
        const element = window.player.shadowRoot!.activeElement!;
        const after = getComputedStyle(element, "::after").borderTopStyle;
        return getComputedStyle(element).outlineStyle !== "none" || after === "solid";
      });
      assert.ok(ring, `${name} has no visible focus`);
      await page.keyboard.press("Tab");
    }
    const expected = ["stage", "big-play", "seek", "mute", "volume", "zoom-tool", "settings-button"];
    assert.deepEqual(
      order.filter((name) => expected.includes(name)),
      expected,
    );
    assert.equal(order.at(-1), "fullscreen");
  });

  test("the menu works with the keyboard and returns the focus", async (t) => {
    const { page } = await open(t);
    await page.evaluate(() =>
      window.player.shadowRoot!.querySelector<HTMLElement>(".settings-button")!.focus(),
    );
    await page.keyboard.press("Enter");
    await inside(page, ".menu").waitFor();
    await page.keyboard.press("ArrowDown");
    assert.match(
      (await page.evaluate(() => window.player.shadowRoot!.activeElement!.textContent)) ?? "",
      /^Speed/,
    );
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => window.player.playbackRate), 1.25);
    assert.equal(await inside(page, ".menu").isHidden(), true);
    assert.equal(await focusedClass(page), "settings-button");

    // A custom height.
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.type("137");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => window.player.quality), 137);
    await waitFor(page, () => window.player.requestedSize?.height === 138);
    assert.equal(await page.evaluate(() => window.player.currentTime), 0, "typed digits must not seek");
  });

  test("keys step frames, change the speed and open the help", async (t) => {
    const { page } = await open(t);
    await page.evaluate(() => window.player.shadowRoot!.querySelector<HTMLElement>(".stage")!.focus());
    await page.keyboard.press("5");
    await waitFor(page, () => window.player.currentTime === 4);
    await page.keyboard.press(".");
    await waitFor(page, () => Math.abs(window.player.currentTime - 4.04) < 1e-3);
    await page.keyboard.press(",");
    await waitFor(page, () => Math.abs(window.player.currentTime - 4) < 1e-3);
    await page.keyboard.press(">");
    assert.equal(await page.evaluate(() => window.player.playbackRate), 1.25);
    await page.keyboard.press("<");
    await page.keyboard.press("<");
    assert.equal(await page.evaluate(() => window.player.playbackRate), 0.75);
    await page.keyboard.press("?");
    assert.match((await inside(page, ".help").textContent()) ?? "", /Play or pause.*Picture-in-picture/);
    await page.keyboard.press("k");
    assert.equal(
      await page.evaluate(() => window.player.paused),
      true,
      "keys do not play while the help is open",
    );
    await page.keyboard.press("?");
    assert.equal(await inside(page, ".help").isHidden(), true);
  });

  test("uses the language of the page, right to left in Arabic, and translations that a page adds", async (t) => {
    const { page } = await open(t, `<div lang="de-AT">${markup}</div>`);
    const label = () => inside(page, ".settings-button").getAttribute("aria-label");
    const waitForLabel = (settings: string) =>
      inside(page, `.settings-button[aria-label="${settings}"]`).waitFor();
    const direction = () =>
      page.evaluate(() => window.player.shadowRoot!.querySelector<HTMLElement>(".stage")!.dir);
    await waitForLabel("Einstellungen");
    assert.equal(await direction(), "ltr");
    await page.evaluate(() => {
      window.player.lang = "ar";
    });
    await waitForLabel("الإعدادات");
    assert.equal(await direction(), "rtl");
    await inside(page, ".settings-button").click();
    await inside(page, ".menu").waitFor();
    await page.keyboard.press("Enter");
    // The size is isolated, so that the width comes first.
    await inside(page, ".menu")
      .getByText(/\u2066800 × 450\u2069/)
      .waitFor();
    await page.keyboard.press("Escape");
    await page.evaluate(async () => {
      const { addTranslation } = await import(new URL("player/siedd-player.js", location.href).href);
      addTranslation("tlh", { settings: "DuH" });
      window.player.lang = "tlh";
    });
    assert.equal(await label(), "DuH");
    assert.equal(await inside(page, "button.play").getAttribute("aria-label"), "Play");
  });

  test("an error message is shown in the viewer's language, and `error.message` is in English", async (t) => {
    const { page } = await stage.page(
      t,
      `<main lang="fr">${markup.replace('src="video"', 'src="none"')}</main>`,
    );
    const panel = inside(page, ".error");
    await waitFor(page, () => window.player.error !== null);
    const { message, reason, code } = await page.evaluate(() => {
      const { message, reason, code } = window.player.error!;
      return { message, reason, code };
    });
    assert.match(message, /^No video found at http:.*\/videos\/none\. Check the address\.$/);
    assert.deepEqual({ reason, code }, { reason: "video-not-found", code: 4 });
    const waitForMessage = (start: string) =>
      waitFor(
        page,
        (text) =>
          window.player.shadowRoot!.querySelector(".error:not([hidden]) p")!.textContent!.startsWith(text),
        start,
      );
    await waitForMessage("Aucune vidéo trouvée");
    await page.evaluate(() => {
      window.player.lang = "ar";
    });
    await waitForMessage("لم يُعثر على فيديو");
    assert.equal(await panel.getByRole("button").textContent(), "إعادة المحاولة");
    // The URL is isolated, so that its parts stay in order.
    assert.match((await panel.textContent()) ?? "", /\u2068http:[^\u2069]*\/none\u2069/);
    await page.evaluate(axe);
    assert.deepEqual(await violations(page), [], "with an error");
  });

  test("the seek bar shows the thumbnail under the pointer", async (t) => {
    const { page, faults } = await open(t);
    const box = (await inside(page, ".seek").boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.8, box.y + box.height / 2);
    const thumbnail = inside(page, ".preview-thumbnail");
    await thumbnail.waitFor();
    assert.match(
      await thumbnail.evaluate((element) => getComputedStyle(element).backgroundImage),
      /storyboard-0\.jpg\?v=/,
    );
    assert.equal(await inside(page, ".preview-time").textContent(), "0:06");
    await page.mouse.move(10, 10);
    await inside(page, ".preview").waitFor({ state: "hidden" });
    assert.deepEqual(faults, []);
  });

  test("captions are drawn by the player, not by the browser", async (t) => {
    const { page } = await open(t);
    await page.evaluate(() => {
      const track = window.player.addTextTrack("subtitles", "Deutsch", "de");
      track.addCue(new VTTCue(0, 8, "Guten <i>Tag</i>"));
    });
    await inside(page, ".captions-button").click();
    await inside(page, ".captions i").waitFor();
    assert.equal(await inside(page, ".captions").textContent(), "Guten Tag");
    assert.equal(await page.evaluate(() => window.player.textTracks[0]!.mode), "showing");
    await page.keyboard.press("c");
    assert.equal(await inside(page, ".captions").textContent(), "");
  });

  test("the Media Session has the title and poster of the video", async (t) => {
    const { page } = await open(t, markup.replace("src=", 'video-title="A video" src='));
    await page.evaluate(() => window.player.play());
    await waitFor(page, () => navigator.mediaSession.metadata?.title === "A video");
    assert.match(
      await page.evaluate(() => navigator.mediaSession.metadata!.artwork[0]!.src),
      /\/videos\/video\/full\/.*frame-\d+\.jpg/,
    );
    await page.evaluate(() => window.player.remove());
    await waitFor(page, () => navigator.mediaSession.metadata === null);
  });
});
