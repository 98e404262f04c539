import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Frame, Page } from "playwright-core";
import { playerMarkup, TEST_TIMEOUT_MS, useStage, waitFor } from "../../support/player-stage.js";

const inside = (page: Page, selector: string) => page.locator("siedd-player").locator(selector);
const waitForRequestedWidth = (page: Page, width: number) =>
  waitFor(page, (pixels) => window.player.requestedSize?.width === pixels, width);
const waitForFullscreen = (page: Page, active: boolean) =>
  waitFor(page, (expected) => window.player.matches(":fullscreen") === expected, active);
/** Records all toasts from now on. */
const recordToasts = (page: Page | Frame) =>
  page.evaluate(() => {
    const toasts: string[] = [];
    Object.assign(window, { toasts });
    const toast = document.querySelector("siedd-player")!.shadowRoot!.querySelector(".toast")!;
    new MutationObserver(() => toast.textContent && toasts.push(toast.textContent)).observe(toast, {
      childList: true,
    });
  });
const waitForDeniedToasts = (page: Page | Frame, count = 1) =>
  page.waitForFunction(
    (expected) =>
      (window as unknown as { toasts: string[] }).toasts.filter(
        (text) => text === "Not allowed by the browser",
      ).length === expected,
    count,
  );
const MARKUP = playerMarkup("width: 400px", "muted");
const WIDE = MARKUP.replace("400px", "600px");

/** Simulated devices for AirPlay and remote playback. */
interface Devices {
  picked: string[];
  setAvailable(available: boolean): void;
}

describe("full screen, picture-in-picture and casting in Chromium", {
  concurrency: false,
  timeout: TEST_TIMEOUT_MS,
}, () => {
  const stage = useStage();
  const open = async (t: Parameters<typeof stage.page>[0], markup = MARKUP, before?: () => void) => {
    const opened = await stage.page(t, markup, { ...(before && { before }) });
    await waitFor(opened.page, () => window.player.readyState >= 2);
    return opened;
  };

  test("the button, the key and a double click toggle full screen, and the requested size follows", async (t) => {
    const { page, faults } = await open(t);
    await page.evaluate(() => {
      window.player.addEventListener("fullscreenchange", () =>
        window.playerEvents.push({ type: "fullscreenchange", time: 0 }),
      );
    });
    const expectEnter = async (action: () => Promise<void>) => {
      await action();
      await waitForFullscreen(page, true);
      await waitForRequestedWidth(page, 1000);
      await inside(page, '.fullscreen[aria-label="Exit full screen"]').waitFor({ state: "attached" });
    };
    const expectExit = async (action: () => Promise<void>) => {
      await action();
      await waitForFullscreen(page, false);
      await waitForRequestedWidth(page, 400);
      await inside(page, '.fullscreen[aria-label="Full screen"]').waitFor({ state: "attached" });
    };
    const clickButton = () => inside(page, ".fullscreen").click();
    const pressKey = () => page.keyboard.press("f");
    const doubleClick = () => page.locator("siedd-player").dblclick({ position: { x: 60, y: 60 } });
    await expectEnter(clickButton);
    await expectExit(pressKey);
    await expectEnter(doubleClick);
    await expectExit(doubleClick);
    await expectEnter(pressKey);
    await expectExit(clickButton);
    const changes = await page.evaluate(
      () => window.playerEvents.filter(({ type }) => type === "fullscreenchange").length,
    );
    assert.equal(changes, 6);
    assert.equal(await page.evaluate(() => window.player.paused), true, "a double click does not play");
    assert.deepEqual(faults, []);
  });

  test("full screen works inside another shadow tree", async (t) => {
    const { page } = await stage.page(
      t,
      `<div id="around"><template shadowrootmode="open"><div>${MARKUP}</div></template></div>`,
    );
    await page.evaluate(() => {
      window.player = document
        .querySelector("#around")!
        .shadowRoot!.querySelector("siedd-player") as typeof window.player;
    });
    await inside(page, ".fullscreen").click();
    await waitForFullscreen(page, true);
    await inside(page, ".fullscreen").click();
    await waitForFullscreen(page, false);
  });

  test("an iframe without permission hides the full screen button, and the key shows a message", async (t) => {
    const { page, faults } = await stage.page(t, "");
    const html = `<!doctype html><script type="module" src="player/siedd-player.js"></script>${MARKUP}`;
    await page.route("**/framed", (route) => route.fulfill({ contentType: "text/html", body: html }));
    await page.evaluate(() => {
      const frame = document.createElement("iframe");
      Object.assign(frame, { src: "framed", allow: "fullscreen 'none'" });
      frame.style.cssText = "width: 600px; height: 400px; border: 0";
      document.body.append(frame);
    });
    const player = page.frameLocator("iframe").locator("siedd-player");
    const shown = player.locator(".stage[data-shown]");
    await shown.waitFor();
    await shown.focus();
    assert.equal(await player.locator(".fullscreen").isHidden(), true);
    const frame = page.frames()[1]!;
    await recordToasts(frame);
    await page.keyboard.press("f");
    await waitForDeniedToasts(frame);
    assert.deepEqual(faults, []);
  });

  test("the button and the key toggle picture-in-picture, and the requested size follows its window", async (t) => {
    const { page, faults } = await open(t, WIDE);
    await page.evaluate(() => {
      window.player.addEventListener("enterpictureinpicture", (event) => {
        Object.assign(window, { pipWindow: event.pictureInPictureWindow });
      });
    });
    const even = (pixels: number) => 2 * Math.round(pixels / 2);
    await inside(page, ".pip").click();
    await waitFor(page, () => window.player.shadowRoot!.pictureInPictureElement !== null);
    await inside(page, '.pip[aria-label="Exit picture-in-picture"]').waitFor({ state: "attached" });
    const { width, height } = await page.evaluate(() => {
      const { pipWindow } = window as unknown as { pipWindow: PictureInPictureWindow };
      return { width: pipWindow.width, height: pipWindow.height };
    });
    assert.ok(width > 0 && width !== 600, `a window of ${width} x ${height}`);
    // The video keeps its aspect ratio in the window.
    await waitForRequestedWidth(page, even(Math.min(width, (height * 16) / 9)));
    await page.keyboard.press("i");
    await inside(page, '.pip[aria-label="Picture-in-picture"]').waitFor({ state: "attached" });
    await waitForRequestedWidth(page, 600);
    assert.deepEqual(faults, []);
  });

  test("the menu offers picture-in-picture if the button does not fit", async (t) => {
    const { page } = await open(t);
    assert.equal(await inside(page, ".pip").isHidden(), true);
    await inside(page, ".settings-button").click();
    await inside(page, ".menu").getByText("Picture-in-picture").click();
    await waitFor(page, () => window.player.shadowRoot!.pictureInPictureElement !== null);
    await inside(page, ".settings-button").click();
    await inside(page, ".menu").getByText("Exit picture-in-picture").click();
    await waitFor(page, () => window.player.shadowRoot!.pictureInPictureElement === null);
  });

  test("a denied picture-in-picture request shows a message", async (t) => {
    const { page, faults } = await open(t, WIDE, () => {
      HTMLVideoElement.prototype.requestPictureInPicture = () =>
        Promise.reject(new DOMException("no", "NotAllowedError"));
    });
    await recordToasts(page);
    await inside(page, ".pip").click();
    await waitForDeniedToasts(page);
    assert.equal(await page.evaluate(() => window.player.error), null);
    assert.deepEqual(faults, []);
  });

  test("direct mode hides the picture-in-picture button, and the key shows a message", async (t) => {
    const { page, faults } = await open(t, WIDE.replace("muted", 'muted mode="direct"'));
    await waitFor(page, () => window.player.transport === "direct" && window.player.videoWidth > 0);
    assert.equal(await inside(page, ".pip").isHidden(), true);
    await inside(page, ".stage").focus();
    await recordToasts(page);
    await page.keyboard.press("i");
    await waitForDeniedToasts(page);
    assert.deepEqual(faults, []);
  });

  test("the cast buttons are hidden without devices", async (t) => {
    const { page } = await open(t);
    assert.equal(await page.evaluate(() => "remote" in HTMLMediaElement.prototype), true);
    for (const button of [".cast", ".airplay"])
      assert.equal(await inside(page, button).isHidden(), true, button);
  });

  // There is no device here, so the test simulates the Remote Playback API.
  test("the cast button is shown while a device is available and opens the device picker", async (t) => {
    const { page, faults } = await open(t, MARKUP, () => {
      const devices: Devices = { picked: [], setAvailable: () => undefined };
      Object.assign(window, { devices });
      RemotePlayback.prototype.watchAvailability = async (callback) => {
        devices.setAvailable = (available) =>
          (callback as unknown as (available: boolean) => void)(available);
        return 1;
      };
      RemotePlayback.prototype.prompt = () => {
        devices.picked.push("remote");
        return Promise.reject(
          new DOMException("", devices.picked.length === 1 ? "NotAllowedError" : "NotFoundError"),
        );
      };
    });
    const setAvailable = (available: boolean) =>
      page.evaluate(
        (value) => (window as unknown as { devices: Devices }).devices.setAvailable(value),
        available,
      );
    await setAvailable(true);
    await recordToasts(page);
    await inside(page, ".cast").click();
    // The first rejection means that the viewer closed the picker. Only the second shows a message.
    await inside(page, ".cast").click();
    await waitForDeniedToasts(page);
    await setAvailable(false);
    await inside(page, ".cast").waitFor({ state: "hidden" });
    assert.equal(await inside(page, ".airplay").isHidden(), true);
    assert.deepEqual(faults, []);
  });

  // There is no Safari here, so the test simulates its API after the WebKit documentation.
  test("the AirPlay button is shown in Safari while a receiver is available, instead of the cast button", async (t) => {
    const { page, faults } = await open(t, MARKUP, () => {
      const devices: Devices = {
        picked: [],
        setAvailable(available) {
          const event = new Event("webkitplaybacktargetavailabilitychanged");
          Object.assign(event, { availability: available ? "available" : "not-available" });
          window.player.shadowRoot!.querySelector("video")!.dispatchEvent(event);
        },
      };
      Object.assign(window, { devices });
      Object.assign(HTMLVideoElement.prototype, {
        webkitShowPlaybackTargetPicker: () => devices.picked.push("airplay"),
      });
    });
    const setAvailable = (available: boolean) =>
      page.evaluate(
        (value) => (window as unknown as { devices: Devices }).devices.setAvailable(value),
        available,
      );
    assert.equal(await inside(page, ".airplay").isHidden(), true);
    await setAvailable(true);
    await inside(page, ".airplay").click();
    assert.deepEqual(await page.evaluate(() => (window as unknown as { devices: Devices }).devices.picked), [
      "airplay",
    ]);
    await setAvailable(false);
    await inside(page, ".airplay").waitFor({ state: "hidden" });
    assert.equal(await inside(page, ".cast").isHidden(), true);
    assert.deepEqual(faults, []);
  });
});
