import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CDPSession, Page } from "playwright-core";
import { PATIENCE, until, useStage, video } from "../../support/player-stage.js";

/** Seconds of the video: long enough that a finger's width on the bar is many of them. */
const LENGTH = 60;

const TOUCH = { hasTouch: true, isMobile: true, viewport: { width: 400, height: 700 } } as const;

interface Spot {
  readonly x: number;
  readonly y: number;
}

/** A finger on the screen, as the browser's own input takes it. */
class Finger {
  readonly #session: CDPSession;

  constructor(session: CDPSession) {
    this.#session = session;
  }

  #send(type: "touchStart" | "touchMove" | "touchEnd" | "touchCancel", ...touchPoints: Spot[]) {
    return this.#session.send("Input.dispatchTouchEvent", { type, touchPoints });
  }

  async tap(at: Spot): Promise<void> {
    await this.#send("touchStart", at);
    await this.#send("touchEnd");
  }

  async drag(
    from: Spot,
    to: Spot,
    halfway: () => Promise<void>,
    end: "touchEnd" | "touchCancel" = "touchEnd",
  ): Promise<void> {
    await this.#send("touchStart", from);
    for (let step = 1; step <= 8; step++) {
      const along = (a: number, b: number) => a + ((b - a) * step) / 8;
      await this.#send("touchMove", { x: along(from.x, to.x), y: along(from.y, to.y) });
      if (step === 4) await halfway();
    }
    await this.#send(end);
  }
}

const inside = (page: Page, selector: string) => page.locator("siedd-player").locator(selector);
const time = (page: Page) => page.evaluate(() => window.player.currentTime);

describe("the player under fingers, in Chromium", { concurrency: false, timeout: PATIENCE }, () => {
  const stage = useStage(LENGTH);
  const open = async (t: Parameters<typeof stage.page>[0]) => {
    const opened = await stage.page(t, video("width: 400px", "muted"), { context: TOUCH });
    const { page } = opened;
    await until(page, () => window.player.readyState >= 2);
    return { ...opened, finger: new Finger(await page.context().newCDPSession(page)) };
  };
  const LEFT = { x: 60, y: 80 };
  const MIDDLE = { x: 200, y: 60 };
  const RIGHT = { x: 340, y: 80 };

  test("a tap shows or hides the controls of a playing video, and neither stops it nor reaches a hidden button", async (t) => {
    const { page, finger, faults } = await open(t);
    // Left alone they go by themselves, sooner or later: what counts is what each tap finds and what it leaves.
    await page.evaluate(() => {
      const idle = () => window.player.shadowRoot!.querySelector(".stage")!.hasAttribute("data-idle");
      const taps: { before: boolean; after: boolean }[] = [];
      let before = false;
      addEventListener("click", () => (before = idle()), { capture: true });
      addEventListener("click", () => taps.push({ before, after: idle() }));
      Object.assign(window, { taps });
      return window.player.play();
    });
    await inside(page, ".stage[data-idle]").waitFor();
    // Where the button of full screen lies, unseen: the tap brings the controls and presses nothing.
    await finger.tap({ x: 380, y: 205 });
    await finger.tap(MIDDLE);
    await finger.tap(MIDDLE);
    await until(page, () => (window as unknown as { taps: unknown[] }).taps.length === 3);
    const taps = await page.evaluate(
      () => (window as unknown as { taps: { before: boolean; after: boolean }[] }).taps,
    );
    assert.equal(taps[0]!.before, true);
    for (const { before, after } of taps) assert.equal(after, !before);
    assert.equal(await page.evaluate(() => document.fullscreenElement), null);
    assert.equal(await page.evaluate(() => window.player.paused), false);
    assert.deepEqual(faults, []);
  });

  test("a double tap at a side seeks ten seconds, further taps add up, and one in the middle does nothing", async (t) => {
    const { page, finger, faults } = await open(t);
    // Taps are one gesture by their time, which a busy machine stretches: the page's clock stands still between them.
    await page.evaluate(() => {
      const now = performance.now();
      performance.now = () => now;
      Object.assign(window, { said: [] });
      const toast = window.player.shadowRoot!.querySelector(".toast")!;
      new MutationObserver(
        () => toast.textContent && (window as unknown as { said: string[] }).said.push(toast.textContent),
      ).observe(toast, { childList: true });
      window.player.currentTime = 20;
    });
    const taps = async (at: Spot, count: number) => {
      for (let i = 0; i < count; i++) await finger.tap(at);
    };
    await until(page, () => !window.player.seeking);
    await taps(RIGHT, 3);
    await until(page, () => window.player.currentTime === 40);
    await taps(MIDDLE, 2);
    await taps(LEFT, 2);
    await until(page, () => window.player.currentTime === 30);
    await taps(RIGHT, 1);
    assert.deepEqual(await page.evaluate(() => (window as unknown as { said: string[] }).said), [
      "10 seconds forward",
      "20 seconds forward",
      "10 seconds back",
    ]);
    assert.equal(await page.evaluate(() => document.fullscreenElement), null);
    assert.deepEqual(faults, []);
  });

  test("a finger along the bar shows what is there and seeks where it is lifted", async (t) => {
    const { page, finger, faults } = await open(t);
    const bar = (await inside(page, ".seek").boundingBox())!;
    const at = (share: number) => ({ x: bar.x + bar.width * share, y: bar.y + bar.height / 2 });
    const target = await page.evaluate(() => window.player.shadowRoot!.querySelector(".seek")!.clientHeight);
    assert.ok(target >= 24, `WCAG 2.5.8: the bar is ${target} pixels high`);
    await finger.drag(at(0.1), at(0.75), async () => {
      await inside(page, ".preview").waitFor();
      assert.equal(await time(page), 0, "nothing is sought under way");
    });
    await until(page, () => Math.abs(window.player.currentTime - 45) < 2);
    await inside(page, ".preview").waitFor({ state: "hidden" });
    await inside(page, ".time")
      .getByText(/^0:4[3-6] \/ 1:00$/)
      .waitFor();

    // A scroll of the page that began on the bar seeks nothing, and the bar goes on with the video.
    const before = await time(page);
    await finger.drag(at(0.75), at(0.2), () => inside(page, ".preview").waitFor(), "touchCancel");
    assert.equal(await time(page), before);
    await page.evaluate(() => {
      window.player.currentTime = 30;
    });
    await inside(page, ".time").getByText("0:30 / 1:00").waitFor();
    assert.deepEqual(faults, []);
  });
});
