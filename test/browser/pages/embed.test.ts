import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import type { Page } from "playwright-core";
import { elementSnippet, embedSnippet, embedUrl } from "../../../player/element/embed-snippet.js";
import type { SieddPlayerElement } from "../../../player/index.js";
import { watchFaults } from "../../support/browser.js";
import { TEST_TIMEOUT_MS, useStage, waitFor, waitForTime } from "../../support/player-stage.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const examples = join(root, "examples");

test("snippets escape the name of the video", () => {
  const video = { root: "https://host/videos", id: 'a "b" & <c>', width: 640, height: 360 };
  assert.equal(
    embedUrl({ ...video, start: 12.5, muted: true, loop: true }),
    "https://host/videos/player/embed/a%20%22b%22%20%26%20%3Cc%3E?start=12.5&muted=1&loop=1",
  );
  const iframe = embedSnippet(video);
  assert.match(
    iframe,
    /^<iframe src="[^"<>]+" title="[^"<>]+" style="[^"]+aspect-ratio: 640 \/ 360" [^<>]*><\/iframe>$/,
  );
  assert.match(
    elementSnippet({ ...video, id: "video", autoplay: true }),
    /src="https:\/\/host\/videos\/player\/siedd-player\.js".*\n<siedd-player src="https:\/\/host\/videos\/video" autoplay>/,
  );
});

/** Compiles Vue components, like the build tools of Vue. */
const vuePlugin: Plugin = {
  name: "vue",
  setup({ onLoad }) {
    onLoad({ filter: /\.vue$/ }, async ({ path }) => {
      // Node's resolution finds no types for the compiler.
      const compiler = createRequire(import.meta.url)("vue/compiler-sfc");
      const { descriptor } = compiler.parse(await readFile(path, "utf8"), { filename: path });
      const isCustomElement = (tag: string) => tag === "siedd-player";
      const { content } = compiler.compileScript(descriptor, {
        id: "video",
        inlineTemplate: true,
        templateOptions: { compilerOptions: { isCustomElement } },
      });
      return { contents: content, loader: "js", resolveDir: dirname(path) };
    });
  },
};

/** Bundles an example with the built package in place of the installed one. */
async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(examples, entry)],
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    loader: { ".js": "jsx" },
    alias: {
      "siedd/player/define": join(root, "dist/player/define.js"),
      "siedd/react": join(root, "dist/player/react/index.js"),
    },
    define: {
      "process.env.NODE_ENV": '"production"',
      __VUE_OPTIONS_API__: "false",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    },
    plugins: [vuePlugin],
    logLevel: "error",
  });
  return outputFiles[0]!.text;
}

describe("embedding in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(undefined, (open) => open.writeVideo('a "b" & <c>', 3));
  const newPage = async (t: { after(end: () => unknown): void }) => {
    const context = await stage.browser.newContext({ viewport: { width: 900, height: 640 } });
    t.after(() => context.close());
    const page = await context.newPage();
    return { page, faults: watchFaults(page) };
  };
  const assignPlayer = (page: Page) =>
    page.evaluate(() => {
      window.player = document.querySelector("siedd-player") as SieddPlayerElement;
    });

  test("the embed page plays in an iframe of another site, from its start time, under a strict policy", async (t) => {
    const { page, faults } = await newPage(t);
    const video = { root: stage.server.url, id: 'a "b" & <c>', width: 320, height: 180 };
    const snippet = embedSnippet({ ...video, start: 3, autoplay: true, muted: true });
    // Another origin, from which browsers allow requests to this machine.
    const site = createServer((_request, response) => {
      response.setHeader("content-type", "text/html");
      response.end(`<link rel="icon" href="data:,">${snippet}`);
    }).listen(0, "127.0.0.1");
    t.after(() => site.close());
    await once(site, "listening");
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    const frame = (await (await page.waitForSelector("iframe")).contentFrame())!;
    await frame.waitForFunction(
      () => ((document.querySelector("siedd-player") as SieddPlayerElement | null)?.currentTime ?? 0) > 3.2,
    );
    const seen = await frame.evaluate(() => {
      const player = document.querySelector("siedd-player") as SieddPlayerElement;
      const { width, height } = player.getBoundingClientRect();
      return {
        fills: width === innerWidth && height === innerHeight,
        muted: player.muted,
        loop: player.loop,
      };
    });
    assert.deepEqual(seen, { fills: true, muted: true, loop: false });
    assert.deepEqual(faults, []);
  });

  test("the embed page links to oEmbed, which describes the video", async () => {
    const url = embedUrl({ root: stage.server.url, id: "video", width: 320, height: 180 });
    const response = await fetch(url);
    assert.match(
      response.headers.get("content-security-policy") ?? "",
      /default-src 'none'.*frame-ancestors \*/,
    );
    const html = await response.text();
    const [, link] = /type="application\/json\+oembed"[^>]*href="([^"]+)"/.exec(html) ?? [];
    const found = await fetch(link!.replaceAll("&amp;", "&"));
    const oembed = (await found.json()) as Record<string, string | number>;
    const { version, type, title, width, height, thumbnail_width } = oembed;
    assert.deepEqual(
      { version, type, title, width, height, thumbnail_width },
      { version: "1.0", type: "video", title: "video", width: 320, height: 180, thumbnail_width: 320 },
    );
    assert.ok(String(oembed.html).includes(`<iframe src="${url}"`), String(oembed.html));
    assert.equal((await fetch(String(oembed.thumbnail_url))).status, 200);

    const requestOembed = async (query: string) => fetch(new URL(`player/oembed?${query}`, stage.server.url));
    const catalog = encodeURIComponent(`${stage.server.url}#video`);
    const small = (await (await requestOembed(`url=${catalog}&maxwidth=160`)).json()) as {
      width: number;
      height: number;
    };
    assert.deepEqual([small.width, small.height], [160, 90]);
    assert.equal((await requestOembed("url=https%3A%2F%2Felsewhere.test%2Fvideo")).status, 404);
    assert.equal((await requestOembed(`url=${encodeURIComponent(stage.server.url)}none`)).status, 404);
    assert.equal((await requestOembed(`url=${catalog}&format=xml`)).status, 501);
    assert.equal((await requestOembed("")).status, 404);
    assert.equal((await fetch(new URL("player/embed/none", stage.server.url))).status, 404);
  });

  test("the plain HTML example plays, shows its size and zooms", async (t) => {
    const { page, faults } = await newPage(t);
    const server = spawn(process.execPath, [join(examples, "server.js"), stage.folder], {
      env: { ...process.env, PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => server.kill());
    const [line] = await once(server.stdout, "data");
    await page.goto(/^http:\S+/.exec(String(line))![0]);
    await assignPlayer(page);
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.3);
    assert.match((await page.locator("#size").textContent()) ?? "", /^\d+ × \d+$/);
    await page.locator("#zoom-in").click();
    assert.equal(await page.evaluate(() => window.player.zoom), 2);
    assert.deepEqual(faults, []);
  });

  for (const [name, entry] of [
    ["React", "react/video.jsx"],
    ["Vue", "vue/main.js"],
  ] as const) {
    test(`the ${name} example plays and receives the size`, async (t) => {
      const { page, faults } = await newPage(t);
      const script = await bundle(entry);
      await page.route("**/example.js", (route) =>
        route.fulfill({ contentType: "text/javascript", body: script }),
      );
      await page.route("**/example", (route) =>
        route.fulfill({
          contentType: "text/html",
          body: '<!doctype html><link rel="icon" href="data:,"><div id="app"></div><script type="module" src="/example.js"></script>',
        }),
      );
      await page.goto(new URL("/example", stage.server.url).href);
      await page.locator("figcaption button").click();
      await assignPlayer(page);
      await waitForTime(page, 0.3);
      assert.equal(await page.evaluate(() => window.player.muted), true);
      await waitFor(page, () => {
        const { videoWidth, videoHeight } = window.player;
        return document.querySelector("output")!.textContent === `${videoWidth} × ${videoHeight}`;
      });
      assert.deepEqual(faults, []);
    });
  }
});
