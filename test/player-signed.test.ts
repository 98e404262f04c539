import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSource } from "../player/attributes.js";
import { signUrl } from "../server/index.js";
import { launchBrowser } from "./browser.js";
import { FILM } from "./player-stage.js";
import { testServer } from "./running-server.js";

const KEY = { id: "k", secret: "a secret of some length" };

test("of a film's address a signature is kept, and nothing else of its query", () => {
  const base = "http://host/films/";
  assert.equal(parseSource("film/?sig=a.b-c_d&x=1#y", base), "http://host/films/film?sig=a.b-c_d");
  assert.equal(parseSource("film?x=sig", base), "http://host/films/film");
});

test("the player plays a film that only a signature opens, in either mode", {
  timeout: 120_000,
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
