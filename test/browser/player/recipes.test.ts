import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../../support/browser.js";
import {
  LIBRARY_SCRIPTS,
  type LibraryName,
  openLibraryPage,
  runWithVideo,
} from "../../support/library-page.js";
import { type TestServer, testServer } from "../../support/running-server.js";

const GUIDE = join(import.meta.dirname, "../../../../docs/guide/embed.md");
const VIDEO = { width: 640, height: 360, widths: [4], tone: 3, groups: [25, 25, 25] };
/** A box of another aspect ratio than the video, so that the size must be fitted into it. */
const BOX = { style: "width: 500px; height: 300px", size: "500x282" };

/** Code of the guide by its first line, a comment such as `// hls.js`. */
async function readRecipes(): Promise<ReadonlyMap<string, string>> {
  const guide = await readFile(GUIDE, "utf8");
  return new Map(
    [...guide.matchAll(/```js\n\/\/ (.+)\n([\s\S]*?)```/g)].map(([, name = "", code = ""]) => [name, code]),
  );
}

/** The function of the guide that its recipes call. */
async function readSizeFunction(): Promise<string> {
  const [code] = /^function sizeOf[\s\S]*?^}/m.exec(await readFile(GUIDE, "utf8")) ?? [];
  assert.ok(code !== undefined);
  return code;
}

const teardown: (() => unknown)[] = [];
let server: TestServer;
let browser: Browser;
before(async () => {
  const t = { after: (end: unknown) => void teardown.push(end as () => unknown) };
  server = await testServer(t, { movie: VIDEO }, { prefix: "/videos" });
  // The estimates of the players depend on the time of the server, which varies on a busy machine.
  const folder = "movie/full/500,282/";
  await server.get(`${folder}init.mp4`);
  for (let k = 0; (await server.get(`${folder}seg-${k}.m4s`)).status === 200; k++);
  server.work.length = 0;
  browser = await launchBrowser();
  teardown.push(() => browser.close());
});
after(async () => {
  for (const end of teardown.reverse()) await end();
});

const recipes = await readRecipes();

test("the guide has a recipe of each kind for each player", () => {
  const players = Object.keys(LIBRARY_SCRIPTS);
  const expected = [...players, "native HLS", ...players.map((name) => `${name}, several sizes`)];
  assert.deepEqual([...recipes.keys()].sort(), expected.sort());
});

for (const [name, code] of recipes) {
  test(`the recipe "${name}" plays at the size of the box and keeps it`, async (t) => {
    const [player = "", sizes] = name.split(", ");
    const library = player in LIBRARY_SCRIPTS ? (player as LibraryName) : undefined;
    const [page, messages] = await openLibraryPage(t, browser, { ...BOX, library, origin: server.url });
    const support = 'document.createElement("video").canPlayType("application/vnd.apple.mpegurl")';
    if (library === undefined && (await page.evaluate(support)) === "") {
      t.skip("this browser has no HLS of its own");
      return;
    }
    await runWithVideo(
      page,
      'window.sizes = []; video.onresize = () => sizes.push(video.videoWidth + "x" + video.videoHeight);',
    );
    await runWithVideo(page, `${await readSizeFunction()}\n${code}`);
    // Of one size, the start is enough.
    await page.waitForFunction(
      (seconds) =>
        document.querySelector("video")!.ended || document.querySelector("video")!.currentTime > seconds,
      sizes === undefined ? 0.7 : Number.POSITIVE_INFINITY,
    );
    assert.deepEqual(await page.evaluate("sizes"), [BOX.size]);
    assert.deepEqual(messages, []);
    assert.deepEqual(server.work, []);
  });
}
