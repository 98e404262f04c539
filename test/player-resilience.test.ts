import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { look, reach, Stage } from "./player-stage.js";

describe("the player when things go wrong", { concurrency: false, timeout: 120_000 }, () => {
  let stage: Stage;
  const ends: (() => unknown)[] = [];
  before(async () => {
    stage = await Stage.open({ after: (end) => void ends.unshift(end as () => unknown) });
  });
  after(async () => {
    for (const end of ends) await end();
  });
  const film = (id = "film", rest = "") =>
    `<siedd-player src="${id}" style="width: 240px" ${rest}></siedd-player>`;

  test("a busy server is asked again until it has time", async (t) => {
    let refusals = 2;
    const { page } = await stage.page(t, film(), {
      prepare: (prepared) =>
        prepared.route(/elastic-1\.m4s/, (route) =>
          refusals-- > 0 ? route.fulfill({ status: 503, headers: { "retry-after": "1" } }) : route.continue(),
        ),
    });
    await page.evaluate(() => window.player.play());
    await reach(page, 1.4);
    assert.equal(refusals, -1);
    assert.equal((await look(page)).error, null);
  });

  test("a film replaced while it plays goes on with the new one at the same place", async (t) => {
    await stage.writeFilm("replaced", 1);
    const { page, requests } = await stage.page(t, film("replaced"));
    await page.evaluate(() => window.player.play());
    await reach(page, 1);
    await stage.writeFilm("replaced", 2);
    await page.waitForFunction(() => window.told.some(({ type }) => type === "emptied"), undefined, {
      timeout: 8000,
    });
    await page.waitForFunction(() => window.player.currentTime > 1 && !window.player.paused);
    await reach(page, 5);
    assert.equal((await look(page)).error, null);
    assert.equal(requests.filter((path) => path.endsWith("/elastic.m3u8")).length, 2);
  });

  test("an unknown film is one sentence and a button, which works once the film is there", async (t) => {
    const { page } = await stage.page(t, film("later"));
    const alert = page.locator("siedd-player").getByRole("alert");
    await alert.waitFor();
    assert.match(
      (await alert.textContent()) ?? "",
      /^There is no film at http.*\/films\/later; check the address\./,
    );
    await stage.writeFilm("later", 3);
    await alert.getByRole("button", { name: "Try again" }).click();
    await page.waitForFunction(() => window.player.videoWidth === 240, undefined, { timeout: 8000 });
    assert.equal(await alert.isVisible(), false);
    assert.equal((await look(page)).error, null);
  });

  test("play() fails with the reason where there is nothing to play", async (t) => {
    const { page } = await stage.page(t, film("none"));
    const said = await page.evaluate(() =>
      window.player.play().then(
        () => "played",
        (error: Error) => error.message,
      ),
    );
    assert.match(said, /There is no film at/);
  });

  test("a browser without in-band parameter sets plays and follows the levels of the master playlist", async (t) => {
    const { page, requests } = await stage.page(t, film(), {
      before: () => {
        const supported = MediaSource.isTypeSupported.bind(MediaSource);
        MediaSource.isTypeSupported = (type) => !type.includes("avc3") && supported(type);
      },
    });
    await page.evaluate(() => window.player.play());
    await reach(page, 0.5);
    const seen = await look(page);
    assert.equal(seen.transport, "levels");
    assert.equal(seen.size, "240x136");
    assert.ok(requests.some((path) => path.endsWith("/master.m3u8")));
    await page.evaluate(() => {
      window.player.style.width = "300px";
    });
    await page.waitForFunction(() => window.player.videoWidth > 240, undefined, { timeout: 9000 });
  });
});
