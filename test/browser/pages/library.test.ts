import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { SieddPlayerElement } from "../../../player/index.js";
import { serve } from "../../../server/index.js";
import { watchFaults } from "../../support/browser.js";
import { EXACT_SECONDS, look, PATIENCE, reach, until, useStage, VIDEO } from "../../support/player-stage.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

describe("the catalog page in Chromium", { concurrency: false, timeout: PATIENCE }, () => {
  const stage = useStage(EXACT_SECONDS, (open) => open.writeVideo("another one", 5));

  test("under a prefix it lists the videos, plays one with sound, and follows the corner", async (t) => {
    const context = await stage.browser.newContext({ viewport: { width: 700, height: 800 } });
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    await page.goto(`${stage.server.url}#video`);
    await page.getByRole("link", { name: "another one", exact: true }).waitFor();
    await page.evaluate(() => {
      window.player = document.querySelector("siedd-player") as SieddPlayerElement;
    });
    await reach(page, 0.5);
    // The list beside it may have changed its box since it began.
    await until(page, () => {
      const { requestedSize, videoWidth, videoHeight } = window.player;
      return videoWidth === requestedSize?.width && videoHeight === requestedSize.height;
    });
    const before = await look(page);
    assert.equal(before.muted, false);
    assert.ok(before.audioBytes > 0, "no sound was decoded");

    const grip = await page.getByRole("button", { name: "Resize the video" }).boundingBox();
    assert.ok(grip !== null);
    const [x, y] = [grip.x + grip.width / 2, grip.y + grip.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 160, y - 90, { steps: 5 });
    await page.mouse.up();
    const narrower = before.requested!.width - 150;
    await until(page, (max) => window.player.videoWidth < max, narrower);
    // What is asked for follows the box once it rests.
    await until(page, () => {
      const { width, height } = window.player.requestedSize!;
      return document.querySelector("#size")!.textContent === `${width}×${height}`;
    });
    assert.match((await page.locator("#facts").textContent()) ?? "", /320 × 180/);
    assert.deepEqual(faults, []);
  });

  test("plays under a strict content security policy", async (t) => {
    const context = await stage.browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    const policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; media-src blob:";
    await page.route(stage.server.url, async (route) => {
      const response = await route.fetch();
      await route.fulfill({
        response,
        headers: { ...response.headers(), "content-security-policy": policy },
      });
    });
    await page.goto(stage.server.url);
    await page.evaluate(() => {
      window.player = document.querySelector("siedd-player") as SieddPlayerElement;
    });
    await reach(page, 0.3);
    assert.deepEqual(faults, []);
  });

  test("each video of the list shows a frame of itself", async (t) => {
    const context = await stage.browser.newContext({ viewport: { width: 1200, height: 1400 } });
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    await page.goto(stage.server.url);
    await page.waitForFunction(
      () =>
        document.querySelectorAll("#videos img.poster").length === 3 &&
        [...document.querySelectorAll<HTMLImageElement>("#videos img.poster")].every(
          ({ naturalWidth }) => naturalWidth > 0,
        ),
    );
    const shown = await page
      .locator("#videos img.poster")
      .evaluateAll((posters) =>
        (posters as HTMLImageElement[]).map(({ src, naturalWidth, naturalHeight }) => [
          new URL(src).pathname,
          naturalWidth,
          naturalHeight,
        ]),
      );
    assert.deepEqual(shown, [
      ["/videos/another%20one/full/320,180/frame-2666.jpg", 320, 180],
      ["/videos/video/full/320,180/frame-2000.jpg", 320, 180],
      ["/videos/silent/full/320,180/frame-2000.jpg", 320, 180],
    ]);
    assert.deepEqual(faults, []);
  });

  test("another video is chosen by its link, and the address names it", async (t) => {
    const context = await stage.browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(stage.server.url);
    await page.getByRole("link", { name: "video", exact: true }).click();
    await page.waitForFunction(() =>
      document.querySelector("siedd-player")?.getAttribute("src")?.endsWith("/video"),
    );
    assert.match(page.url(), /\/videos\/#video$/);
    assert.equal(await page.locator("h1").textContent(), "video");
  });

  test("without JavaScript the list is there, with posters and an address for other players", async (t) => {
    const context = await stage.browser.newContext({ javaScriptEnabled: false });
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(stage.server.url);
    assert.deepEqual(await page.locator("#videos .label").allTextContents(), [
      "another one",
      "video",
      "silent",
    ]);
    assert.match(
      (await page.locator("#videos .about").first().textContent()) ?? "",
      /0:08 · 320 × 180 · \d+ kB/,
    );
    const playlist = page.getByRole("link", { name: "HLS playlist of another one" });
    const address = new URL((await playlist.getAttribute("href")) ?? "", stage.server.url);
    assert.equal((await fetch(address)).headers.get("content-type"), "application/vnd.apple.mpegurl");
    assert.ok(await page.locator("noscript p").isVisible());
  });

  test("names that look like markup are text, and an empty folder says what to do", async (t) => {
    const root = await tempFolder(t);
    const server = await serve({ root, port: 0 });
    t.after(() => server.close());
    const read = async () => (await fetch(server.url, { headers: { accept: "text/html" } })).text();
    assert.match(await read(), /There is no video here yet/);
    await writeFile(join(root, '<b onclick="x">&$&.siedd'), syntheticAsset(VIDEO));
    await writeFile(join(root, "<i>broken.siedd"), "no asset at all, but long enough for one");
    const html = await read();
    assert.match(html, /<span class="label">&lt;b onclick=&quot;x&quot;&gt;&amp;\$&amp;<\/span>/);
    assert.match(html, /<strong>&lt;i&gt;broken\.siedd<\/strong>/);
  });

  test("what the server does is drawn each second, and not asked for while the page is hidden", async (t) => {
    // At a size that has not been computed before.
    const context = await stage.browser.newContext({ viewport: { width: 1110, height: 900 } });
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    let asked = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/stats.json")) asked++;
    });
    await page.goto(`${stage.server.url}#another%20one`);
    await page.waitForFunction(() => Number(document.getElementById("rate")?.textContent) > 0);
    await page.waitForFunction(() => /^\d+ %$/.test(document.getElementById("hits")!.textContent!));
    assert.match((await page.locator("#caches").textContent()) ?? "", /Segments in memory.* of 268 MB/);
    await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>("#chart canvas")!;
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value, i) => i % 4 === 0 && value > 200 && data[i + 3]! > 100 && data[i + 2]! < 80);
    });
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { configurable: true, value: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    const before = asked;
    await page.waitForTimeout(1500);
    assert.equal(asked, before);
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { configurable: true, value: false });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    while (asked === before) await page.waitForEvent("request");
    assert.deepEqual(faults, []);
  });

  test("what puts a video into another page can be copied", async (t) => {
    const context = await stage.browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(`${stage.server.url}#another%20one`);
    await page.getByText("Put it into your page").click();
    await page.locator("#element", { hasText: "another%20one" }).waitFor();
    for (const [name, says] of [
      ["element", /<siedd-player src="http.*\/videos\/another%20one"><\/siedd-player>$/],
      ["frame", /^<iframe src="http.*\/videos\/player\/embed\/another%20one"/],
      ["hls", /^http.*\/videos\/another%20one\/master\.m3u8$/],
    ] as const) {
      await page.locator(`[data-copy="${name}"]`).click();
      await page.getByText("Copied.").waitFor();
      // The word may still be there from the one before.
      await page.waitForFunction(async (rule) => rule.test(await navigator.clipboard.readText()), says);
    }
  });

  test("it is accessible, light and dark, wide and narrow", async (t) => {
    const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
    for (const [colorScheme, width] of [
      ["dark", 1280],
      ["light", 390],
    ] as const) {
      const context = await stage.browser.newContext({ colorScheme, viewport: { width, height: 800 } });
      t.after(() => context.close());
      const page = await context.newPage();
      await page.goto(`${stage.server.url}#video`);
      await page.getByText("Put it into your page").click();
      await page.locator("#server").waitFor();
      await page.locator("#facts").getByText("320 × 180").waitFor();
      await page.addScriptTag({ path: axe });
      const violations = await page.evaluate(async () => {
        const { axe: checker } = window as unknown as { axe: typeof import("axe-core") };
        // The player's own parts have tests of their own.
        const found = await checker.run({ exclude: [["siedd-player"]] });
        return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
      });
      assert.deepEqual(violations, [], `${colorScheme}, ${width} wide`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${overflow} pixels too wide at ${width}`);
    }
  });
});
