import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import type {} from "../../../player/define.js";
import {
  disableAvc3,
  EXACT_SIZE_SECONDS,
  playerMarkup,
  playerState,
  TEST_TIMEOUT_MS,
  useStage,
  waitFor,
  waitForTime,
} from "../../support/player-stage.js";

const MEDIA_CHROME = join(import.meta.dirname, "../../../../node_modules/media-chrome/dist/iife/index.js");

describe("the player as a media element", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(EXACT_SIZE_SECONDS);

  test("has every member and event of the video element", async (t) => {
    const { page } = await stage.page(t, playerMarkup("width: 160px"));
    const missing = await page.evaluate(() => {
      const notForwarded = ["srcObject", "width", "height"];
      const names = [HTMLVideoElement, HTMLMediaElement].flatMap((Class) =>
        Object.getOwnPropertyNames(Class.prototype),
      );
      return names.filter(
        (name) => !name.startsWith("on") && !notForwarded.includes(name) && !(name in window.player),
      );
    });
    assert.deepEqual(missing, []);
    const seen = await page.evaluate(async () => {
      const { player } = window;
      const types = ["canplay", "playing", "timeupdate", "volumechange", "ratechange", "seeked"];
      const dispatched = types.map(
        (type) => new Promise((resolve) => player.addEventListener(type, resolve, { once: true })),
      );
      await player.play();
      player.volume = 0.4;
      player.playbackRate = 1.5;
      player.currentTime = 3;
      await Promise.all(dispatched);
      while (player.played.length === 0 || player.getVideoPlaybackQuality().totalVideoFrames === 0)
        await new Promise(requestAnimationFrame);
      return {
        volume: player.volume,
        rate: player.playbackRate,
        paused: player.paused,
        // Once the end is loaded, the duration is that of the last audio packet.
        lengths: [player.duration, player.seekable.end(0)].map((seconds) => Math.floor(seconds * 30) / 30),
        canPlay: player.canPlayType('video/mp4; codecs="avc1.64001f"'),
        constant: player.HAVE_ENOUGH_DATA,
        textTracks: player.textTracks.length,
        hls: player.hls !== null,
        current: player.currentSrc.endsWith("/videos/video"),
      };
    });
    assert.deepEqual(seen, {
      volume: 0.4,
      rate: 1.5,
      paused: false,
      lengths: [EXACT_SIZE_SECONDS, EXACT_SIZE_SECONDS],
      canPlay: "probably",
      constant: 4,
      textTracks: seen.textTracks,
      hls: true,
      current: true,
    });
  });

  test("reflects attributes and upgrades properties that were set before the element was defined", async (t) => {
    const before = () => {
      addEventListener("DOMContentLoaded", () => {
        const player = document.querySelector("siedd-player")!;
        Object.assign(player, { muted: true, maxWidth: 100, currentTime: 2.5, volume: 0.25, loop: true });
      });
    };
    const { page } = await stage.page(t, playerMarkup("width: 160px"), { before });
    const seen = await page.evaluate(() => {
      const { player } = window;
      const { muted, maxWidth, volume, loop } = player;
      const early = { muted, maxWidth, volume, loop, attribute: player.getAttribute("max-width") };
      player.poster = "poster.jpg";
      player.preload = "metadata";
      player.crossOrigin = "anonymous";
      player.defaultMuted = true;
      player.disablePictureInPicture = true;
      const video = player.shadowRoot!.querySelector("video")!;
      return {
        early,
        attributes: player.getAttributeNames().sort().join(" "),
        inner: [video.preload, video.crossOrigin, video.disablePictureInPicture, video.loop],
        poster: video.poster.endsWith("/poster.jpg"),
      };
    });
    assert.deepEqual(seen.early, { muted: true, maxWidth: 100, volume: 0.25, loop: true, attribute: "100" });
    assert.equal(
      seen.attributes,
      "crossorigin disablepictureinpicture loop max-width muted poster preload src style",
    );
    assert.deepEqual(seen.inner, ["metadata", "anonymous", true, true]);
    assert.equal(seen.poster, true);
    await page.waitForFunction(() => window.player.readyState >= 2);
    assert.equal((await playerState(page)).time, 2.5);
  });

  test("keeps a rate that was set before loading, and starts another video at the default rate", async (t) => {
    const { page } = await stage.page(t, playerMarkup("width: 160px", 'preload="none"'));
    await page.evaluate(() => {
      const rates: number[] = [];
      Object.assign(window, { rates });
      window.player.addEventListener("ratechange", () => rates.push(window.player.playbackRate));
      window.player.playbackRate = 1.5;
      return window.player.play();
    });
    await waitForTime(page, 0.3);
    assert.equal((await playerState(page)).rate, 1.5);
    await page.evaluate(() => {
      window.player.mode = "direct";
    });
    await waitFor(page, () => window.player.transport === "direct" && window.player.readyState >= 2);
    assert.equal((await playerState(page)).rate, 1.5);
    const values = await page.evaluate(() => {
      const { player } = window;
      const { playbackRate: rate, defaultPlaybackRate: defaultRate } = player;
      player.src = "silent";
      const next = player.playbackRate;
      player.defaultPlaybackRate = 1.25;
      const kept = player.playbackRate;
      player.load();
      return { rate, defaultRate, next, kept, loaded: player.playbackRate };
    });
    assert.deepEqual(values, { rate: 1.5, defaultRate: 1, next: 1, kept: 1, loaded: 1.25 });
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.2);
    assert.equal((await playerState(page)).rate, 1.25);
    const observed = await page.evaluate(() => (window as unknown as { rates: number[] }).rates);
    assert.deepEqual(observed.slice(0, 1), [1.5]);
    assert.deepEqual(new Set(observed), new Set([1.5, 1.25]), "a transient rate was reported");
  });

  test("keeps the rate when the source changes, even one set by the browser", async (t) => {
    const { page } = await stage.page(t, playerMarkup("width: 160px"), { before: disableAvc3 });
    const change = async (mode: "direct" | "server") => {
      await page.evaluate((next) => {
        window.playerEvents.length = 0;
        window.player.mode = next;
      }, mode);
      await waitFor(
        page,
        () => window.playerEvents.some(({ type }) => type === "emptied") && window.player.readyState >= 2,
      );
    };
    await waitFor(page, () => window.player.readyState >= 2);
    await page.evaluate(() => {
      window.player.playbackRate = 1.5;
    });
    await change("direct");
    assert.deepEqual([(await playerState(page)).rate, (await playerState(page)).transport], [1.5, "direct"]);
    // The browser's menu sets the rate this way.
    await page.evaluate(() => {
      const video = window.player.shadowRoot!.querySelector("video")!;
      video.playbackRate = 0.75;
      return new Promise((resolve) => window.player.addEventListener("ratechange", resolve, { once: true }));
    });
    await change("server");
    assert.deepEqual([(await playerState(page)).rate, (await playerState(page)).transport], [0.75, "levels"]);
  });

  test("preload=none requests nothing until play()", async (t) => {
    const { page, requests } = await stage.page(t, playerMarkup("width: 160px", 'preload="none"'));
    await page.waitForTimeout(300);
    assert.deepEqual(
      requests.filter((path) => path.includes("/video/")),
      [],
    );
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.3);
  });

  test("selecting one of videoRenditions requests its height, and selecting none follows the screen", async (t) => {
    const { page } = await stage.page(t, playerMarkup("width: 160px"));
    await page.waitForFunction(() => window.player.videoRenditions.length > 0);
    const heights = await page.evaluate(() =>
      Array.from(window.player.videoRenditions, ({ height }) => height),
    );
    assert.ok(
      [144, 180, 360].every((height) => heights.includes(height)),
      `${heights}`,
    );
    await page.evaluate((index) => {
      window.player.videoRenditions.selectedIndex = index;
    }, heights.indexOf(180));
    await page.waitForFunction(() => window.player.requestedSize?.height === 180);
    assert.equal(await page.evaluate(() => window.player.quality), 180);
    await page.evaluate(() => {
      window.player.videoRenditions.selectedIndex = -1;
    });
    await page.waitForFunction(() => window.player.requestedSize?.width === 160);
  });

  test("has the text tracks of the page and follows their changes", async (t) => {
    const track = '<track kind="captions" srclang="en" label="English" src="data:text/vtt,WEBVTT" default>';
    const { page } = await stage.page(
      t,
      `<siedd-player src="video" style="width: 160px">${track}</siedd-player>`,
    );
    const trackLabels = () => Array.from(window.player.textTracks, ({ label }) => label);
    assert.ok((await page.evaluate(trackLabels)).includes("English"));
    await page.evaluate(() => window.player.querySelector("track")!.setAttribute("label", "Captions"));
    await page.waitForFunction(() => window.player.textTracks[0]?.label === "Captions");
    const counts = await page.evaluate(async () => {
      const { player } = window;
      const before = player.textTracks.length;
      player.remove();
      await new Promise((resolve) => setTimeout(resolve));
      document.body.append(player);
      return [before, player.textTracks.length];
    });
    assert.deepEqual(counts, [1, 1], "a removed and inserted player has its tracks once");
    await page.evaluate(() => window.player.replaceChildren());
    await page.waitForFunction(() => window.player.textTracks.length === 0);
  });

  test("works with the play button, time range and full screen of media-chrome", async (t) => {
    const markup = `<media-controller style="width: 320px">
      ${playerMarkup("width: 100%", 'slot="media" loop')}
      <media-control-bar>
        <media-play-button></media-play-button><media-time-range></media-time-range>
        <media-fullscreen-button></media-fullscreen-button>
      </media-control-bar></media-controller>`;
    const { page, faults } = await stage.page(t, markup, {
      prepare: (prepared) => prepared.addInitScript({ path: MEDIA_CHROME }),
    });
    await page.waitForFunction(() => window.player.readyState >= 2);
    assert.equal(await page.evaluate(() => window.player.controls), false);
    await page.locator("media-play-button").click();
    await waitForTime(page, 0.5);
    // A click on the video is handled by media-chrome, and only once.
    await page.locator("siedd-player").click({ position: { x: 100, y: 40 } });
    await page.waitForFunction(() => window.player.paused);
    const { x, y, width, height } = (await page.locator("media-time-range").boundingBox())!;
    await page.mouse.click(x + width * 0.6, y + height / 2);
    await page.waitForFunction(() => window.player.currentTime > 2.5);
    await page.locator("media-fullscreen-button").click();
    await page.waitForFunction(() => document.fullscreenElement?.localName === "media-controller");
    await page.waitForFunction(() => window.player.requestedSize!.width > 900);
    assert.deepEqual(faults, []);
  });

  test("several players on a page have their own sizes and do not affect its styles", async (t) => {
    const { page } = await stage.page(
      t,
      `<p id="text">text <button>button</button></p>${playerMarkup("width: 160px", "muted")}${playerMarkup("width: 240px", "muted")}`,
    );
    const sheets = await page.evaluate(
      () => document.styleSheets.length + document.adoptedStyleSheets.length,
    );
    assert.equal(sheets, 1);
    await page.evaluate(() =>
      Promise.all(Array.from(document.querySelectorAll("siedd-player"), (player) => player.play())),
    );
    await page.waitForFunction(() =>
      Array.from(document.querySelectorAll("siedd-player")).every((player) => player.currentTime > 0.5),
    );
    const requested = await page.evaluate(() =>
      Array.from(document.querySelectorAll("siedd-player"), (player) => player.requestedSize?.width),
    );
    assert.deepEqual(requested, [160, 240]);
    const button = await page.evaluate(() => getComputedStyle(document.querySelector("button")!).display);
    assert.equal(button, "inline-block");
  });

  test("sends CMCD with the deadline and the next segment, at its size and region", async (t) => {
    const headers: string[] = [];
    const { page } = await stage.page(t, playerMarkup("width: 160px", 'zoom="2"'), {
      prepare: async (prepared) => {
        prepared.on("request", (request) => {
          if (/elastic-\d+\.m4s/.test(request.url())) headers.push(request.headers()["cmcd-request"] ?? "");
        });
      },
    });
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.5);
    while (headers.length < 2) await page.waitForEvent("request");
    const [, url = ""] = /nor="([^"]*)"/.exec(headers[1] ?? "") ?? [];
    assert.match(headers[1] ?? "", /\bdl=\d+/);
    assert.match(
      decodeURIComponent(url),
      /\/80,45,160,90\/160,90\/elastic-\d+\.m4s/,
      `CMCD headers: ${headers}`,
    );
  });

  test("the classic script registers the element and adds no globals", async (t) => {
    const { page } = await stage.page(t, "");
    const html = "<!doctype html><title>plain</title>";
    await page.route("**/plain", (route) => route.fulfill({ contentType: "text/html", body: html }));
    await page.goto(`${stage.server.url}plain`);
    const names = await page.evaluate(() => Object.keys(window).length);
    await page.addScriptTag({ url: `${stage.server.url}player/siedd-player.iife.js` });
    assert.equal(await page.evaluate(() => customElements.get("siedd-player") !== undefined), true);
    assert.equal(await page.evaluate(() => Object.keys(window).length), names);
  });
});
