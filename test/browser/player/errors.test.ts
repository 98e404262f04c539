import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { serve } from "../../../server/index.js";
import {
  assertDisposed,
  playerState,
  TEST_TIMEOUT_MS,
  useStage,
  playerMarkup as videoOf,
  waitFor,
  waitForTime,
} from "../../support/player-stage.js";

declare global {
  interface Window {
    /** Observers, requests, workers and object URLs that are still active. */
    active: Record<string, Set<unknown>>;
  }
}

describe("the player when its environment fails", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(14);
  const video = (id = "video", rest = "") => videoOf("width: 160px", rest, id);

  test("resumes by itself after the network was offline", async (t) => {
    const { page } = await stage.page(t, video());
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.8);
    await page.context().setOffline(true);
    // Waits until the buffer is empty.
    await waitFor(page, () => window.player.readyState < 3);
    const at = await page.evaluate(() => window.player.currentTime);
    await page.context().setOffline(false);
    await waitForTime(page, at + 1);
    assert.equal((await playerState(page)).error, null);
  });

  test("resumes by itself after the server has restarted on its port", async (t) => {
    const startServer = (port: number) =>
      serve({ root: stage.folder, port, prefix: "/videos", closeSeconds: 0 });
    let server = await startServer(0);
    const { port } = new URL(server.url);
    t.after(() => server.close());
    const { page } = await stage.page(t, video());
    await page.goto(`${server.url}stage`);
    await page.addScriptTag({ type: "module", url: `${server.url}player/siedd-player.js` });
    await page.evaluate(() => {
      window.player = document.querySelector("siedd-player") as typeof window.player;
      window.player.playbackRate = 2;
      return window.player.play();
    });
    await waitForTime(page, 0.8);
    const failedRequest = page.waitForEvent("requestfailed", (request) => request.url().includes(".m4s"));
    await server.close();
    await failedRequest;
    const { bufferedEnd } = await playerState(page);
    server = await startServer(Number(port));
    await waitForTime(page, bufferedEnd + 0.2);
    assert.equal((await playerState(page)).error, null);
  });

  test("skips a damaged group, dispatches `missing`, and continues", async (t) => {
    const path = join(stage.folder, "video.siedd");
    const bytes = new Uint8Array(await readFile(path));
    const info = await fetch(`${stage.server.url}video/info.json`);
    const { groups } = (await info.json()) as { groups: { offset: number; size: number }[] };
    const { offset, size } = groups[3]!;
    for (let i = 0; i < 40; i++) bytes[offset + Math.floor(size / 2) + i]! ^= 0x5a;
    await writeFile(join(stage.folder, "damaged.siedd"), bytes);
    const { page } = await stage.page(t, video("damaged"));
    await page.evaluate(() => {
      window.player.addEventListener("missing", ({ detail }) => {
        document.body.dataset.missing = JSON.stringify([detail.start, detail.end]);
      });
      window.player.currentTime = 2;
      return window.player.play();
    });
    await waitForTime(page, 4.6);
    assert.equal((await playerState(page)).error, null);
    assert.equal(await page.evaluate(() => document.body.dataset.missing), "[3,4]");
  });

  test("shows a message without Media Source Extensions or HLS", async (t) => {
    const { page } = await stage.page(t, video(), {
      before: () => {
        for (const name of ["MediaSource", "ManagedMediaSource", "WebKitMediaSource"])
          Object.defineProperty(window, name, { value: undefined });
        HTMLMediaElement.prototype.canPlayType = () => "";
      },
    });
    const alert = page.locator("siedd-player").getByRole("alert");
    await alert.waitFor();
    assert.match((await alert.textContent()) ?? "", /This browser cannot play H\.264 streams/);
    const error = await page.evaluate(() => {
      const { code, reason } = window.player.error!;
      return { code, reason };
    });
    assert.deepEqual(error, { code: 4, reason: "not-supported" });
  });

  for (const mode of ["server", "direct"]) {
    test(`releases everything when removed from the page (${mode})`, async (t) => {
      const playerPage = await stage.page(t, video("video", `mode="${mode}" zoom="2"`), {
        before: trackResources,
      });
      const { page, faults } = playerPage;
      await page.evaluate(() => window.player.play());
      await waitForTime(page, 0.8);
      const observers = await page.evaluate(() => window.active.observers!.size);
      assert.ok(observers > 0, "no observer was tracked: trackResources does not work");
      for (let round = 0; round < 3; round++) {
        await page.evaluate(async () => {
          window.player.style.width = `${200 + 10 * Math.random()}px`;
          await new Promise((resolve) => setTimeout(resolve, 200));
          window.player.remove();
          await new Promise((resolve) => setTimeout(resolve, 50));
          document.body.append(window.player);
          await new Promise((resolve) => setTimeout(resolve, 300));
        });
      }
      await page.evaluate(() => window.player.remove());
      await waitFor(page, () => window.active.requests!.size === 0);
      await assertDisposed(playerPage);
      const remaining = await page.evaluate(() => ({
        timers: window.pendingTimers.size,
        ...Object.fromEntries(Object.entries(window.active).map(([kind, items]) => [kind, items.size])),
      }));
      assert.deepEqual(remaining, { timers: 0, observers: 0, requests: 0, workers: 0, urls: 0 });
      assert.deepEqual(faults, []);
    });
  }
});

/** Tracks active resources in the page; the stage tracks timers. */
function trackResources(): void {
  const active: Record<string, Set<unknown>> = {
    observers: new Set(),
    requests: new Set(),
    workers: new Set(),
    urls: new Set(),
  };
  window.active = active;
  for (const name of ["ResizeObserver", "MutationObserver", "IntersectionObserver"] as const) {
    const { prototype } = window[name];
    const { observe, disconnect } = prototype as unknown as Record<string, (...args: unknown[]) => void>;
    Object.assign(prototype, {
      observe(this: unknown, ...args: unknown[]) {
        // Playwright observes the page, too.
        if (!/InjectedScript/.test(new Error().stack ?? "")) active.observers!.add(this);
        observe!.apply(this, args);
      },
      disconnect(this: unknown) {
        active.observers!.delete(this);
        disconnect!.apply(this);
      },
    });
  }
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (...args) {
    active.requests!.add(this);
    this.addEventListener("loadend", () => active.requests!.delete(this));
    send.apply(this, args);
  };
  const { fetch } = window;
  window.fetch = async (...args) => {
    const token = {};
    active.requests!.add(token);
    try {
      return await fetch(...args);
    } finally {
      active.requests!.delete(token);
    }
  };
  const NativeWorker = window.Worker;
  window.Worker = class extends NativeWorker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      active.workers!.add(this);
    }
    override terminate(): void {
      active.workers!.delete(this);
      super.terminate();
    }
  };
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (source) => {
    const url = createObjectURL(source);
    active.urls!.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => {
    active.urls!.delete(url);
    revokeObjectURL(url);
  };
}
