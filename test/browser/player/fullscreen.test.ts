import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Frame, Page } from "playwright-core";
import { PATIENCE, until, useStage, video } from "../../support/player-stage.js";

const inside = (page: Page, selector: string) => page.locator("siedd-player").locator(selector);
const asked = (page: Page, width: number) =>
  until(page, (pixels) => window.player.requestedSize?.width === pixels, width);
const isFull = (page: Page, wanted: boolean) =>
  until(page, (full) => window.player.matches(":fullscreen") === full, wanted);
/** What the player says from now on, also what has gone again when the test looks. */
const listen = (page: Page | Frame) =>
  page.evaluate(() => {
    const said: string[] = [];
    Object.assign(window, { said });
    const toast = document.querySelector("siedd-player")!.shadowRoot!.querySelector(".toast")!;
    new MutationObserver(() => toast.textContent && said.push(toast.textContent)).observe(toast, {
      childList: true,
    });
  });
const said = (page: Page | Frame, count = 1) =>
  page.waitForFunction(
    (times) =>
      (window as unknown as { said: string[] }).said.filter(
        (text) => text === "The browser does not allow that here",
      ).length === times,
    count,
  );
const MARKUP = video("width: 400px", "muted");
const WIDE = MARKUP.replace("400px", "600px");

/** What only Safari has, or only where there is a device nearby: present, with the answers that a test gives. */
interface Devices {
  picked: string[];
  available(there: boolean): void;
}

describe("the player on other screens, in Chromium", { concurrency: false, timeout: PATIENCE }, () => {
  const stage = useStage();
  const open = async (t: Parameters<typeof stage.page>[0], markup = MARKUP, beforehand?: () => void) => {
    const opened = await stage.page(t, markup, { ...(beforehand && { before: beforehand }) });
    await until(opened.page, () => window.player.readyState >= 2);
    return opened;
  };

  test("full screen by button, key and double click: the size asked for is the screen's, and the frame's again after it", async (t) => {
    const { page, faults } = await open(t);
    await page.evaluate(() => {
      window.player.addEventListener("fullscreenchange", () =>
        window.told.push({ type: "fullscreenchange", at: 0 }),
      );
    });
    const enters = async (act: () => Promise<void>) => {
      await act();
      await isFull(page, true);
      await asked(page, 1000);
      await inside(page, '.fullscreen[aria-label="Leave full screen"]').waitFor({ state: "attached" });
    };
    const leaves = async (act: () => Promise<void>) => {
      await act();
      await isFull(page, false);
      await asked(page, 400);
      await inside(page, '.fullscreen[aria-label="Full screen"]').waitFor({ state: "attached" });
    };
    const button = () => inside(page, ".fullscreen").click();
    const key = () => page.keyboard.press("f");
    const twice = () => page.locator("siedd-player").dblclick({ position: { x: 60, y: 60 } });
    await enters(button);
    await leaves(key);
    await enters(twice);
    await leaves(twice);
    await enters(key);
    await leaves(button);
    const changes = await page.evaluate(
      () => window.told.filter(({ type }) => type === "fullscreenchange").length,
    );
    assert.equal(changes, 6);
    assert.equal(await page.evaluate(() => window.player.paused), true, "a double click plays nothing");
    assert.deepEqual(faults, []);
  });

  test("full screen is known within another element's shadow tree", async (t) => {
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
    await isFull(page, true);
    await inside(page, ".fullscreen").click();
    await isFull(page, false);
  });

  test("a frame that may not go to full screen has no button for it, and the key says so", async (t) => {
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
    await listen(frame);
    await page.keyboard.press("f");
    await said(frame);
    assert.deepEqual(faults, []);
  });

  test("picture in picture by button and key: its window's own pixels are asked for", async (t) => {
    const { page, faults } = await open(t, WIDE);
    await page.evaluate(() => {
      window.player.addEventListener("enterpictureinpicture", (event) => {
        Object.assign(window, { small: event.pictureInPictureWindow });
      });
    });
    const even = (pixels: number) => 2 * Math.round(pixels / 2);
    await inside(page, ".pip").click();
    await until(page, () => window.player.shadowRoot!.pictureInPictureElement !== null);
    await inside(page, '.pip[aria-label="Leave picture in picture"]').waitFor({ state: "attached" });
    const { width, height } = await page.evaluate(() => {
      const { small } = window as unknown as { small: PictureInPictureWindow };
      return { width: small.width, height: small.height };
    });
    assert.ok(width > 0 && width !== 600, `a window of ${width} x ${height}`);
    // The video's shape within the window's.
    await asked(page, even(Math.min(width, (height * 16) / 9)));
    await page.keyboard.press("i");
    await inside(page, '.pip[aria-label="Picture in picture"]').waitFor({ state: "attached" });
    await asked(page, 600);
    assert.deepEqual(faults, []);
  });

  test("picture in picture is in the menu where its button has no room", async (t) => {
    const { page } = await open(t);
    assert.equal(await inside(page, ".pip").isHidden(), true);
    await inside(page, ".settings-button").click();
    await inside(page, ".menu").getByText("Picture in picture").click();
    await until(page, () => window.player.shadowRoot!.pictureInPictureElement !== null);
    await inside(page, ".settings-button").click();
    await inside(page, ".menu").getByText("Leave picture in picture").click();
    await until(page, () => window.player.shadowRoot!.pictureInPictureElement === null);
  });

  test("picture in picture that is refused is said, and nothing else happens", async (t) => {
    const { page, faults } = await open(t, WIDE, () => {
      HTMLVideoElement.prototype.requestPictureInPicture = () =>
        Promise.reject(new DOMException("no", "NotAllowedError"));
    });
    await listen(page);
    await inside(page, ".pip").click();
    await said(page);
    assert.equal(await page.evaluate(() => window.player.error), null);
    assert.deepEqual(faults, []);
  });

  test("what is decoded in the page has no picture for a window: no button, and the key says so", async (t) => {
    const { page, faults } = await open(t, WIDE.replace("muted", 'muted mode="direct"'));
    await until(page, () => window.player.transport === "direct" && window.player.videoWidth > 0);
    assert.equal(await inside(page, ".pip").isHidden(), true);
    await inside(page, ".stage").focus();
    await listen(page);
    await page.keyboard.press("i");
    await said(page);
    assert.deepEqual(faults, []);
  });

  test("no button for other devices where there are none", async (t) => {
    const { page } = await open(t);
    assert.equal(await page.evaluate(() => "remote" in HTMLMediaElement.prototype), true);
    for (const device of [".cast", ".airplay"])
      assert.equal(await inside(page, device).isHidden(), true, device);
  });

  // Chromium finds no device here, so the browser's part is played by the test: what is held is what the player does.
  test("a device that the browser tells of has a button, until it goes; it opens the browser's list", async (t) => {
    const { page, faults } = await open(t, MARKUP, () => {
      const devices: Devices = { picked: [], available: () => undefined };
      Object.assign(window, { devices });
      RemotePlayback.prototype.watchAvailability = async (tell) => {
        devices.available = (there) => (tell as unknown as (there: boolean) => void)(there);
        return 1;
      };
      RemotePlayback.prototype.prompt = () => {
        devices.picked.push("remote");
        return Promise.reject(
          new DOMException("", devices.picked.length === 1 ? "NotAllowedError" : "NotFoundError"),
        );
      };
    });
    const tell = (there: boolean) =>
      page.evaluate((is) => (window as unknown as { devices: Devices }).devices.available(is), there);
    await tell(true);
    await listen(page);
    await inside(page, ".cast").click();
    // Who closes the list knows it: only the second is said.
    await inside(page, ".cast").click();
    await said(page);
    await tell(false);
    await inside(page, ".cast").waitFor({ state: "hidden" });
    assert.equal(await inside(page, ".airplay").isHidden(), true);
    assert.deepEqual(faults, []);
  });

  // There is no Safari here: its members and its event are made up after WebKit's documentation.
  test("AirPlay has a button where Safari's members are and a receiver is near, and other devices then have none", async (t) => {
    const { page, faults } = await open(t, MARKUP, () => {
      const devices: Devices = {
        picked: [],
        available(there) {
          const event = new Event("webkitplaybacktargetavailabilitychanged");
          Object.assign(event, { availability: there ? "available" : "not-available" });
          window.player.shadowRoot!.querySelector("video")!.dispatchEvent(event);
        },
      };
      Object.assign(window, { devices });
      Object.assign(HTMLVideoElement.prototype, {
        webkitShowPlaybackTargetPicker: () => devices.picked.push("airplay"),
      });
    });
    const tell = (there: boolean) =>
      page.evaluate((is) => (window as unknown as { devices: Devices }).devices.available(is), there);
    assert.equal(await inside(page, ".airplay").isHidden(), true);
    await tell(true);
    await inside(page, ".airplay").click();
    assert.deepEqual(await page.evaluate(() => (window as unknown as { devices: Devices }).devices.picked), [
      "airplay",
    ]);
    await tell(false);
    await inside(page, ".airplay").waitFor({ state: "hidden" });
    assert.equal(await inside(page, ".cast").isHidden(), true);
    assert.deepEqual(faults, []);
  });
});
