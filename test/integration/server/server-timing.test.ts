import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import type { SieddPlayerElement } from "../../../player/index.js";
import { parseServerTiming } from "../../../player/playback/server-timing.js";
import { launchBrowser, watchFaults } from "../../support/browser.js";
import { testServer } from "../../support/running-server.js";
import { tempFolder } from "../../support/temp-folder.js";

const SMALL = { width: 160, height: 90, groups: [10, 10, 10] };
const PATHS = ["seg-0.m4s", "elastic-1.m4s", "iframe-1.m4s", "frame-100.png", "init.mp4"];

test("only segments and images report their duration and cache tier", async (t) => {
  const cacheDir = join(await tempFolder(t), "cache");
  const first = await testServer(t, { video: SMALL }, { cacheDir });
  const timingOf = async (server: typeof first, name: string, init?: RequestInit) =>
    (await server.get(`video/full/80,46/${name}`, init)).headers.get("server-timing");
  for (const name of PATHS) {
    const computed = await timingOf(first, name);
    // The init segment may have been cached together with the segment before.
    if (name !== "init.mp4")
      assert.match(computed ?? "", /^total;dur=\d+\.\d, cache;desc=miss, store;desc=none$/);
    assert.match(
      (await timingOf(first, name)) ?? "",
      /^total;dur=\d+\.\d, cache;desc=hit, store;desc=memory$/,
    );
    assert.equal(await timingOf(first, name, { method: "HEAD" }), null);
  }
  for (const path of ["video/info.json", "video/master.m3u8", "video/storyboard.vtt"]) {
    assert.equal((await first.get(path)).headers.get("server-timing"), null, path);
  }
  await first.close();

  const second = await testServer(t, {}, { cacheDir, root: first.root });
  const [firstTiming, secondTiming] = [
    await timingOf(second, "seg-0.m4s"),
    await timingOf(second, "seg-0.m4s"),
  ];
  assert.match(firstTiming ?? "", /cache;desc=hit, store;desc=disk$/);
  assert.match(secondTiming ?? "", /cache;desc=hit, store;desc=memory$/);
});

test("a request that joins work in flight is a miss, and misses take longer than hits", async (t) => {
  const server = await testServer(t, { video: { ...SMALL, groups: [50] } });
  const timingOf = async () => {
    const { headers } = await server.get("video/full/%5E640,360/seg-0.m4s");
    return parseServerTiming(headers.get("server-timing"))!;
  };
  const misses = await Promise.all([timingOf(), timingOf()]);
  const hit = await timingOf();
  assert.deepEqual(
    [...misses, hit].map(({ cached }) => cached),
    [false, false, true],
  );
  for (const { seconds } of misses) assert.ok(seconds > hit.seconds, `${seconds} s, hit ${hit.seconds} s`);
});

test("the player's statistics show the server's time and cache, also on a page of another site", {
  timeout: 600_000,
}, async (t) => {
  const video = { width: 320, height: 180, groups: [25, 25, 25, 25], widths: [4] };
  const server = await testServer(t, { video });
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const site = createServer((_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(
      `<!doctype html><link rel="icon" href="data:,"><script type="module" src="${server.url}player/siedd-player.js"></script>` +
        `<siedd-player src="${server.url}video" style="width: 320px" quality="180" muted></siedd-player>`,
    );
  }).listen(0, "127.0.0.1");
  t.after(() => site.close());
  await once(site, "listening");
  const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
  const watch = async (initScript?: () => void) => {
    const page = await browser.newPage();
    const faults = watchFaults(page);
    if (initScript !== undefined) await page.addInitScript(initScript);
    await page.goto(url);
    await page.waitForFunction(() => customElements.get("siedd-player") !== undefined);
    await page.evaluate(async () => {
      const player = document.querySelector("siedd-player") as SieddPlayerElement;
      const servers: unknown[] = [];
      Object.assign(window, { player, servers });
      player.addEventListener("segment", (event) => servers.push((event as CustomEvent).detail.server));
      await player.play();
    });
    await page.waitForFunction(() => window.player.currentTime > 2.2);
    await openStatistics(page);
    const seen = await readStatistics(page);
    await page.close();
    assert.deepEqual(faults, []);
    return seen;
  };
  const cold = await watch();
  t.diagnostic(JSON.stringify(cold.rows));
  const row = ({ rows }: typeof cold, label: RegExp) =>
    Object.entries(rows).find(([name]) => label.test(name))?.[1] ?? "";
  // The numbers vary: on a busy machine, the player may request a segment again at another size.
  const cacheCounts = (seen: typeof cold) => {
    const [hits, total] = row(seen, /cache/i).split(" / ").map(Number);
    return { hits: hits!, total: total! };
  };
  assert.ok(cold.servers.length >= 3);
  assert.ok(cold.servers.every(({ seconds }) => seconds > 0));
  assert.equal(cold.servers[0]!.cached, false);
  assert.ok(cacheCounts(cold).hits < cacheCounts(cold).total, row(cold, /cache/i));
  assert.match(row(cold, /server/i), /^\d+ ms$/);
  assert.ok(cold.timing.includes("total"), "Timing-Allow-Origin exposes the timing to the page");
  const warm = await watch();
  assert.equal(warm.servers[0]!.cached, true);
  const { hits, total } = cacheCounts(warm);
  assert.ok(hits >= 1 && hits <= total, row(warm, /cache/i));
  // A browser without in-band parameter sets plays levels, with the same statistics.
  const levels = await watch(() => {
    const supported = MediaSource.isTypeSupported.bind(MediaSource);
    MediaSource.isTypeSupported = (type) => !type.includes("avc3") && supported(type);
  });
  assert.ok(cacheCounts(levels).total >= 3, row(levels, /cache/i));
});

/** Opens the panel with the player's statistics from the settings menu. */
async function openStatistics(page: Page): Promise<void> {
  const stage = page.locator("siedd-player .stage");
  await stage.focus();
  await page.evaluate(() => {
    window.player.shadowRoot!.querySelector<HTMLElement>(".settings-button")!.click();
  });
  // The menu is loaded on demand.
  await page.waitForFunction(
    () => window.player.shadowRoot!.querySelector("[role^=menuitem], .menu button") !== null,
  );
  await page.evaluate(() => {
    const items = [
      ...window.player.shadowRoot!.querySelectorAll<HTMLElement>("[role^=menuitem], .menu button"),
    ];
    items.find(({ textContent }) => /stat/i.test(textContent ?? ""))!.click();
  });
  await page.waitForFunction(
    () => window.player.shadowRoot!.querySelector(".stats dl, .stats dd") !== null,
    null,
  );
}

/** Returns the rows of the panel, the `server` of each segment event, and the names of the Server-Timing entries. */
function readStatistics(page: Page) {
  return page.evaluate(() => ({
    rows: Object.fromEntries(
      [...window.player.shadowRoot!.querySelectorAll(".stats dt")].map((name) => [
        name.textContent,
        name.nextElementSibling?.textContent,
      ]),
    ) as Record<string, string>,
    servers: (window as unknown as { servers: { seconds: number; cached: boolean }[] }).servers,
    timing: performance
      .getEntriesByType("resource")
      .filter(({ name }) => /\.m4s/.test(name))
      .flatMap((entry) => (entry as PerformanceResourceTiming).serverTiming.map(({ name }) => name)),
  }));
}
