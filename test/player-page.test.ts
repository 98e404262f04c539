import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { SieddPlayerElement } from "../player/index.js";
import { watchFaults } from "./browser.js";
import { look, reach, Stage } from "./player-stage.js";

describe("the catalogue page in Chromium", { concurrency: false, timeout: 120_000 }, () => {
  let stage: Stage;
  const ends: (() => unknown)[] = [];
  before(async () => {
    stage = await Stage.open({ after: (end) => void ends.unshift(end as () => unknown) });
    await stage.writeFilm("another one", 5);
  });
  after(async () => {
    for (const end of ends) await end();
  });

  test("under a prefix it lists the films, plays one with sound, and follows the corner", async (t) => {
    const context = await stage.browser.newContext({ viewport: { width: 1200, height: 900 } });
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    await page.goto(`${stage.server.url}#film`);
    await page.getByRole("link", { name: "another one" }).waitFor();
    await page.evaluate(() => {
      window.player = document.querySelector("siedd-player") as SieddPlayerElement;
    });
    await reach(page, 0.5);
    const before = await look(page);
    assert.equal(before.muted, false);
    assert.ok(before.soundBytes > 0, "no sound was decoded");
    assert.equal(before.size, `${before.requested?.width}x${before.requested?.height}`);

    const grip = await page.getByRole("button", { name: "Resize the film" }).boundingBox();
    assert.ok(grip !== null);
    const [x, y] = [grip.x + grip.width / 2, grip.y + grip.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 160, y + 90, { steps: 5 });
    await page.mouse.up();
    const wider = before.requested!.width + 150;
    await page.waitForFunction((least) => window.player.videoWidth > least, wider, { timeout: 9000 });
    const { requested } = await look(page);
    assert.equal(
      (await page.locator("#size").textContent()) ?? "",
      `${requested?.width}×${requested?.height}`,
    );
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

  test("each film of the list shows a frame of itself", async (t) => {
    const context = await stage.browser.newContext({ viewport: { width: 1200, height: 1400 } });
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    await page.goto(stage.server.url);
    await page.waitForFunction(
      () =>
        document.querySelectorAll("#films img.poster").length === 2 &&
        [...document.querySelectorAll<HTMLImageElement>("#films img.poster")].every(
          ({ naturalWidth }) => naturalWidth > 0,
        ),
    );
    const shown = await page
      .locator("#films img.poster")
      .evaluateAll((posters) =>
        (posters as HTMLImageElement[]).map(({ src, naturalWidth, naturalHeight }) => [
          new URL(src).pathname,
          naturalWidth,
          naturalHeight,
        ]),
      );
    assert.deepEqual(shown, [
      ["/films/another%20one/full/320,180/frame-2666.jpg", 320, 180],
      ["/films/film/full/320,180/frame-2666.jpg", 320, 180],
    ]);
    assert.deepEqual(faults, []);
  });

  test("another film is chosen by its link, and the address names it", async (t) => {
    const context = await stage.browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(stage.server.url);
    await page.getByRole("link", { name: "film", exact: true }).click();
    await page.waitForFunction(() =>
      document.querySelector("siedd-player")?.getAttribute("src")?.endsWith("/film"),
    );
    assert.match(page.url(), /\/films\/#film$/);
    assert.equal(await page.locator("h1").textContent(), "film");
  });
});
