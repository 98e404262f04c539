import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import type {} from "../../../player/define.js";
import {
  EXACT_SECONDS,
  look,
  PATIENCE,
  reach,
  until,
  useStage,
  video,
  withoutInBandParameters,
} from "../../support/player-stage.js";

const MEDIA_CHROME = join(import.meta.dirname, "../../../../node_modules/media-chrome/dist/iife/index.js");

describe("the player as a media element", { concurrency: false, timeout: PATIENCE }, () => {
  const stage = useStage(EXACT_SECONDS);

  test("has every member and every event of this browser's video", async (t) => {
    const { page } = await stage.page(t, video("width: 160px"));
    const missing = await page.evaluate(() => {
      const ours = ["srcObject", "width", "height"];
      const names = [HTMLVideoElement, HTMLMediaElement].flatMap((Class) =>
        Object.getOwnPropertyNames(Class.prototype),
      );
      return names.filter(
        (name) => !name.startsWith("on") && !ours.includes(name) && !(name in window.player),
      );
    });
    assert.deepEqual(missing, []);
    const seen = await page.evaluate(async () => {
      const { player } = window;
      const types = ["canplay", "playing", "timeupdate", "volumechange", "ratechange", "seeked"];
      const heard = types.map(
        (type) => new Promise((resolve) => player.addEventListener(type, resolve, { once: true })),
      );
      await player.play();
      player.volume = 0.4;
      player.playbackRate = 1.5;
      player.currentTime = 3;
      await Promise.all(heard);
      while (player.played.length === 0 || player.getVideoPlaybackQuality().totalVideoFrames === 0)
        await new Promise(requestAnimationFrame);
      return {
        volume: player.volume,
        rate: player.playbackRate,
        paused: player.paused,
        // Once its end is loaded, the video is as long as the last packet of its sound.
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
      lengths: [EXACT_SECONDS, EXACT_SECONDS],
      canPlay: "probably",
      constant: 4,
      textTracks: seen.textTracks,
      hls: true,
      current: true,
    });
  });

  test("reflects its attributes, and takes properties that were set before the tag was defined", async (t) => {
    const before = () => {
      addEventListener("DOMContentLoaded", () => {
        const player = document.querySelector("siedd-player")!;
        Object.assign(player, { muted: true, maxWidth: 100, currentTime: 2.5, volume: 0.25, loop: true });
      });
    };
    const { page } = await stage.page(t, video("width: 160px"), { before });
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
    assert.equal((await look(page)).time, 2.5);
  });

  test("a rate stays with the video from before it is known, and another video begins at the default one", async (t) => {
    const { page } = await stage.page(t, video("width: 160px", 'preload="none"'));
    await page.evaluate(() => {
      const rates: number[] = [];
      Object.assign(window, { rates });
      window.player.addEventListener("ratechange", () => rates.push(window.player.playbackRate));
      window.player.playbackRate = 1.5;
      return window.player.play();
    });
    await reach(page, 0.3);
    assert.equal((await look(page)).rate, 1.5);
    await page.evaluate(() => {
      window.player.mode = "direct";
    });
    await until(page, () => window.player.transport === "direct" && window.player.readyState >= 2);
    assert.equal((await look(page)).rate, 1.5);
    const begun = await page.evaluate(() => {
      const { player } = window;
      const { playbackRate: chosen, defaultPlaybackRate: usual } = player;
      player.src = "silent";
      const next = player.playbackRate;
      player.defaultPlaybackRate = 1.25;
      const kept = player.playbackRate;
      player.load();
      return { chosen, usual, next, kept, loaded: player.playbackRate };
    });
    assert.deepEqual(begun, { chosen: 1.5, usual: 1, next: 1, kept: 1, loaded: 1.25 });
    await page.evaluate(() => window.player.play());
    await reach(page, 0.2);
    assert.equal((await look(page)).rate, 1.25);
    const told = await page.evaluate(() => (window as unknown as { rates: number[] }).rates);
    assert.deepEqual(told.slice(0, 1), [1.5]);
    assert.deepEqual(new Set(told), new Set([1.5, 1.25]), "a rate was told that lasted no time");
  });

  test("a rate stays while another source takes over, whoever has chosen it", async (t) => {
    const { page } = await stage.page(t, video("width: 160px"), { before: withoutInBandParameters });
    const change = async (mode: "direct" | "server") => {
      await page.evaluate((next) => {
        window.told.length = 0;
        window.player.mode = next;
      }, mode);
      await until(
        page,
        () => window.told.some(({ type }) => type === "emptied") && window.player.readyState >= 2,
      );
    };
    await until(page, () => window.player.readyState >= 2);
    await page.evaluate(() => {
      window.player.playbackRate = 1.5;
    });
    await change("direct");
    assert.deepEqual([(await look(page)).rate, (await look(page)).transport], [1.5, "direct"]);
    // As a browser's own menu does it.
    await page.evaluate(() => {
      const video = window.player.shadowRoot!.querySelector("video")!;
      video.playbackRate = 0.75;
      return new Promise((resolve) => window.player.addEventListener("ratechange", resolve, { once: true }));
    });
    await change("server");
    assert.deepEqual([(await look(page)).rate, (await look(page)).transport], [0.75, "levels"]);
  });

  test("preload=none asks for nothing until it plays", async (t) => {
    const { page, requests } = await stage.page(t, video("width: 160px", 'preload="none"'));
    await page.waitForTimeout(300);
    assert.deepEqual(
      requests.filter((path) => path.includes("/video/")),
      [],
    );
    await page.evaluate(() => window.player.play());
    await reach(page, 0.3);
  });

  test("videoRenditions offers heights; choosing one computes it, and none goes back to the screen's", async (t) => {
    const { page } = await stage.page(t, video("width: 160px"));
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

  test("shows the text tracks that a page gives it", async (t) => {
    const track = '<track kind="captions" srclang="en" label="English" src="data:text/vtt,WEBVTT" default>';
    const { page } = await stage.page(
      t,
      `<siedd-player src="video" style="width: 160px">${track}</siedd-player>`,
    );
    const named = () => Array.from(window.player.textTracks, ({ label }) => label);
    assert.ok((await page.evaluate(named)).includes("English"));
    await page.evaluate(() => window.player.replaceChildren());
    await page.waitForFunction(() => window.player.textTracks.length === 0);
  });

  test("plays within media-chrome: its button, its time range and its full screen", async (t) => {
    const markup = `<media-controller style="width: 320px">
      ${video("width: 100%", 'slot="media" loop')}
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
    await reach(page, 0.5);
    // A click into the picture is media-chrome's, and is not obeyed twice.
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

  test("several play on one page, each at its own size, and leave the page's styles alone", async (t) => {
    const { page } = await stage.page(
      t,
      `<p id="text">text <button>button</button></p>${video("width: 160px", "muted")}${video("width: 240px", "muted")}`,
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
    const asked = await page.evaluate(() =>
      Array.from(document.querySelectorAll("siedd-player"), (player) => player.requestedSize?.width),
    );
    assert.deepEqual(asked, [160, 240]);
    const button = await page.evaluate(() => getComputedStyle(document.querySelector("button")!).display);
    assert.equal(button, "inline-block");
  });

  test("tells the server by when a segment is needed and what comes next, at its size and region", async (t) => {
    const told: string[] = [];
    const { page } = await stage.page(t, video("width: 160px", 'zoom="2"'), {
      prepare: async (prepared) => {
        prepared.on("request", (request) => {
          if (/elastic-\d+\.m4s/.test(request.url())) told.push(request.headers()["cmcd-request"] ?? "");
        });
      },
    });
    await page.evaluate(() => window.player.play());
    await reach(page, 0.5);
    while (told.length < 2) await page.waitForEvent("request");
    const [, url = ""] = /nor="([^"]*)"/.exec(told[1] ?? "") ?? [];
    assert.match(told[1] ?? "", /\bdl=\d+/);
    assert.match(decodeURIComponent(url), /\/80,45,160,90\/160,90\/elastic-\d+\.m4s/, `told ${told}`);
  });

  test("the plain script registers the tag too, and nothing else in the page", async (t) => {
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
