import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { SieddPlayerElement } from "../../../player/index.js";
import { serve } from "../../../server/index.js";
import { watchFaults } from "../../support/browser.js";
import { ffmpeg, lavfi } from "../../support/odd-videos.js";
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

describe("the library and the pages of videos in Chromium", {
  concurrency: false,
  timeout: TEST_TIMEOUT_MS,
}, () => {
  const stage = useStage(EXACT_SIZE_SECONDS, (open) => open.writeVideo("another one", 5));

  test("lists the videos, plays one with audio, and follows the resize grip", async (t) => {
    const context = await stage.browser.newContext({ viewport: { width: 700, height: 800 } });
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    await page.goto(stage.server.url);
    await page.getByRole("link", { name: "video", exact: true }).click();
    await page.waitForFunction(() => document.querySelector("siedd-player")?.getAttribute("src"));
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
    const address = `${stage.server.url}player/video/video`;
    await page.route(address, async (route) => {
      const response = await route.fetch();
      await route.fulfill({
        response,
        headers: { ...response.headers(), "content-security-policy": policy },
      });
    });
    await page.goto(address);
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
        document.querySelectorAll("#videos .poster img").length === 3 &&
        [...document.querySelectorAll<HTMLImageElement>("#videos .poster img")].every(
          ({ naturalWidth }) => naturalWidth > 0,
        ),
    );
    const shown = await page
      .locator("#videos .poster img")
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

  test("the fragment of an earlier version leads to the page of its video", async (t) => {
    const context = await stage.browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(`${stage.server.url}#another%20one`);
    await page.waitForURL(/\/videos\/player\/video\/another%20one$/);
    assert.equal(await page.locator("h1").textContent(), "another one");
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
    await page.goto(`${stage.server.url}player/video/another%20one`);
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
    await page.goto(`${stage.server.url}player/video/another%20one`);
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
      for (const path of ["", "player/video/video"]) {
        await page.goto(`${stage.server.url}${path}`);
        await page.getByText(path === "" ? "Server load" : "Embed this video").click();
        await page.locator("#rate").waitFor();
        await page.addScriptTag({ path: axe });
        const violations = await page.evaluate(async () => {
          const { axe: checker } = window as unknown as { axe: typeof import("axe-core") };
          // The player has its own accessibility tests.
          const found = await checker.run({ exclude: [["siedd-player"]] });
          return found.violations.map(
            ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`,
          );
        });
        assert.deepEqual(violations, [], `${path}, ${colorScheme}, ${width} wide`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(overflow <= 0, `${overflow} pixels of horizontal overflow of ${path} at ${width}`);
      }
    }
  });

  test("a dropped file appears, is found by a search, and its encode moves and ends in place", async (t) => {
    const root = await tempFolder(t);
    await writeFile(join(root, "first.siedd"), syntheticAsset(VIDEO));
    const encodeOptions = { preset: "draft", workers: 1 } as const;
    const server = await serve({ root, port: 0, encode: "eager", encodeOptions });
    t.after(() => server.close());
    const context = await stage.browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    await page.goto(server.url);
    await page.evaluate(() => {
      document.querySelector("#videos li")!.classList.toggle("seen");
      document.querySelector<HTMLElement>("#videos a.video")!.focus();
    });
    await mkdir(join(root, "Season 1"));
    const clip = join(root, "Season 1", "Café.mp4");
    await ffmpeg(...lavfi("testsrc2=s=64x36:r=12:d=2"), "-pix_fmt", "yuv420p", clip);
    await page.getByRole("link", { name: "Season 1" }).waitFor();
    assert.equal(
      await page.evaluate(() => document.activeElement?.textContent),
      "0:08first",
      "an update keeps the focus",
    );
    await page.getByRole("searchbox").fill("cafe season");
    await page.getByText("1 video found").waitFor();
    assert.deepEqual(await page.locator("#videos .label").allTextContents(), ["Café"]);
    assert.equal(new URL(page.url()).searchParams.get("q"), "cafe season");
    await page.locator("#videos .state", { hasText: /^Asset$/ }).waitFor({ timeout: 60_000 });
    await page.getByRole("link", { name: "Café", exact: true }).click();
    await page.getByText("Encode with this preset").click();
    await page.locator("#about .state", { hasText: /^(Training|Asset, waiting)/ }).waitFor();
    await page.getByText("Cancel encode").click();
    await page.locator("#about .state", { hasText: /^Asset$/ }).waitFor();
    assert.equal(await page.locator("#control-status").textContent(), "");
    await page.getByRole("link", { name: "Season 1" }).click();
    assert.deepEqual(await page.locator("h1").allTextContents(), ["Season 1"]);
    assert.deepEqual(faults, []);
  });
});
