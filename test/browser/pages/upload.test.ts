import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { SieddPlayerElement } from "../../../player/index.js";
import { serve } from "../../../server/index.js";
import { launchBrowser, watchFaults } from "../../support/browser.js";
import { ffmpeg, lavfi } from "../../support/odd-videos.js";
import { TEST_TIMEOUT_MS, waitFor } from "../../support/player-stage.js";
import { tempFolder } from "../../support/temp-folder.js";

/** Drops files with these contents on the page. */
const drop = (
  page: Page,
  files: readonly { readonly name: string; readonly base64: string }[],
): Promise<void> =>
  page.evaluate((dropped) => {
    const dataTransfer = new DataTransfer();
    for (const { name, base64 } of dropped) {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      dataTransfer.items.add(new File([bytes], name));
    }
    for (const type of ["dragover", "drop"]) {
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }
  }, files);

describe("uploads in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  test("a dropped video appears and plays, a file that is no video is explained, and the keyboard can choose", async (t) => {
    const root = await tempFolder(t);
    const folder = await tempFolder(t);
    const video = join(folder, "first clip.mp4");
    await ffmpeg(...lavfi("testsrc=s=128x72:r=8:d=2"), "-c:v", "libx264", "-pix_fmt", "yuv420p", video);
    const base64 = (await readFile(video)).toString("base64");
    const server = await serve({ root, port: 0, upload: true });
    t.after(() => server.close());
    const page = await browser.newPage({ viewport: { width: 900, height: 700 } });
    t.after(() => page.close());
    const faults = watchFaults(page);
    await page.goto(server.url);

    await page.getByRole("region", { name: "Upload" }).waitFor();
    const notes = Buffer.from("no video\n".repeat(50)).toString("base64");
    await drop(page, [
      { name: "notes.mp4", base64: notes },
      { name: "first clip.mp4", base64 },
    ]);
    const rows = page.getByRole("list", { name: "Uploads" }).getByRole("listitem");
    await rows.filter({ hasText: /notes\.mp4 is (a text file|not a video)/ }).waitFor();
    await page.getByRole("link", { name: "added" }).waitFor();
    await page.locator("#videos").getByRole("link", { name: "first clip", exact: true }).waitFor();
    assert.deepEqual(await readFile(join(root, "first clip.mp4"), "base64"), base64);

    const other = join(folder, "other.mkv");
    await writeFile(other, await readFile(video));
    const input = page.getByLabel(/Drop videos anywhere/);
    await input.focus();
    await input.setInputFiles(other);
    await page.locator("#videos").getByRole("link", { name: "other", exact: true }).waitFor();
    assert.deepEqual((await readdir(root)).sort(), [".siedd", "first clip.mp4", "other.mkv"]);
    assert.deepEqual(await readdir(join(root, ".siedd/uploads")), []);

    await page.getByRole("link", { name: "added" }).first().click();
    await page.waitForURL("**/player/video/first%20clip");
    await page.evaluate(() => {
      window.player = document.querySelector("siedd-player") as SieddPlayerElement;
      void window.player.play();
    });
    await waitFor(page, () => window.player.currentTime > 0.3 && window.player.videoWidth > 0);
    // The response that rejects the notes.
    assert.deepEqual(
      faults.filter((fault) => !/422/.test(fault)),
      [],
    );
  });

  test("who may not upload sees no upload", async (t) => {
    const root = await tempFolder(t);
    const server = await serve({
      root,
      port: 0,
      upload: true,
      authorize: (_request, _video, action) => action === "view",
    });
    t.after(() => server.close());
    const page = await browser.newPage();
    t.after(() => page.close());
    await page.goto(server.url);
    await page.locator("#library").waitFor();
    assert.equal(await page.locator("#upload").count(), 0);
  });
});
