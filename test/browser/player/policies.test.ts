import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import helmet from "@fastify/helmet";
import fastify from "fastify";
import type { Page } from "playwright-core";
import siedd from "../../../server/index.js";
import { watchFaults } from "../../support/browser.js";
import {
  disableAvc3,
  playerMarkup,
  TEST_TIMEOUT_MS,
  useStage,
  waitFor,
  waitForTime,
} from "../../support/player-stage.js";

/** A policy that allows everything that the player needs. */
const ALLOWED = {
  "default-src": "'none'",
  "script-src": "'self'",
  "worker-src": "'self'",
  "connect-src": "'self'",
  "media-src": "'self' blob:",
  "img-src": "'self' data:",
};

describe("the player under a Content Security Policy", {
  concurrency: false,
  timeout: TEST_TIMEOUT_MS,
}, () => {
  const stage = useStage();

  /** Opens a page with a player and this policy. */
  const openPage = (
    t: TestContext,
    policy: Record<string, string>,
    attributes: string,
    before?: () => void,
  ) =>
    open(t, `${stage.server.url}stage`, async (page) => {
      if (before !== undefined) await page.addInitScript(before);
      const header = Object.entries(policy).map((directive) => directive.join(" "));
      const script = '<script type="module" src="player/siedd-player.js"></script>';
      await page.route("**/stage", (route) =>
        route.fulfill({
          contentType: "text/html",
          headers: { "content-security-policy": header.join("; ") },
          body: `<!doctype html><link rel="icon" href="data:,">${script}<siedd-player src="video" ${attributes}></siedd-player>`,
        }),
      );
    });

  /** An application with the default headers of @fastify/helmet, and its URL. */
  const app = fastify({ pluginTimeout: 0, forceCloseConnections: true });
  let appUrl: string;
  before(async () => {
    await app.register(helmet);
    await app.register(siedd, { root: stage.folder, prefix: "/videos" });
    const page =
      '<!doctype html><script type="module" src="/videos/player/siedd-player.js"></script><siedd-player src="/videos/video"></siedd-player>';
    const directives = { "media-src": ["'self'", "blob:"] };
    const allowing = { helmet: { contentSecurityPolicy: { directives } } };
    app.get("/page", (_request, reply) => reply.type("text/html").send(page));
    app.get("/allowing-page", allowing, (_request, reply) => reply.type("text/html").send(page));
    appUrl = await app.listen({ port: 0, host: "127.0.0.1" });
  });
  after(() => app.close());

  async function open(t: TestContext, url: string, prepare?: (page: Page) => Promise<void>) {
    // Small, because the server decodes what fits.
    const context = await stage.browser.newContext({ viewport: { width: 400, height: 300 } });
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    await prepare?.(page);
    await page.goto(url);
    await page.waitForFunction(() => customElements.get("siedd-player") !== undefined);
    await page.evaluate(() => {
      window.player = document.querySelector("siedd-player")!;
    });
    return { page, faults };
  }

  const playerError = async (page: Page) => {
    await waitFor(page, () => window.player.error !== null);
    return page.evaluate(() => ({
      reason: window.player.error!.reason,
      message: window.player.error!.message,
    }));
  };

  for (const path of ["/videos/#video", "/videos/player/embed/video?muted=1"]) {
    test(`${path} plays beside the default headers of @fastify/helmet, in server and direct mode`, async (t) => {
      const { page, faults } = await open(t, `${appUrl}${path}`);
      for (const mode of ["server", "direct"] as const) {
        await page.evaluate(async (value) => {
          window.player.mode = value;
          window.player.currentTime = 0;
          await window.player.play();
        }, mode);
        await waitForTime(page, 0.3);
        assert.equal(await page.evaluate(() => window.player.transport === "direct"), mode === "direct");
        assert.equal(await page.evaluate(() => window.player.error), null);
      }
      assert.deepEqual(faults, []);
    });
  }

  test("a page with the default policy of @fastify/helmet learns which directive blocks the video", async (t) => {
    const { page } = await open(t, `${appUrl}/page`);
    const { reason, message } = await playerError(page);
    assert.equal(reason, "blocked-by-policy");
    assert.match(message, /Add blob: to media-src\./);
    const alert = page.locator("siedd-player").getByRole("alert");
    assert.match((await alert.textContent()) ?? "", /Add blob: to media-src\./);
    const allowed = await open(t, `${appUrl}/allowing-page`);
    await allowed.page.evaluate(() => window.player.play());
    await waitForTime(allowed.page, 0.3);
  });

  for (const [name, attributes, before] of [
    ["elastic", "", undefined],
    ["levels", "", disableAvc3],
    ["direct", 'mode="direct"', undefined],
  ] as const) {
    test(`a missing media-src is an error, and play() rejects (${name})`, async (t) => {
      const { page } = await openPage(t, { ...ALLOWED, "media-src": "'self'" }, attributes, before);
      const rejection = await page.evaluate(() => window.player.play().catch(({ name: error }) => error));
      const { reason, message } = await playerError(page);
      assert.deepEqual([reason, message], ["blocked-by-policy", message]);
      assert.match(message, /Add blob: to media-src\./);
      assert.ok(["PlayerError", "NotSupportedError"].includes(rejection), rejection);
    });
  }

  test("native HLS that is refused is an error", async (t) => {
    const { page } = await openPage(t, { ...ALLOWED, "media-src": "'none'" }, "", () => {
      for (const name of ["MediaSource", "ManagedMediaSource", "WebKitMediaSource"])
        Object.defineProperty(window, name, { value: undefined });
      HTMLMediaElement.prototype.canPlayType = () => "maybe";
    });
    const { reason, message } = await playerError(page);
    assert.equal(reason, "blocked-by-policy");
    assert.ok(message.includes(`Add ${new URL(stage.server.url).origin} to media-src.`), message);
  });

  test("a missing connect-src or worker-src is named", async (t) => {
    const { origin } = new URL(stage.server.url);
    for (const [directive, expected] of [
      ["connect-src", `Add ${origin} to connect-src.`],
      ["worker-src", `Add ${origin} to worker-src.`],
    ] as const) {
      const { page } = await openPage(t, { ...ALLOWED, [directive]: "'none'" }, 'mode="direct"');
      const { reason, message } = await playerError(page);
      assert.equal(reason, "blocked-by-policy");
      assert.ok(message.includes(expected), message);
    }
  });

  test("a violation that does not concern the player does not change its error", async (t) => {
    const { page } = await openPage(t, { ...ALLOWED, "script-src-attr": "'none'" }, "");
    const error = await page.evaluate(async () => {
      await fetch("https://elsewhere.test/").catch(() => undefined);
      window.player.src = "none";
      await new Promise((resolve) => window.player.addEventListener("error", resolve, { once: true }));
      return window.player.error!.reason;
    });
    assert.equal(error, "video-not-found");
  });

  test("direct mode works under require-trusted-types-for 'script'", async (t) => {
    const trusted = { ...ALLOWED, "require-trusted-types-for": "'script'" };
    const { page, faults } = await openPage(
      t,
      { ...trusted, "trusted-types": "siedd-player" },
      'mode="direct"',
    );
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.5);
    assert.equal(await page.evaluate(() => window.player.transport), "direct");
    assert.deepEqual(faults, []);
    const blocked = await openPage(t, { ...trusted, "trusted-types": "'none'" }, 'mode="direct"');
    const { reason, message } = await playerError(blocked.page);
    assert.equal(reason, "blocked-by-policy");
    assert.match(message, /Add siedd-player to trusted-types\./);
  });

  test("a media element that fails after it has started recovers once, and then reports its error", async (t) => {
    const { page } = await stage.page(t, playerMarkup("width: 160px", "muted"));
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.3);
    await page.evaluate(() => window.player.pause());
    /** Waits until the player has recovered or reports an error. */
    const breakDecoder = () =>
      page.evaluate(async () => {
        const { player, sourceBuffers } = window;
        const settled = new Promise((resolve) => {
          for (const type of ["loadeddata", "error"]) player.addEventListener(type, resolve, { once: true });
        });
        // A `moof` box without its mandatory children.
        const invalid = new Uint8Array([0, 0, 0, 8, 0x6d, 0x6f, 0x6f, 0x66]);
        // Once the buffer is full, hls.js appends nothing, by which it would notice the failure.
        const isFull = ({ buffered }: SourceBuffer) =>
          buffered.length > 0 && buffered.end(0) > player.currentTime + 3;
        while (!sourceBuffers.slice(-2).every((buffer) => isFull(buffer) && !buffer.updating))
          await new Promise((resolve) => setTimeout(resolve, 50));
        sourceBuffers.at(-1)!.appendBuffer(invalid);
        await settled;
        return player.error === null;
      });
    assert.equal(await breakDecoder(), true);
    // A busy machine may take longer for the recovery than the player remembers it.
    for (let i = 0; i < 5 && (await breakDecoder()); i++);
    assert.equal((await playerError(page)).reason, "not-playable");
  });
});
