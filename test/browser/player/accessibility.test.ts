import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { PATIENCE, until, useStage, video } from "../../support/player-stage.js";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Names of the rules of WCAG AA that something on the page breaks, with the parts that do. */
async function broken(page: Page): Promise<string[]> {
  return page.evaluate(async (levels) => {
    interface Result {
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
    }
    const { axe } = window as unknown as { axe: { run(on: string, options: object): Promise<Result> } };
    const { violations } = await axe.run("siedd-player", { runOnly: { type: "tag", values: levels } });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
    );
  }, LEVELS);
}

const inside = (page: Page, selector: string) => page.locator("siedd-player").locator(selector);
/** Class of the element that has the focus within the player. */
const focused = (page: Page) =>
  page.evaluate(() => (window.player.shadowRoot!.activeElement as HTMLElement | null)?.className ?? "");

describe("the player for everybody, in Chromium", { concurrency: false, timeout: PATIENCE }, () => {
  let axe: string;
  const markup = video("width: 800px", "muted");
  const stage = useStage(undefined, async () => {
    axe = await readFile(AXE, "utf8");
  });
  const open = async (t: Parameters<typeof stage.page>[0], html = markup) => {
    const opened = await stage.page(
      t,
      `<html lang="en"><title>Video</title><main><h1>Video</h1>${html}</main>`,
    );
    await until(opened.page, () => window.player.readyState >= 2);
    await opened.page.evaluate(axe);
    return opened;
  };

  test("axe finds nothing against WCAG AA: resting, zoomed, in the menu, in the help, in Arabic", async (t) => {
    const { page } = await open(t);
    assert.deepEqual(await broken(page), [], "resting");
    await page.evaluate(() => {
      window.player.zoom = 2;
    });
    await inside(page, ".settings-button").click();
    assert.deepEqual(await broken(page), [], "zoomed, with the menu");
    await page.keyboard.press("Enter");
    assert.deepEqual(await broken(page), [], "in the menu of qualities");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.keyboard.press("s");
    assert.deepEqual(await broken(page), [], "with statistics");
    await page.keyboard.press("?");
    assert.deepEqual(await broken(page), [], "under the sheet of keys");
    await page.keyboard.press("Escape");
    await page.evaluate(() => {
      window.player.lang = "ar";
    });
    await inside(page, '.play[aria-label="تشغيل"]').waitFor();
    assert.deepEqual(await broken(page), [], "in Arabic");
  });

  for (const context of [{ forcedColors: "active" }, { contrast: "more" }] as const) {
    test(`${Object.entries(context).flat().join(" ")}: position and volume are seen, and captions lie clear of the bar`, async (t) => {
      const { page } = await stage.page(t, markup.replace("muted", ""), { context });
      await until(page, () => window.player.readyState >= 2);
      await page.evaluate(() => {
        window.player.volume = 0.5;
        window.player.currentTime = 4;
        const track = window.player.addTextTrack("subtitles", "English", "en");
        track.addCue(new VTTCue(0, 8, "Hello"));
        track.mode = "showing";
      });
      await inside(page, ".cues span").waitFor();
      await until(page, () => !window.player.seeking);
      for (const bar of [".seek", ".volume"]) {
        const { data, info } = await sharp(await inside(page, bar).screenshot())
          .removeAlpha()
          .raw()
          .toBuffer({ resolveWithObject: true });
        const luminance = (across: number, down: number) => {
          const at = 3 * (Math.floor(info.height * down) * info.width + Math.floor(info.width * across));
          const [r, g, b] = [...data.subarray(at, at + 3)].map((value) => (value / 255) ** 2.2);
          return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
        };
        const background = luminance(0.25, 0.05);
        const track = luminance(0.25, 0.5);
        // WCAG 2.2, 1.4.11.
        const contrast = (Math.max(background, track) + 0.05) / (Math.min(background, track) + 0.05);
        assert.ok(contrast >= 3, `${bar} has a contrast of ${contrast.toFixed(1)}`);
      }
      const caption = (await inside(page, ".cues span").boundingBox())!;
      const controls = (await inside(page, ".controls").boundingBox())!;
      assert.ok(caption.y + caption.height <= controls.y, "a caption lies under the controls");
    });
  }

  test("the focus goes through the controls in their order, and is seen", async (t) => {
    const { page } = await open(t);
    const order: string[] = [];
    await page.keyboard.press("Tab");
    for (let i = 0; i < 12; i++) {
      const at = await focused(page);
      if (at === "") break;
      order.push(at);
      const ring = await page.evaluate(() => {
        const element = window.player.shadowRoot!.activeElement!;
        const after = getComputedStyle(element, "::after").borderTopStyle;
        return getComputedStyle(element).outlineStyle !== "none" || after === "solid";
      });
      assert.ok(ring, `${at} shows no focus`);
      await page.keyboard.press("Tab");
    }
    const expected = ["stage", "big-play", "seek", "play", "mute", "volume", "zoom-tool", "settings-button"];
    assert.deepEqual(
      order.filter((name) => expected.includes(name)),
      expected,
    );
    assert.equal(order.at(-1), "fullscreen");
  });

  test("the menu works by keys alone, and gives the focus back", async (t) => {
    const { page } = await open(t);
    await page.evaluate(() =>
      window.player.shadowRoot!.querySelector<HTMLElement>(".settings-button")!.focus(),
    );
    await page.keyboard.press("Enter");
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
    assert.equal(await focused(page), "settings-button");

    // Any height of one's own.
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.type("137");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => window.player.quality), 137);
    await until(page, () => window.player.requestedSize?.height === 138);
    assert.equal(await page.evaluate(() => window.player.currentTime), 0, "digits typed there seek nothing");
  });

  test("keys step frames, change the speed and open the sheet, as the sheet says", async (t) => {
    const { page } = await open(t);
    await page.evaluate(() => window.player.shadowRoot!.querySelector<HTMLElement>(".stage")!.focus());
    await page.keyboard.press("5");
    await until(page, () => window.player.currentTime === 4);
    await page.keyboard.press(".");
    await until(page, () => Math.abs(window.player.currentTime - 4.04) < 1e-3);
    await page.keyboard.press(",");
    await until(page, () => Math.abs(window.player.currentTime - 4) < 1e-3);
    await page.keyboard.press(">");
    assert.equal(await page.evaluate(() => window.player.playbackRate), 1.25);
    await page.keyboard.press("<");
    await page.keyboard.press("<");
    assert.equal(await page.evaluate(() => window.player.playbackRate), 0.75);
    await page.keyboard.press("?");
    assert.match((await inside(page, ".help").textContent()) ?? "", /Play or pause.*Picture in picture/);
    await page.keyboard.press("k");
    assert.equal(await page.evaluate(() => window.player.paused), true, "the video rests under the sheet");
    await page.keyboard.press("?");
    assert.equal(await inside(page, ".help").isHidden(), true);
  });

  test("speaks the language around it, from right to left where that is written so, and any that a page adds", async (t) => {
    const { page } = await open(t, `<div lang="de-AT">${markup}</div>`);
    const label = () => inside(page, ".settings-button").getAttribute("aria-label");
    const says = (settings: string) => inside(page, `.settings-button[aria-label="${settings}"]`).waitFor();
    const direction = () =>
      page.evaluate(() => window.player.shadowRoot!.querySelector<HTMLElement>(".stage")!.dir);
    await says("Einstellungen");
    assert.equal(await direction(), "ltr");
    await page.evaluate(() => {
      window.player.lang = "ar";
    });
    await says("الإعدادات");
    assert.equal(await direction(), "rtl");
    await inside(page, ".settings-button").click();
    await page.keyboard.press("Enter");
    // Width first, as everywhere: a run of its own.
    await inside(page, ".menu")
      .getByText(/\u2066800 × 450\u2069/)
      .waitFor();
    await page.keyboard.press("Escape");
    await page.evaluate(async () => {
      const { addStrings } = await import(new URL("player/siedd-player.js", location.href).href);
      addStrings("tlh", { settings: "DuH" });
      window.player.lang = "tlh";
    });
    assert.equal(await label(), "DuH");
    assert.equal(await inside(page, "button.play").getAttribute("aria-label"), "Play");
  });

  test("why nothing plays is said in the viewer's language, also when that changes, and to programs in English", async (t) => {
    const { page } = await stage.page(
      t,
      `<main lang="fr">${markup.replace('src="video"', 'src="none"')}</main>`,
    );
    const panel = inside(page, ".error");
    await until(page, () => window.player.error !== null);
    const { message, reason, code } = await page.evaluate(() => {
      const { message, reason, code } = window.player.error!;
      return { message, reason, code };
    });
    assert.match(message, /^There is no video at http:.*\/videos\/none; check the address\.$/);
    assert.deepEqual({ reason, code }, { reason: "video-not-found", code: 4 });
    const says = (start: string) =>
      until(
        page,
        (text) =>
          window.player.shadowRoot!.querySelector(".error:not([hidden]) p")!.textContent!.startsWith(text),
        start,
      );
    await says("Il n’y a pas de video");
    await page.evaluate(() => {
      window.player.lang = "ar";
    });
    await says("لا يوجد فيلم");
    assert.equal(await panel.getByRole("button").textContent(), "إعادة المحاولة");
    // The address is a run of its own, so that its parts stay in their order.
    assert.match((await panel.textContent()) ?? "", /\u2068http:[^\u2069]*\/none\u2069/);
    await page.evaluate(axe);
    assert.deepEqual(await broken(page), [], "with an error");
  });

  test("the bar shows a thumbnail of what is under the pointer", async (t) => {
    const { page, faults } = await open(t);
    const box = (await inside(page, ".seek").boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.8, box.y + box.height / 2);
    const frame = inside(page, ".preview-frame");
    await frame.waitFor();
    assert.match(
      await frame.evaluate((element) => getComputedStyle(element).backgroundImage),
      /storyboard-0\.jpg\?v=/,
    );
    assert.equal(await inside(page, ".preview-time").textContent(), "0:06");
    await page.mouse.move(10, 10);
    await inside(page, ".preview").waitFor({ state: "hidden" });
    assert.deepEqual(faults, []);
  });

  test("captions are drawn in the player's own style, by menu and by key, and never in the browser's", async (t) => {
    const { page } = await open(t);
    await page.evaluate(() => {
      const track = window.player.addTextTrack("subtitles", "Deutsch", "de");
      track.addCue(new VTTCue(0, 8, "Guten <i>Tag</i>"));
    });
    await inside(page, ".captions-button").click();
    await inside(page, ".cues i").waitFor();
    assert.equal(await inside(page, ".cues").textContent(), "Guten Tag");
    assert.equal(await page.evaluate(() => window.player.textTracks[0]!.mode), "hidden");
    await page.keyboard.press("c");
    assert.equal(await inside(page, ".cues").textContent(), "");
  });

  test("the system is told what plays, and where it is", async (t) => {
    const { page } = await open(t, markup.replace("src=", 'video-title="A video" src='));
    await page.evaluate(() => window.player.play());
    await until(page, () => navigator.mediaSession.metadata?.title === "A video");
    assert.match(
      await page.evaluate(() => navigator.mediaSession.metadata!.artwork[0]!.src),
      /\/videos\/video\/full\/.*frame-\d+\.jpg/,
    );
    await page.evaluate(() => window.player.remove());
    await until(page, () => navigator.mediaSession.metadata === null);
  });
});
