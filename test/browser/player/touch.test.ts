import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CDPSession, Page } from "playwright-core";
import { playerMarkup, TEST_TIMEOUT_MS, useStage, waitFor } from "../../support/player-stage.js";

/** Duration of the video in seconds. Long enough that a few pixels of the seek bar are many seconds. */
const DURATION = 60;

const TOUCH = { hasTouch: true, isMobile: true, viewport: { width: 400, height: 700 } } as const;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Dispatches native touch input. */
class Finger {
  readonly #session: CDPSession;

  constructor(session: CDPSession) {
    this.#session = session;
  }

  #send(type: "touchStart" | "touchMove" | "touchEnd" | "touchCancel", ...touchPoints: Point[]) {
    return this.#session.send("Input.dispatchTouchEvent", { type, touchPoints });
  }

  async tap(point: Point): Promise<void> {
    await this.#send("touchStart", point);
    await this.#send("touchEnd");
  }

  async drag(
    from: Point,
    to: Point,
    halfway: () => Promise<void>,
    end: "touchEnd" | "touchCancel" = "touchEnd",
  ): Promise<void> {
    await this.#send("touchStart", from);
    for (let step = 1; step <= 8; step++) {
      const interpolate = (a: number, b: number) => a + ((b - a) * step) / 8;
      await this.#send("touchMove", { x: interpolate(from.x, to.x), y: interpolate(from.y, to.y) });
      if (step === 4) await halfway();
    }
    await this.#send(end);
  }
}

const inside = (page: Page, selector: string) => page.locator("siedd-player").locator(selector);
const currentTime = (page: Page) => page.evaluate(() => window.player.currentTime);

describe("touch in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(DURATION);
  const open = async (t: Parameters<typeof stage.page>[0]) => {
    const opened = await stage.page(t, playerMarkup("width: 400px", "muted"), { context: TOUCH });
    const { page } = opened;
    await waitFor(page, () => window.player.readyState >= 2);
    return { ...opened, finger: new Finger(await page.context().newCDPSession(page)) };
  };
  const LEFT = { x: 60, y: 80 };
  const MIDDLE = { x: 200, y: 60 };
  const RIGHT = { x: 340, y: 80 };

  test("a tap shows or hides the controls, and does not pause or press hidden buttons", async (t) => {
    const { page, finger, faults } = await open(t);
    // The controls also hide by themselves. So the state before and after each tap is compared.
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
    // At the hidden full screen button: the tap shows the controls and does not press it.
    await finger.tap({ x: 380, y: 205 });
    await finger.tap(MIDDLE);
    await finger.tap(MIDDLE);
    await waitFor(page, () => (window as unknown as { taps: unknown[] }).taps.length === 3);
    const taps = await page.evaluate(
      () => (window as unknown as { taps: { before: boolean; after: boolean }[] }).taps,
    );
    assert.equal(taps[0]!.before, true);
    for (const { before, after } of taps) assert.equal(after, !before);
    assert.equal(await page.evaluate(() => document.fullscreenElement), null);
    assert.equal(await page.evaluate(() => window.player.paused), false);
    assert.deepEqual(faults, []);
  });

  test("a double tap on a side seeks 10 seconds, further taps add up, and the middle does not seek", async (t) => {
    const { page, finger, faults } = await open(t);
    // Taps close in time are combined, and a busy machine delays them. So the clock of the page is stopped.
    await page.evaluate(() => {
      const now = performance.now();
      performance.now = () => now;
      Object.assign(window, { toasts: [] });
      const toast = window.player.shadowRoot!.querySelector(".toast")!;
      new MutationObserver(
        () => toast.textContent && (window as unknown as { toasts: string[] }).toasts.push(toast.textContent),
      ).observe(toast, { childList: true });
      window.player.currentTime = 20;
    });
    const tap = async (point: Point, count: number) => {
      for (let i = 0; i < count; i++) await finger.tap(point);
    };
    await waitFor(page, () => !window.player.seeking);
    await tap(RIGHT, 3);
    await waitFor(page, () => window.player.currentTime === 40);
    await tap(MIDDLE, 2);
    await tap(LEFT, 2);
    await waitFor(page, () => window.player.currentTime === 30);
    await tap(RIGHT, 1);
    assert.deepEqual(await page.evaluate(() => (window as unknown as { toasts: string[] }).toasts), [
      "Forward 10 seconds",
      "Forward 20 seconds",
      "Back 10 seconds",
    ]);
    assert.equal(await page.evaluate(() => document.fullscreenElement), null);
    assert.deepEqual(faults, []);
  });

  test("dragging along the seek bar shows the preview and seeks on release", async (t) => {
    const { page, finger, faults } = await open(t);
    const bar = (await inside(page, ".seek").boundingBox())!;
    const pointAt = (fraction: number) => ({ x: bar.x + bar.width * fraction, y: bar.y + bar.height / 2 });
    const height = await page.evaluate(() => window.player.shadowRoot!.querySelector(".seek")!.clientHeight);
    assert.ok(height >= 24, `WCAG 2.5.8: the seek bar is ${height} pixels high`);
    await finger.drag(pointAt(0.1), pointAt(0.75), async () => {
      await inside(page, ".preview").waitFor();
      assert.equal(await currentTime(page), 0, "does not seek during the drag");
    });
    await waitFor(page, () => Math.abs(window.player.currentTime - 45) < 2);
    await inside(page, ".preview").waitFor({ state: "hidden" });
    await inside(page, ".time")
      .getByText(/^0:4[3-6] \/ 1:00$/)
      .waitFor();

    // A page scroll that starts on the seek bar does not seek, and the bar follows the video again.
    const before = await currentTime(page);
    await finger.drag(pointAt(0.75), pointAt(0.2), () => inside(page, ".preview").waitFor(), "touchCancel");
    assert.equal(await currentTime(page), before);
    await page.evaluate(() => {
      window.player.currentTime = 30;
    });
    await inside(page, ".time").getByText("0:30 / 1:00").waitFor();
    assert.deepEqual(faults, []);
  });
});
