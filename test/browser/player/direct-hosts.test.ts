import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import fastifyStatic from "@fastify/static";
import fastify from "fastify";
import type { Page } from "playwright-core";
import { watchFaults } from "../../support/browser.js";
import {
  playerMarkup,
  TEST_TIMEOUT_MS,
  useStage,
  VIDEO,
  waitFor,
  waitForTime,
} from "../../support/player-stage.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { syntheticPaperAsset } from "../../support/synthetic-paper.js";
import { tempFolder } from "../../support/temp-folder.js";

type Teardown = Pick<TestContext, "after">;

/** Starts a static host of another origin, like an object store. */
async function staticHost(t: Teardown, files: Record<string, Uint8Array>): Promise<string> {
  const root = await tempFolder(t as TestContext);
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(root, name), bytes);
  const app = fastify({ forceCloseConnections: true });
  app.addHook("onRequest", async (_request, reply) => {
    reply.header("access-control-allow-origin", "*");
  });
  await app.register(fastifyStatic, { root });
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  t.after(() => app.close());
  return url;
}

/** Starts a host that ignores Range headers and always sends the complete file. */
async function hostWithoutRanges(t: Teardown, bytes: Uint8Array): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "access-control-allow-origin": "*", "content-length": bytes.length });
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const markup = (src: string, rest = "") => playerMarkup("width: 320px", rest, src);

const waitForError = async (page: Page) => {
  await waitFor(page, () => window.player.error !== null);
  return page.evaluate(() => ({
    reason: window.player.error!.reason,
    message: window.player.error!.message,
  }));
};

const waitForCanvas = (page: Page) =>
  waitFor(page, () => {
    const canvas = window.player.shadowRoot?.querySelector<HTMLCanvasElement>("canvas.decoded");
    return canvas && canvas.style.display !== "none" && canvas.width === 320;
  });

describe("direct mode on static hosts", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage();

  /**
   * Opens a page with this body on a host of its own. Chromium would treat a page that Playwright fulfills as public, and
   * block its requests to this machine.
   */
  async function openPage(t: Teardown, body: string, watch?: (page: Page) => void) {
    const script = `<script type="module" src="${stage.server.url}player/siedd-player.js"></script>`;
    const html = `<!doctype html><link rel="icon" href="data:,">${script}${body}`;
    const host = await staticHost(t, { "index.html": Buffer.from(html) });
    const context = await stage.browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    watch?.(page);
    await page.goto(`${host}/index.html`);
    await page.waitForFunction(() => customElements.get("siedd-player") !== undefined);
    await page.evaluate(() => {
      window.player = document.querySelector("siedd-player")!;
    });
    return { page, faults };
  }

  test("plays a .siedd file from another origin, without cross-origin isolation", async (t) => {
    const host = await staticHost(t, { "video.siedd": syntheticAsset(VIDEO) });
    const rangeRequests: string[] = [];
    const { page, faults } = await openPage(t, markup(`${host}/video.siedd`), (watched) =>
      watched.on("request", (request) => {
        if (request.url().startsWith(host))
          rangeRequests.push(`${request.method()} ${request.headers().range}`);
      }),
    );
    assert.equal(await page.evaluate(() => globalThis.crossOriginIsolated), false);
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 1.2);
    await waitForCanvas(page);
    assert.equal(await page.evaluate(() => window.player.transport), "direct");
    assert.equal(await page.evaluate(() => window.player.duration), VIDEO.groups.length);
    assert.ok(rangeRequests.length <= 9, rangeRequests.join("\n"));
    assert.ok(
      rangeRequests.every((request) => /^GET bytes=\d+-\d+$/.test(request)),
      rangeRequests.join("\n"),
    );
    assert.deepEqual(faults, []);
  });

  test("plays a video without audio to its end", async (t) => {
    const silent = syntheticAsset({ ...VIDEO, tone: 0, groups: [10, 15] });
    const host = await staticHost(t, { "silent.siedd": silent });
    const { page, faults } = await openPage(t, markup(`${host}/silent.siedd`));
    await page.evaluate(() => window.player.play());
    await waitFor(page, () => window.player.ended);
    assert.equal(await page.evaluate(() => window.player.currentTime), 1);
    assert.ok((await page.evaluate(() => window.player.getVideoPlaybackQuality())) !== undefined);
    assert.deepEqual(faults, []);
  });

  test("a player of another origin decodes in a worker from a blob", async (t) => {
    const { page } = await openPage(t, markup(`${stage.server.url}video`, 'mode="direct"'));
    await waitForCanvas(page);
    assert.ok(page.workers().length >= 1);
    assert.ok(
      page.workers().every((worker) => worker.url().startsWith("blob:")),
      page
        .workers()
        .map((worker) => worker.url())
        .join(),
    );
  });

  test("works under a strict CSP: scripts and workers of the page's origin, nothing inline", async (t) => {
    const policy =
      "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; media-src blob:; img-src 'self' data:";
    const { page, faults } = await stage.page(t, "", {
      prepare: (opened) =>
        opened.route("**/stage", (route) =>
          route.fulfill({
            contentType: "text/html",
            headers: { "content-security-policy": policy },
            body: '<!doctype html><link rel="icon" href="data:,"><siedd-player src="video" mode="direct"></siedd-player>',
          }),
        ),
    });
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.5);
    await waitFor(page, () => window.player.videoWidth > 0);
    assert.equal(await page.evaluate(() => window.player.transport), "direct");
    assert.ok(page.workers().every((worker) => worker.url().endsWith("/siedd-decoder.js")));
    assert.deepEqual(faults, []);
  });

  test("reports `no-ranges` for a host without Range support", async (t) => {
    const host = await hostWithoutRanges(t, syntheticAsset({ ...VIDEO, tone: 0 }));
    const { page } = await openPage(t, markup(`${host}/video.siedd`));
    const { reason, message } = await waitForError(page);
    assert.equal(reason, "no-ranges");
    assert.match(message, /does not support Range requests/);
  });

  test("reports a file that is not an asset, does not exist, or has the paper profile", async (t) => {
    const host = await staticHost(t, {
      "text.siedd": Buffer.from("this is text and not a video".repeat(9)),
      "paper.siedd": syntheticPaperAsset(),
    });
    const cases = [
      ["text.siedd", "bad-answer", /not a siedd asset/],
      ["none.siedd", "video-not-found", /No video found at/],
      ["paper.siedd", "server-only", /paper profile.*server/],
    ] as const;
    for (const [name, expected, pattern] of cases) {
      const { page } = await openPage(t, markup(`${host}/${name}`));
      const { reason, message } = await waitForError(page);
      assert.equal(reason, expected);
      assert.match(message, pattern);
    }
  });

  test("skips a damaged group and continues", async (t) => {
    const bytes = Buffer.from(syntheticAsset(VIDEO));
    const { openAsset, memorySource } = await import("../../../codec/internal.js");
    const asset = await openAsset(memorySource(bytes));
    const { offset } = asset.groups[1]!;
    bytes.fill(0x55, offset + 2000, offset + 2040);
    const host = await staticHost(t, { "damaged.siedd": bytes });
    const { page } = await openPage(t, markup(`${host}/damaged.siedd`));
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 2.4);
    const state = await page.evaluate(() => ({
      error: window.player.error,
      dropped: window.player.getVideoPlaybackQuality().droppedVideoFrames,
    }));
    assert.equal(state.error, null);
    assert.ok(state.dropped >= 20, `${state.dropped} frames dropped`);
  });
});
