import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSource } from "../../../player/element/attributes.js";
import { signUrl } from "../../../server/index.js";
import { launchBrowser, watchFaults } from "../../support/browser.js";
import { TEST_TIMEOUT_MS, VIDEO } from "../../support/player-stage.js";
import { testServer } from "../../support/running-server.js";

const KEY = { id: "k", secret: "a secret of some length" };

test("src keeps the signature and drops the rest of the query", () => {
  const base = "http://host/videos/";
  assert.equal(parseSource("video/?sig=a.b-c_d&x=1#y", base), "http://host/videos/video?sig=a.b-c_d");
  assert.equal(parseSource("video?x=sig", base), "http://host/videos/video");
});

test("plays a video that requires a signature, in server and direct mode", {
  timeout: TEST_TIMEOUT_MS,
}, async (t) => {
  const server = await testServer(t, { video: VIDEO }, { signKeys: [KEY], closeSeconds: 0 });
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const open = async (markup: string) => {
    const page = await browser.newPage();
    await page.route("**/stage", (route) =>
      route.fulfill({ contentType: "text/html", body: `<!doctype html>${markup}` }),
    );
    await page.goto(`${server.url}stage`);
    await page.addScriptTag({ type: "module", url: `${server.url}player/siedd-player.js` });
    await page.waitForFunction(() => customElements.get("siedd-player") !== undefined);
    await page.evaluate(() => {
      window.player = document.querySelector("siedd-player") as typeof window.player;
    });
    return page;
  };
  const src = signUrl("/video", { key: KEY, expires: 600 });
  for (const mode of ["server", "direct"]) {
    const page = await open(
      `<siedd-player src="${src}" mode="${mode}" style="width: 200px" muted></siedd-player>`,
    );
    await page.evaluate(() => window.player.play());
    await page.waitForFunction(() => window.player.currentTime > 1.2);
    await page.close();
  }
  const page = await open('<siedd-player src="/video" style="width: 200px"></siedd-player>');
  const playing = page.evaluate(() => window.player.play());
  await assert.rejects(playing, /PlayerError/);
});

test("the embed page and oEmbed pass the signature on and reject that of another video", {
  timeout: TEST_TIMEOUT_MS,
}, async (t) => {
  const server = await testServer(t, { video: VIDEO, other: VIDEO }, { signKeys: [KEY], closeSeconds: 0 });
  const page = signUrl(`${server.url}player/embed/video`, { key: KEY, expires: 600, maxSide: 200 });
  const html = await server.get(page);
  assert.equal(html.status, 200);
  assert.equal(html.headers.get("cache-control"), "private, no-cache");
  const [, link] = /json\+oembed"[^>]*href="([^"]+)"/.exec(html.text) ?? [];
  const oembed = JSON.parse((await server.get(link!.replaceAll("&amp;", "&"))).text);
  assert.ok(oembed.html.includes(`<iframe src="${page}"`), oembed.html);
  assert.ok(oembed.cache_age <= 600 && oembed.cache_age > 300, `${oembed.cache_age}`);
  assert.equal(oembed.thumbnail_width, 200);
  assert.equal((await server.get(oembed.thumbnail_url)).status, 200);

  const expectForbidden = async (path: string) => assert.equal((await server.get(path)).status, 403, path);
  await expectForbidden("player/embed/video");
  await expectForbidden(page.replace("/embed/video", "/embed/other"));
  const oembedUrl = (url: string) => `player/oembed?url=${encodeURIComponent(url)}`;
  await expectForbidden(oembedUrl(`${server.url}player/embed/video`));
  await expectForbidden(oembedUrl(page.replace("/embed/video", "/embed/other")));
  await expectForbidden("player/oembed");

  const browser = await launchBrowser();
  t.after(() => browser.close());
  const tab = await browser.newPage();
  const faults = watchFaults(tab);
  await tab.goto(`${page}&autoplay=1&muted=1`);
  await tab.waitForFunction(() => (document.querySelector("siedd-player")?.currentTime ?? 0) > 1.2);
  assert.deepEqual(faults, []);
});

test("the catalog page passes its signature on to videos, posters, playlists and snippets", {
  timeout: TEST_TIMEOUT_MS,
}, async (t) => {
  const server = await testServer(
    t,
    { video: VIDEO, "a & b": { ...VIDEO, groups: [25, 25, 25] } },
    { signKeys: [KEY], closeSeconds: 0 },
  );
  const catalogUrl = signUrl(server.url, { key: KEY, expires: 600, scope: "all" });
  const accept = { headers: { accept: "text/html" } };
  assert.equal((await server.get("", accept)).status, 403);
  const { text, headers } = await server.get(catalogUrl, accept);
  assert.equal(headers.get("cache-control"), "private, no-cache");
  const links = [...text.matchAll(/(?:src|href)="([^"]+)"/g)]
    .map(([, link]) => link!.replaceAll("&amp;", "&"))
    .filter((link) => !link.startsWith("#"));
  assert.ok(links.filter((link) => link.includes("sig=")).length >= 5, links.join("\n"));
  for (const link of links) {
    const [path] = link.split("?", 1);
    if (/^[^/]+$/.test(path!) && path !== "./") continue;
    assert.equal((await server.get(link, accept)).status, 200, link);
  }

  const browser = await launchBrowser();
  t.after(() => browser.close());
  const tab = await browser.newPage();
  const faults = watchFaults(tab);
  await tab.goto(catalogUrl);
  await tab.getByRole("link", { name: "video", exact: true }).click();
  const waitUntilPlaying = () =>
    tab.waitForFunction(() => (document.querySelector("siedd-player")?.currentTime ?? 0) > 0.4);
  await waitUntilPlaying();
  await tab.getByRole("link", { name: "Videos", exact: true }).click();
  await tab.getByRole("link", { name: "a & b", exact: true }).click();
  await tab.waitForURL(/player\/video\/a%20%26%20b\?/);
  await waitUntilPlaying();
  await tab.waitForFunction(() => document.getElementById("hls")?.textContent !== "");
  const snippets = await tab.evaluate(() =>
    ["hls", "iframe", "element"].map((name) => document.getElementById(name)?.textContent ?? ""),
  );
  assert.equal((await server.get(snippets[0]!)).status, 200);
  for (const snippet of snippets.slice(1)) {
    const [, url] = /src="([^"]+\?sig=[^"]+)"/.exec(snippet) ?? [];
    const path = url!.replace(/\/(a%20%26%20b)\?/, (match, id) =>
      url!.includes("/player/embed/") ? match : `/${id}/info.json?`,
    );
    assert.equal((await server.get(path)).status, 200, snippet);
  }
  assert.deepEqual(faults, []);
});
