import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSource } from "../../../player/element/attributes.js";
import { signUrl } from "../../../server/index.js";
import { launchBrowser, watchFaults } from "../../support/browser.js";
import { FILM, PATIENCE } from "../../support/player-stage.js";
import { testServer } from "../../support/running-server.js";

const KEY = { id: "k", secret: "a secret of some length" };

test("of a film's address a signature is kept, and nothing else of its query", () => {
  const base = "http://host/films/";
  assert.equal(parseSource("film/?sig=a.b-c_d&x=1#y", base), "http://host/films/film?sig=a.b-c_d");
  assert.equal(parseSource("film?x=sig", base), "http://host/films/film");
});

test("the player plays a film that only a signature opens, in either mode", {
  timeout: PATIENCE,
}, async (t) => {
  const server = await testServer(t, { film: FILM }, { signKeys: [KEY], closeSeconds: 0 });
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
  const src = signUrl("/film", { key: KEY, expires: 600 });
  for (const mode of ["server", "direct"]) {
    const page = await open(
      `<siedd-player src="${src}" mode="${mode}" style="width: 200px" muted></siedd-player>`,
    );
    await page.evaluate(() => window.player.play());
    await page.waitForFunction(() => window.player.currentTime > 1.2);
    await page.close();
  }
  const page = await open('<siedd-player src="/film" style="width: 200px"></siedd-player>');
  const refused = page.evaluate(() => window.player.play());
  await assert.rejects(refused, /PlayerError/);
});

test("a film's page to embed and oEmbed hand its signature on, and a signature of another film opens neither", {
  timeout: PATIENCE,
}, async (t) => {
  const server = await testServer(t, { film: FILM, other: FILM }, { signKeys: [KEY], closeSeconds: 0 });
  const page = signUrl(`${server.url}player/embed/film`, { key: KEY, expires: 600, maxSide: 200 });
  const html = await server.get(page);
  assert.equal(html.status, 200);
  assert.equal(html.headers.get("cache-control"), "private, no-cache");
  const [, link] = /json\+oembed"[^>]*href="([^"]+)"/.exec(html.text) ?? [];
  const oembed = JSON.parse((await server.get(link!.replaceAll("&#38;", "&"))).text);
  assert.ok(oembed.html.includes(`<iframe src="${page}"`), oembed.html);
  assert.ok(oembed.cache_age <= 600 && oembed.cache_age > 300, `${oembed.cache_age}`);
  assert.equal(oembed.thumbnail_width, 200);
  assert.equal((await server.get(oembed.thumbnail_url)).status, 200);

  const refused = async (path: string) => assert.equal((await server.get(path)).status, 403, path);
  await refused("player/embed/film");
  await refused(page.replace("/embed/film", "/embed/other"));
  const about = (address: string) => `player/oembed?url=${encodeURIComponent(address)}`;
  await refused(about(`${server.url}player/embed/film`));
  await refused(about(page.replace("/embed/film", "/embed/other")));
  await refused("player/oembed");

  const browser = await launchBrowser();
  t.after(() => browser.close());
  const tab = await browser.newPage();
  const faults = watchFaults(tab);
  await tab.goto(`${page}&autoplay=1&muted=1`);
  await tab.waitForFunction(() => (document.querySelector("siedd-player")?.currentTime ?? 0) > 1.2);
  assert.deepEqual(faults, []);
});

test("the catalogue's page hands its signature on to films, posters, playlists and what may be copied", {
  timeout: PATIENCE,
}, async (t) => {
  const server = await testServer(
    t,
    { film: FILM, "a & b": { ...FILM, groups: [25, 25, 25] } },
    { signKeys: [KEY], closeSeconds: 0 },
  );
  const home = signUrl(server.url, { key: KEY, expires: 600, scope: "all" });
  const accept = { headers: { accept: "text/html" } };
  assert.equal((await server.get("", accept)).status, 403);
  const { text, headers } = await server.get(home, accept);
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
  await tab.goto(`${home}#film`);
  const playing = () =>
    tab.waitForFunction(() => (document.querySelector("siedd-player")?.currentTime ?? 0) > 0.4);
  await playing();
  await tab.click('#films a[data-id="a & b"]');
  await tab.waitForFunction(() => document.getElementById("name")?.textContent === "a & b");
  await playing();
  await tab.waitForFunction(() => document.getElementById("hls")?.textContent !== "");
  const copied = await tab.evaluate(() =>
    ["hls", "frame", "element"].map((name) => document.getElementById(name)?.textContent ?? ""),
  );
  assert.equal((await server.get(copied[0]!)).status, 200);
  for (const snippet of copied.slice(1)) {
    const [, address] = /src="([^"]+\?sig=[^"]+)"/.exec(snippet) ?? [];
    const path = address!.replace(/\/(a%20%26%20b)\?/, (all, id) =>
      address!.includes("/player/embed/") ? all : `/${id}/info.json?`,
    );
    assert.equal((await server.get(path)).status, 200, snippet);
  }
  assert.deepEqual(faults, []);
});
