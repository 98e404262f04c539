import assert from "node:assert/strict";
import { copyFile, utimes } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { serve } from "../../../server/index.js";
import {
  disableAvc3,
  EXACT_SIZE_SECONDS,
  playerState,
  Stage,
  TEST_TIMEOUT_MS,
  useStage,
  playerMarkup as videoOf,
  waitFor,
  waitForSize,
  waitForTime,
} from "../../support/player-stage.js";
import { tempFolder } from "../../support/temp-folder.js";

/** Starts a proxy that sends each request to the next server in turn. Returns its origin, and its requests per server. */
async function roundRobinProxy(t: TestContext, servers: readonly string[]) {
  const counts = servers.map(() => 0);
  let next = 0;
  const proxy = createServer((incoming, outgoing) => {
    const index = next++ % servers.length;
    counts[index]++;
    const { method, headers } = incoming;
    const forwarded = request(
      new URL(incoming.url ?? "/", servers[index]),
      { method, headers },
      (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(outgoing);
      },
    );
    forwarded.on("error", () => outgoing.destroy());
    outgoing.on("close", () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { origin: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, counts };
}

describe("resilience of the player", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(EXACT_SIZE_SECONDS);
  const video = (id = "video") => videoOf("width: 240px", "", id);
  /** Holds back the requests for the end of the video until it has been replaced. */
  const holdEnd = () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const prepare = (page: Page) =>
      page.route(/elastic-[45]\.m4s/, (route) => released.then(() => route.continue()));
    return { release, prepare };
  };

  test("retries a busy server until it responds", async (t) => {
    let refusals = 2;
    const { page } = await stage.page(t, video(), {
      prepare: (prepared) =>
        prepared.route(/elastic-1\.m4s/, (route) =>
          refusals-- > 0 ? route.fulfill({ status: 503, headers: { "retry-after": "1" } }) : route.continue(),
        ),
    });
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 1.4);
    assert.ok(refusals < 0, "not retried");
    assert.equal((await playerState(page)).error, null);
  });

  test("plays to the end through a proxy that alternates between two servers with copies of the video", async (t) => {
    const root = await tempFolder(t);
    await copyFile(join(stage.folder, "video.siedd"), join(root, "video.siedd"));
    await utimes(join(root, "video.siedd"), new Date(2001, 0, 1), new Date(2001, 0, 1));
    const replica = await serve({ root, port: 0, prefix: "/videos", closeSeconds: 0 });
    t.after(() => replica.close());
    const proxy = await roundRobinProxy(t, [stage.server.url, replica.url]);
    const url = `${proxy.origin}/videos/`;
    const balanced = Object.assign(new Stage(), stage, { server: { ...stage.server, url } });
    const { page, faults } = await balanced.page(t, video());
    await page.evaluate(() => window.player.play());
    await waitFor(page, () => window.playerEvents.some(({ type }) => type === "ended"));
    assert.equal((await playerState(page)).error, null);
    assert.deepEqual(
      await page.evaluate(() => window.playerEvents.filter(({ type }) => type === "emptied")),
      [],
    );
    assert.deepEqual(faults, []);
    assert.ok(Math.min(...proxy.counts) > 5, `${proxy.counts} requests`);
  });

  test("continues with a replaced video at the same position and rate", async (t) => {
    await stage.writeVideo("replaced", 1);
    const { release, prepare } = holdEnd();
    const { page, requests } = await stage.page(t, video("replaced"), { prepare });
    await page.evaluate(() => {
      window.player.playbackRate = 1.5;
      return window.player.play();
    });
    await waitForTime(page, 1);
    await stage.writeVideo("replaced", 2);
    release();
    await waitFor(page, () => window.playerEvents.some(({ type }) => type === "emptied"));
    await waitFor(page, () => window.player.currentTime > 1 && !window.player.paused);
    await waitForTime(page, 5);
    const { error, rate } = await playerState(page);
    assert.deepEqual({ error, rate }, { error: null, rate: 1.5 });
    assert.equal(requests.filter((path) => path.endsWith("/elastic.m3u8")).length, 2);
  });

  test("keeps a seek and a pause made while a replaced video is reloading", async (t) => {
    await stage.writeVideo("reloading", 1);
    let holdInfo = false;
    const { release, prepare } = holdEnd();
    const { page } = await stage.page(t, video("reloading"), {
      prepare: async (prepared) => {
        await prepare(prepared);
        await prepared.route(/reloading\/info\.json/, async (route) => {
          if (holdInfo)
            await waitFor(prepared, () => window.player.paused && window.player.currentTime === 4);
          await route.continue();
        });
      },
    });
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 1);
    holdInfo = true;
    await page.evaluate(() => {
      window.player.addEventListener("emptied", () => {
        window.player.currentTime = 4;
        window.player.pause();
      });
    });
    await stage.writeVideo("reloading", 2);
    release();
    await waitFor(page, () => window.player.currentTime === 4 && window.player.readyState >= 2);
    assert.equal((await playerState(page)).paused, true);
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 5);
    assert.equal((await playerState(page)).error, null);
  });

  test("skips a segment that cannot be decoded, and continues", async (t) => {
    const { page } = await stage.page(t, video(), {
      prepare: (prepared) =>
        prepared.route(/elastic-2\.m4s/, async (route) => {
          const response = await route.fetch();
          const body = await response.body();
          body.fill(0xff, body.indexOf("mdat") + 12);
          await route.fulfill({ response, body, headers: { "cache-control": "no-store" } });
        }),
    });
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 4);
    assert.equal((await playerState(page)).error, null);
    await waitFor(page, () => window.player.ended);
  });

  test("shows a message and a retry button for an unknown video; the button works once the video exists", async (t) => {
    const { page } = await stage.page(t, video("later"));
    const alert = page.locator("siedd-player").getByRole("alert");
    await alert.waitFor();
    assert.match(
      (await alert.textContent()) ?? "",
      /^No video found at http.*\/videos\/later\. Check the address\./,
    );
    await stage.writeVideo("later", 3);
    await page.evaluate(() => {
      window.player.playbackRate = 1.5;
    });
    await alert.getByRole("button", { name: "Try again" }).click();
    await waitForSize(page, "240x136");
    assert.equal(await alert.isVisible(), false);
    const { error, rate } = await playerState(page);
    assert.deepEqual({ error, rate }, { error: null, rate: 1.5 });
  });

  test("play() rejects with the reason if the video does not exist", async (t) => {
    const { page } = await stage.page(t, video("none"));
    const message = await page.evaluate(() =>
      window.player.play().then(
        () => "played",
        (error: Error) => error.message,
      ),
    );
    assert.match(message, /No video found at/);
  });

  test("without in-band parameter sets plays levels, each with its init segment, and follows the size", async (t) => {
    const { page, requests } = await stage.page(t, video(), { before: disableAvc3 });
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.5);
    const state = await playerState(page);
    assert.equal(state.transport, "levels");
    assert.equal(state.size, "240x136");
    assert.ok(requests.some((path) => path.endsWith("/master.m3u8")));
    await page.evaluate(() => {
      window.player.style.width = "300px";
    });
    await waitFor(page, () => window.player.videoWidth === 300);
  });
});
