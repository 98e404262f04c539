import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import {
  playerMarkup,
  TEST_TIMEOUT_MS,
  useStage,
  VIDEO,
  waitFor,
  waitForTime,
} from "../../support/player-stage.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

const cue = (start: number, end: number, text: string) => ({ start, end, settings: "", text });
const TEXT = [
  { language: "eng", cues: [cue(0, 4000, "Hello <i>there</i>"), cue(5000, 8000, "Bye")] },
  { language: "deu", cues: [cue(0, 8000, "Guten Tag")] },
];
const webVtt = (text: string) => `data:text/vtt,WEBVTT%0A%0A00:00.000 --> 00:08.000%0A${text}`;
/** Allows the WebVTT files of these tests. */
const withTrack = (mode: string, rest = "default") =>
  `<siedd-player src="video" mode="${mode}" muted style="width: 320px">` +
  `<track kind="captions" srclang="en" label="English" src="${webVtt("One")}" ${rest}></siedd-player>`;

describe("text tracks", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(undefined, async ({ folder }) => {
    await writeFile(join(folder, "texts.siedd"), syntheticAsset({ ...VIDEO, text: TEXT }));
    const text = TEXT.map((track) => ({ ...track, default: track.language === "deu" }));
    await writeFile(join(folder, "default.siedd"), syntheticAsset({ ...VIDEO, text }));
  });
  const shownCaption = (page: Page) => page.locator("siedd-player").locator(".captions");
  const waitForCaption = (page: Page, text: string) =>
    waitFor(
      page,
      (expected) => window.player.shadowRoot!.querySelector(".captions")!.textContent === expected,
      text,
    );

  for (const mode of ["server", "direct"]) {
    test(`a <track> child behaves as on a <video> (${mode})`, async (t) => {
      const { page, faults } = await stage.page(t, withTrack(mode));
      await waitFor(page, () => window.player.readyState >= 2);
      await waitForCaption(page, "One");
      // In place: the file, the labels, the mode, and the cues.
      await page.evaluate((src) => {
        const track = window.player.querySelector("track")!;
        Object.assign(track, { src, label: "Français", srclang: "fr", kind: "subtitles" });
      }, webVtt("Un"));
      await waitForCaption(page, "Un");
      const labels = await page.evaluate(() => {
        const { kind, label, language, mode: shown } = window.player.textTracks[0]!;
        return [
          kind,
          label,
          language,
          shown,
          window.player.querySelector("track")!.track === window.player.textTracks[0],
        ];
      });
      assert.deepEqual(labels, ["subtitles", "Français", "fr", "showing", true]);
      const seen = await page.evaluate(async () => {
        const { player } = window;
        const element = player.querySelector("track")!;
        const { track } = element;
        const changes: string[] = [];
        for (const target of [track, element])
          target.addEventListener("cuechange", () => changes.push(target.constructor.name));
        track.mode = "hidden";
        track.addCue(new VTTCue(1, 2, "Deux"));
        player.currentTime = 1.5;
        await new Promise((resolve) => element.addEventListener("cuechange", resolve, { once: true }));
        const active = [...track.activeCues!].map((active) => (active as VTTCue).text);
        return { changes: [...new Set(changes)].sort(), active, mode: track.mode };
      });
      assert.deepEqual(seen, {
        changes: ["HTMLTrackElement", "TextTrack"],
        active: ["Un", "Deux"],
        mode: "hidden",
      });
      assert.equal(await shownCaption(page).textContent(), "", "a hidden track is not drawn");
      await page.evaluate(() => {
        window.player.querySelector("track")!.track.mode = "showing";
      });
      await waitForCaption(page, "UnDeux");
      // The element is removed and inserted again; the player too.
      const kept = await page.evaluate(async () => {
        const { player } = window;
        const element = player.querySelector("track")!;
        const [track] = player.textTracks;
        const state = () => [
          player.textTracks.length,
          player.textTracks[0] === track,
          track!.mode,
          track!.cues?.length,
        ];
        element.remove();
        const removed = player.textTracks.length;
        player.append(element);
        const inserted = state();
        player.remove();
        await new Promise((resolve) => setTimeout(resolve, 50));
        document.body.append(player);
        await new Promise((resolve) => setTimeout(resolve, 300));
        return { removed, inserted, moved: state() };
      });
      const unchanged = [1, true, "showing", 2];
      assert.deepEqual(kept, { removed: 0, inserted: unchanged, moved: unchanged });
      assert.deepEqual(faults, []);
    });
  }

  test("adding a track changes neither the others nor the order", async (t) => {
    const { page } = await stage.page(t, withTrack("server", ""));
    await waitFor(page, () => window.player.readyState >= 2);
    const modes = await page.evaluate(async (src) => {
      const { player } = window;
      player.textTracks[0]!.mode = "showing";
      const first = document.createElement("track");
      Object.assign(first, { kind: "subtitles", label: "First", src });
      // A reference from before the element is a child, as of frameworks.
      const early = first.track;
      player.prepend(first);
      early.mode = "hidden";
      await new Promise((resolve) => first.addEventListener("load", resolve, { once: true }));
      player.addTextTrack("metadata", "Data");
      const texts = Array.from(player.textTracks, ({ label, mode }) => `${label} ${mode}`);
      return { texts, cues: early.cues?.length, state: first.readyState };
    }, webVtt("Eins"));
    assert.deepEqual(modes, { texts: ["First hidden", "English showing", "Data hidden"], cues: 1, state: 2 });
  });

  for (const [name, src, mode] of [
    ["server mode", "texts", "server"],
    ["direct mode", "texts", "direct"],
    ["a .siedd file", "texts/asset.siedd", "server"],
  ] as const) {
    test(`the video's own subtitles are tracks, and stay selected (${name})`, async (t) => {
      const { page, faults } = await stage.page(
        t,
        playerMarkup("width: 560px", `mode="${mode}" muted`, src),
        {
          // The file as a static host serves it.
          prepare: (opened) =>
            opened.route("**/texts/asset.siedd", async (route) =>
              route.fulfill({ response: await route.fetch({ url: `${stage.server.url}texts/asset` }) }),
            ),
        },
      );
      await waitFor(page, () => window.player.readyState >= 2);
      const tracks = () =>
        Array.from(
          window.player.textTracks,
          ({ kind, language, mode: shown }) => `${kind} ${language} ${shown}`,
        );
      assert.deepEqual(await page.evaluate(tracks), ["subtitles en disabled", "subtitles de disabled"]);
      await page.locator("siedd-player").locator(".captions-button").click();
      await waitForCaption(page, "Hello there");
      assert.equal(await shownCaption(page).locator("i").textContent(), "there");
      await page.evaluate(() => {
        window.player.currentTime = 6;
      });
      await waitForCaption(page, "Bye");
      await page.evaluate(() => {
        window.player.mode = window.player.mode === "server" ? "direct" : "server";
      });
      await waitFor(page, () => window.player.readyState >= 2);
      await waitForCaption(page, "Bye");
      assert.deepEqual(await page.evaluate(tracks), ["subtitles en showing", "subtitles de disabled"]);
      await page.evaluate(() => {
        window.player.src = "video";
      });
      await waitFor(page, () => window.player.textTracks.length === 0);
      assert.deepEqual(faults, []);
    });
  }

  test("a default subtitle track shows at first, and not again once it is off", async (t) => {
    const { page } = await stage.page(t, playerMarkup("width: 560px", "muted", "default"));
    await waitForCaption(page, "Guten Tag");
    await page.locator("siedd-player").locator(".captions-button").click();
    await waitForCaption(page, "");
    await page.evaluate(() => {
      window.player.mode = "direct";
    });
    await waitFor(page, () => window.player.transport === "direct" && window.player.readyState >= 2);
    const modes = await page.evaluate(() => Array.from(window.player.textTracks, ({ mode }) => mode));
    assert.deepEqual(modes, ["disabled", "disabled"]);
  });

  test("the policy of the embed page allows the subtitles of its video", async (t) => {
    const embed = `${stage.server.url}player/embed/texts?autoplay=1&muted=1`;
    const { page, faults } = await stage.page(t, "");
    await page.goto(embed);
    await page.waitForFunction(() => customElements.get("siedd-player") !== undefined);
    await page.evaluate(() => {
      window.player = document.querySelector("siedd-player")!;
    });
    await waitForTime(page, 0.3);
    await page.evaluate(() => {
      window.player.textTracks[1]!.mode = "showing";
    });
    await waitForCaption(page, "Guten Tag");
    assert.deepEqual(faults, []);
  });

  for (const attribute of ["data-with-controls", "nocontrols"]) {
    test(`the player draws showing tracks instead of the browser (${attribute})`, async (t) => {
      const markup = withTrack("server").replace(" muted", ` muted ${attribute}`);
      const { page } = await stage.page(t, markup);
      await waitForCaption(page, "One");
      // Browsers draw cues once playback or a seek has made them active.
      await page.evaluate(() => window.player.play());
      await waitForTime(page, 0.3);
      await page.evaluate(() => window.player.pause());
      await waitFor(page, () => window.player.textTracks[0]!.activeCues!.length === 1);
      const screenshot = () => page.locator("siedd-player").screenshot({ animations: "disabled" });
      await page.evaluate(() => {
        const style = new CSSStyleSheet();
        style.replaceSync(
          ".stage :not(.video-container, .video-container *) { visibility: hidden !important }",
        );
        window.player.shadowRoot!.adoptedStyleSheets.push(style);
      });
      await page.waitForTimeout(200);
      const shown = await screenshot();
      await page.evaluate(() => {
        window.player.textTracks[0]!.mode = "disabled";
      });
      await page.waitForTimeout(200);
      assert.ok(shown.equals(await screenshot()), "the browser draws the cue, too");
    });
  }
});
