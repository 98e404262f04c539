import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import {
  EXACT_SECONDS,
  look,
  PATIENCE,
  reach,
  shows,
  until,
  useStage,
  video as videoOf,
  withoutInBandParameters,
} from "../../support/player-stage.js";

describe("the player when things go wrong", { concurrency: false, timeout: PATIENCE }, () => {
  const stage = useStage(EXACT_SECONDS);
  const video = (id = "video") => videoOf("width: 240px", "", id);
  /** The end of the video stays to be asked for until it has been replaced. */
  const unfinished = () => {
    let replaced = () => {};
    const replacing = new Promise<void>((resolve) => {
      replaced = resolve;
    });
    const prepare = (page: Page) =>
      page.route(/elastic-[45]\.m4s/, (route) => replacing.then(() => route.continue()));
    return { replaced, prepare };
  };

  test("a busy server is asked again until it has time", async (t) => {
    let refusals = 2;
    const { page } = await stage.page(t, video(), {
      prepare: (prepared) =>
        prepared.route(/elastic-1\.m4s/, (route) =>
          refusals-- > 0 ? route.fulfill({ status: 503, headers: { "retry-after": "1" } }) : route.continue(),
        ),
    });
    await page.evaluate(() => window.player.play());
    await reach(page, 1.4);
    assert.ok(refusals < 0, "it was not asked again");
    assert.equal((await look(page)).error, null);
  });

  test("a video replaced while it plays goes on with the new one at the same place and rate", async (t) => {
    await stage.writeVideo("replaced", 1);
    const { replaced, prepare } = unfinished();
    const { page, requests } = await stage.page(t, video("replaced"), { prepare });
    await page.evaluate(() => {
      window.player.playbackRate = 1.5;
      return window.player.play();
    });
    await reach(page, 1);
    await stage.writeVideo("replaced", 2);
    replaced();
    await until(page, () => window.told.some(({ type }) => type === "emptied"));
    await until(page, () => window.player.currentTime > 1 && !window.player.paused);
    await reach(page, 5);
    const { error, rate } = await look(page);
    assert.deepEqual({ error, rate }, { error: null, rate: 1.5 });
    assert.equal(requests.filter((path) => path.endsWith("/elastic.m3u8")).length, 2);
  });

  test("what is chosen while a replaced video is opened again holds: its place, and whether it plays", async (t) => {
    await stage.writeVideo("chosen", 1);
    let hold = false;
    const { replaced, prepare } = unfinished();
    const { page } = await stage.page(t, video("chosen"), {
      prepare: async (prepared) => {
        await prepare(prepared);
        await prepared.route(/chosen\/info\.json/, async (route) => {
          if (hold) await until(prepared, () => window.player.paused && window.player.currentTime === 4);
          await route.continue();
        });
      },
    });
    await page.evaluate(() => window.player.play());
    await reach(page, 1);
    hold = true;
    await page.evaluate(() => {
      window.player.addEventListener("emptied", () => {
        window.player.currentTime = 4;
        window.player.pause();
      });
    });
    await stage.writeVideo("chosen", 2);
    replaced();
    await until(page, () => window.player.currentTime === 4 && window.player.readyState >= 2);
    assert.equal((await look(page)).paused, true);
    await page.evaluate(() => window.player.play());
    await reach(page, 5);
    assert.equal((await look(page)).error, null);
  });

  test("a segment that cannot be decoded is left out, and the video plays on", async (t) => {
    const { page } = await stage.page(t, video(), {
      prepare: (prepared) =>
        prepared.route(/elastic-2\.m4s/, async (route) => {
          const answer = await route.fetch();
          const body = await answer.body();
          body.fill(0xff, body.indexOf("mdat") + 12);
          await route.fulfill({ response: answer, body, headers: { "cache-control": "no-store" } });
        }),
    });
    await page.evaluate(() => window.player.play());
    await reach(page, 4);
    assert.equal((await look(page)).error, null);
    await until(page, () => window.player.ended);
  });

  test("an unknown video is one sentence and a button, which works once the video is there", async (t) => {
    const { page } = await stage.page(t, video("later"));
    const alert = page.locator("siedd-player").getByRole("alert");
    await alert.waitFor();
    assert.match(
      (await alert.textContent()) ?? "",
      /^There is no video at http.*\/videos\/later; check the address\./,
    );
    await stage.writeVideo("later", 3);
    await page.evaluate(() => {
      window.player.playbackRate = 1.5;
    });
    await alert.getByRole("button", { name: "Try again" }).click();
    await shows(page, "240x136");
    assert.equal(await alert.isVisible(), false);
    const { error, rate } = await look(page);
    assert.deepEqual({ error, rate }, { error: null, rate: 1.5 });
  });

  test("play() fails with the reason where there is nothing to play", async (t) => {
    const { page } = await stage.page(t, video("none"));
    const said = await page.evaluate(() =>
      window.player.play().then(
        () => "played",
        (error: Error) => error.message,
      ),
    );
    assert.match(said, /There is no video at/);
  });

  test("a browser without in-band parameter sets plays segments of levels, each with its own, and follows the size", async (t) => {
    const { page, requests } = await stage.page(t, video(), { before: withoutInBandParameters });
    await page.evaluate(() => window.player.play());
    await reach(page, 0.5);
    const seen = await look(page);
    assert.equal(seen.transport, "levels");
    assert.equal(seen.size, "240x136");
    assert.ok(requests.some((path) => path.endsWith("/master.m3u8")));
    await page.evaluate(() => {
      window.player.style.width = "300px";
    });
    await until(page, () => window.player.videoWidth === 300);
  });
});
