import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { serve } from "../../../server/index.js";
import {
  assertGone,
  look,
  PATIENCE,
  reach,
  until,
  useStage,
  video as videoOf,
} from "../../support/player-stage.js";

declare global {
  interface Window {
    /** What of each kind has begun and not ended: observers, requests, workers, object URLs. */
    alive: Record<string, Set<unknown>>;
  }
}

describe("the player when its world breaks", { concurrency: false, timeout: PATIENCE }, () => {
  const stage = useStage(14);
  const video = (id = "video", rest = "") => videoOf("width: 160px", rest, id);

  test("goes on by itself when the network has gone and come back", async (t) => {
    const { page } = await stage.page(t, video());
    await page.evaluate(() => window.player.play());
    await reach(page, 0.8);
    await page.context().setOffline(true);
    // Longer than the buffer.
    await until(page, () => window.player.readyState < 3);
    const at = await page.evaluate(() => window.player.currentTime);
    await page.context().setOffline(false);
    await reach(page, at + 1);
    assert.equal((await look(page)).error, null);
  });

  test("goes on by itself when the server is started again on its port", async (t) => {
    const open = (port: number) => serve({ root: stage.folder, port, prefix: "/videos", closeSeconds: 0 });
    let server = await open(0);
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
    await reach(page, 0.8);
    const refused = page.waitForEvent("requestfailed", (request) => request.url().includes(".m4s"));
    await server.close();
    await refused;
    const { until: came } = await look(page);
    server = await open(Number(port));
    await reach(page, came + 0.2);
    assert.equal((await look(page)).error, null);
  });

  test("leaves out a group that is damaged, says so, and plays on behind it", async (t) => {
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
    await reach(page, 4.6);
    assert.equal((await look(page)).error, null);
    assert.equal(await page.evaluate(() => document.body.dataset.missing), "[3,4]");
  });

  test("without media source extensions or HLS it says so in one sentence", async (t) => {
    const { page } = await stage.page(t, video(), {
      before: () => {
        for (const name of ["MediaSource", "ManagedMediaSource", "WebKitMediaSource"])
          Object.defineProperty(window, name, { value: undefined });
        HTMLMediaElement.prototype.canPlayType = () => "";
      },
    });
    const alert = page.locator("siedd-player").getByRole("alert");
    await alert.waitFor();
    assert.match((await alert.textContent()) ?? "", /This browser cannot play streamed H\.264 video/);
    const error = await page.evaluate(() => {
      const { code, reason } = window.player.error!;
      return { code, reason };
    });
    assert.deepEqual(error, { code: 4, reason: "not-supported" });
  });

  for (const mode of ["server", "direct"]) {
    test(`removed from the page it leaves nothing behind (${mode})`, async (t) => {
      const opened = await stage.page(t, video("video", `mode="${mode}" zoom="2"`), { before: instrument });
      const { page, faults } = opened;
      await page.evaluate(() => window.player.play());
      await reach(page, 0.8);
      const during = await page.evaluate(() => window.alive.observers!.size);
      assert.ok(during > 0, "no observer was seen: the instruments do not work");
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
      await until(page, () => window.alive.requests!.size === 0);
      await assertGone(opened);
      const left = await page.evaluate(() => ({
        timers: window.pending.size,
        ...Object.fromEntries(Object.entries(window.alive).map(([kind, all]) => [kind, all.size])),
      }));
      assert.deepEqual(left, { timers: 0, observers: 0, requests: 0, workers: 0, urls: 0 });
      assert.deepEqual(faults, []);
    });
  }
});

/** Counts what begins and ends in the page; timers are counted by the stage. */
function instrument(): void {
  const alive: Record<string, Set<unknown>> = {
    observers: new Set(),
    requests: new Set(),
    workers: new Set(),
    urls: new Set(),
  };
  window.alive = alive;
  for (const name of ["ResizeObserver", "MutationObserver", "IntersectionObserver"] as const) {
    const { prototype } = window[name];
    const { observe, disconnect } = prototype as unknown as Record<string, (...all: unknown[]) => void>;
    Object.assign(prototype, {
      observe(this: unknown, ...all: unknown[]) {
        // The one by which Playwright watches a page is not the player's.
        if (!/InjectedScript/.test(new Error().stack ?? "")) alive.observers!.add(this);
        observe!.apply(this, all);
      },
      disconnect(this: unknown) {
        alive.observers!.delete(this);
        disconnect!.apply(this);
      },
    });
  }
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (...all) {
    alive.requests!.add(this);
    this.addEventListener("loadend", () => alive.requests!.delete(this));
    send.apply(this, all);
  };
  const { fetch } = window;
  window.fetch = async (...all) => {
    const token = {};
    alive.requests!.add(token);
    try {
      return await fetch(...all);
    } finally {
      alive.requests!.delete(token);
    }
  };
  const NativeWorker = window.Worker;
  window.Worker = class extends NativeWorker {
    constructor(...all: ConstructorParameters<typeof Worker>) {
      super(...all);
      alive.workers!.add(this);
    }
    override terminate(): void {
      alive.workers!.delete(this);
      super.terminate();
    }
  };
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (source) => {
    const url = createObjectURL(source);
    alive.urls!.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => {
    alive.urls!.delete(url);
    revokeObjectURL(url);
  };
}
