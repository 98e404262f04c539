import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { build } from "esbuild";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { SieddPlayer } from "../../../player/react/index.js";
import { watchFaults } from "../../support/browser.js";
import { TEST_TIMEOUT_MS, useStage, waitFor, waitForTime } from "../../support/player-stage.js";

const root = join(import.meta.dirname, "../../../..");

interface TestWindow extends Window {
  seen: string[];
  /** Renders the player with other props. */
  show(props: object): void;
  unmount(): void;
}

/** Hydrates a player whose props the test changes, in StrictMode and with React's warnings. */
const APP = `
  import { createElement, StrictMode, useRef, useState } from "react";
  import { hydrateRoot } from "react-dom/client";
  import { SieddPlayer } from "siedd/react";
  window.seen = [];
  const see = ({ type, detail }) => window.seen.push(detail?.width ? type + " " + detail.width : type);
  function App() {
    const [props, setProps] = useState({ src: "/videos/video", muted: true, loop: true, className: "wide" });
    const player = useRef(null);
    window.show = setProps;
    window.readRef = () => player.current;
    return createElement(SieddPlayer, {
      ref: player, style: { width: "320px" }, onTimeUpdate: see, onSizeChange: see, onLoadedMetadata: see, ...props,
    });
  }
  const app = hydrateRoot(document.getElementById("app"), createElement(StrictMode, null, createElement(App)));
  window.unmount = () => app.unmount();
`;

async function bundleApp(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: APP, resolveDir: root },
    bundle: true,
    write: false,
    format: "esm",
    alias: { "siedd/react": join(root, "dist/player/react/index.js") },
    define: { "process.env.NODE_ENV": '"development"' },
    logLevel: "error",
  });
  return outputFiles[0].text;
}

describe("the React component in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage();

  test("it hydrates what the server rendered, dispatches events, and follows its props", async (t) => {
    const context = await stage.browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    const props = {
      src: "/videos/video",
      muted: true,
      loop: true,
      className: "wide",
      style: { width: "320px" },
    };
    const markup = renderToString(createElement(SieddPlayer, props));
    const script = await bundleApp();
    await page.route("**/app.js", (route) => route.fulfill({ contentType: "text/javascript", body: script }));
    await page.route("**/app", (route) =>
      route.fulfill({
        contentType: "text/html",
        body: `<!doctype html><link rel="icon" href="data:,"><div id="app">${markup}</div><script>document.querySelector("siedd-player").fromServer = true</script><script type="module" src="/app.js"></script>`,
      }),
    );
    await page.goto(new URL("/app", stage.server.url).href);
    await page.waitForFunction(() => "readRef" in window && (window.readRef as () => unknown)() !== null);
    await page.evaluate(() => {
      window.player = (window as unknown as { readRef(): typeof window.player }).readRef();
      return window.player.play();
    });
    await waitForTime(page, 0.3);
    const first = await page.evaluate(() => ({
      hydrated: "fromServer" in window.player,
      markup: window.player.outerHTML,
      muted: window.player.muted,
      seen: (window as unknown as TestWindow).seen,
    }));
    assert.equal(first.hydrated, true);
    assert.equal(first.muted, true);
    assert.equal(first.markup, markup);
    for (const type of ["sizechange 320", "loadedmetadata", "timeupdate"])
      assert.ok(first.seen.includes(type), `${type} is missing in ${first.seen}`);

    const show = (next: object) => page.evaluate((to) => (window as unknown as TestWindow).show(to), next);
    await show({ src: "/videos/silent", muted: false, maxWidth: 160, onTimeUpdate: undefined });
    await waitFor(page, () => window.player.currentSrc.endsWith("/silent"));
    const changed = await page.evaluate(() => {
      (window as unknown as TestWindow).seen.length = 0;
      return { markup: window.player.outerHTML, muted: window.player.muted };
    });
    assert.deepEqual(changed, {
      markup: '<siedd-player style="width:320px" src="/videos/silent" max-width="160"></siedd-player>',
      muted: false,
    });
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.3);
    const seen = await page.evaluate(() => (window as unknown as TestWindow).seen);
    assert.ok(!seen.includes("timeupdate"), "a handler that was removed is not called");
    assert.ok(seen.includes("loadedmetadata"), "a handler that stayed is called");
    await show({});
    await waitFor(page, () => window.player.currentSrc === "");

    await page.evaluate(() => (window as unknown as TestWindow).unmount());
    assert.equal(await page.evaluate(() => window.player.isConnected), false);
    assert.deepEqual(faults, []);
  });
});
