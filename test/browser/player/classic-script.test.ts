import assert from "node:assert/strict";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import fastifyStatic from "@fastify/static";
import fastify from "fastify";
import { watchFaults } from "../../support/browser.js";
import { TEST_TIMEOUT_MS, useStage, VIDEO, waitFor, waitForTime } from "../../support/player-stage.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

const BUILT = join(import.meta.dirname, "../../../player/web");

const HTML = `<!doctype html><html lang="de"><title>Video</title><link rel="icon" href="data:,">
<script src="siedd-player.iife.js"></script>
<siedd-player src="video.siedd" style="width: 320px" muted></siedd-player></html>`;

/** Serves the page, the video and some files of the player. A missing file is a 404, or the page again. */
async function fileHost(t: TestContext, files: readonly string[], missing: 404 | "page"): Promise<string> {
  const root = await tempFolder(t);
  await writeFile(join(root, "index.html"), HTML);
  await writeFile(join(root, "video.siedd"), syntheticAsset({ ...VIDEO, groups: [25, 25, 25] }));
  for (const name of files) await copyFile(join(BUILT, name), join(root, name));
  const app = fastify({ forceCloseConnections: true });
  await app.register(fastifyStatic, { root });
  if (missing === "page") app.setNotFoundHandler((_request, reply) => reply.sendFile("index.html"));
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  t.after(() => app.close());
  return url;
}

describe("the classic script on a static host, in Chromium", {
  concurrency: false,
  timeout: TEST_TIMEOUT_MS,
}, () => {
  const stage = useStage();
  for (const [scenario, files, missing, worker] of [
    [
      "with the worker script beside it",
      ["siedd-player.iife.js", "siedd-decoder.js"],
      404,
      /\/siedd-decoder\.js$/,
    ],
    ["without the worker script", ["siedd-player.iife.js"], 404, /^blob:/],
    [
      "without the worker script, on a host that serves its page for missing files",
      ["siedd-player.iife.js"],
      "page",
      /^blob:/,
    ],
  ] as const) {
    test(`${scenario}: decodes the video in the browser, in the language of the page`, async (t) => {
      const host = await fileHost(t, files, missing);
      const context = await stage.browser.newContext();
      t.after(() => context.close());
      const page = await context.newPage();
      const faults = watchFaults(page);
      await page.goto(host);
      await page.evaluate(() => {
        window.player = document.querySelector("siedd-player")!;
        return window.player.play();
      });
      await waitFor(page, () => window.player.videoWidth === 320);
      await waitForTime(page, 1.2);
      assert.equal(await page.evaluate(() => window.player.transport), "direct");
      assert.equal(await page.evaluate(() => window.player.error), null);
      const workers = page.workers().map((workerHandle) => workerHandle.url());
      assert.ok(workers.length > 0 && workers.every((url) => worker.test(url)), `${workers}`);
      await page.locator('siedd-player .settings-button[aria-label="Einstellungen"]').waitFor();
      const unexpected = faults.filter((fault) => files.length > 1 || !/404/.test(fault));
      assert.deepEqual(unexpected, []);
    });
  }
});
