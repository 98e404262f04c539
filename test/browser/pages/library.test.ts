import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { SieddPlayerElement } from "../../../player/index.js";
import { serve } from "../../../server/index.js";
import { watchFaults } from "../../support/browser.js";
import {
  EXACT_SIZE_SECONDS,
  playerState,
  TEST_TIMEOUT_MS,
  useStage,
  VIDEO,
  waitFor,
  waitForTime,
} from "../../support/player-stage.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

describe("the catalog page in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(EXACT_SIZE_SECONDS, (open) => open.writeVideo("another one", 5));

  test("lists the videos, plays one with audio, and follows the resize grip", async (t) => {
    const context = await stage.browser.newContext({ viewport: { width: 700, height: 800 } });
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    await page.goto(`${stage.server.url}#video`);
    await page.getByRole("link", { name: "another one", exact: true }).waitFor();
    await page.evaluate(() => {
      window.player = document.querySelector("siedd-player") as SieddPlayerElement;
    });
    await waitForTime(page, 0.5);
    // The layout may have changed since playback started.
    await waitFor(page, () => {
      const { requestedSize, videoWidth, videoHeight } = window.player;
      return videoWidth === requestedSize?.width && videoHeight === requestedSize.height;
    });
    const before = await playerState(page);
    assert.equal(before.muted, false);
    assert.ok(before.audioBytes > 0, "no audio was decoded");

    const grip = await page.getByRole("button", { name: "Resize the video" }).boundingBox();
    assert.ok(grip !== null);
    const [x, y] = [grip.x + grip.width / 2, grip.y + grip.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 160, y - 90, { steps: 5 });
    await page.mouse.up();
    const narrower = before.requested!.width - 150;
    await waitFor(page, (max) => window.player.videoWidth < max, narrower);
    // The requested size follows the box when the drag ends.
    await waitFor(page, () => {
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
    await waitForTime(page, 0.3);
    assert.deepEqual(faults, []);
  });

  test("each video in the list shows a poster", async (t) => {
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
      ["/videos/silent/full/320,180/frame-2000.jpg", 320, 180],
      ["/videos/video/full/320,180/frame-2000.jpg", 320, 180],
    ]);
    assert.deepEqual(faults, []);
  });

  test("a link selects another video and sets the URL", async (t) => {
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

  test("works without JavaScript: a list with posters and HLS playlists", async (t) => {
    const context = await stage.browser.newContext({ javaScriptEnabled: false });
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(stage.server.url);
    assert.deepEqual(await page.locator("#videos .label").allTextContents(), [
      "another one",
      "silent",
      "video",
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

  test("escapes names, and explains an empty catalog", async (t) => {
    const root = await tempFolder(t);
    const server = await serve({ root, port: 0 });
    t.after(() => server.close());
    const read = async () => (await fetch(server.url, { headers: { accept: "text/html" } })).text();
    assert.match(await read(), /There are no videos yet/);
    await writeFile(join(root, '<b onclick="x">&$&.siedd'), syntheticAsset(VIDEO));
    await writeFile(join(root, "<i>broken.siedd"), "no asset at all, but long enough for one");
    const html = await read();
    assert.match(html, /<span class="label">&lt;b onclick=&quot;x&quot;&gt;&amp;\$&amp;<\/span>/);
    assert.match(html, /<strong>&lt;i&gt;broken\.siedd<\/strong>/);
  });

  test("updates the server load every second, but not while the page is hidden", async (t) => {
    // A size that is not cached yet.
    const context = await stage.browser.newContext({ viewport: { width: 1110, height: 900 } });
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    let requestCount = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/stats.json")) requestCount++;
    });
    await page.goto(`${stage.server.url}#another%20one`);
    await page.waitForFunction(() => Number(document.getElementById("rate")?.textContent) > 0);
    await page.waitForFunction(() => /^\d+%$/.test(document.getElementById("cache-hits")!.textContent!));
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
    const before = requestCount;
    await page.waitForTimeout(1500);
    assert.equal(requestCount, before);
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { configurable: true, value: false });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    while (requestCount === before) await page.waitForEvent("request");
    assert.deepEqual(faults, []);
  });

  test("the embed snippets can be copied", async (t) => {
    const context = await stage.browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(`${stage.server.url}#another%20one`);
    await page.getByText("Embed this video").click();
    await page.locator("#element", { hasText: "another%20one" }).waitFor();
    for (const [name, expected] of [
      ["element", /<siedd-player src="http.*\/videos\/another%20one"><\/siedd-player>$/],
      ["iframe", /^<iframe src="http.*\/videos\/player\/embed\/another%20one"/],
      ["hls", /^http.*\/videos\/another%20one\/master\.m3u8$/],
    ] as const) {
      await page.locator(`[data-copy="${name}"]`).click();
      await page.getByText("Copied.").waitFor();
      // The status of the previous copy may still be visible.
      await page.waitForFunction(async (rule) => rule.test(await navigator.clipboard.readText()), expected);
    }
  });

  test("has no accessibility violation, light and dark, wide and narrow", async (t) => {
    const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
    for (const [colorScheme, width] of [
      ["dark", 1280],
      ["light", 390],
    ] as const) {
      const viewport = { width, height: 800 };
      // The policy of the page would refuse the script of axe.
      const context = await stage.browser.newContext({ colorScheme, viewport, bypassCSP: true });
      t.after(() => context.close());
      const page = await context.newPage();
      await page.goto(`${stage.server.url}#video`);
      await page.getByText("Embed this video").click();
      await page.locator("#server").waitFor();
      await page.locator("#facts").getByText("320 × 180").waitFor();
      await page.addScriptTag({ path: axe });
      const violations = await page.evaluate(async () => {
        const { axe: checker } = window as unknown as { axe: typeof import("axe-core") };
        // The player has its own accessibility tests.
        const found = await checker.run({ exclude: [["siedd-player"]] });
        return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
      });
      assert.deepEqual(violations, [], `${colorScheme}, ${width} wide`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${overflow} pixels of horizontal overflow at ${width}`);
    }
  });
});
