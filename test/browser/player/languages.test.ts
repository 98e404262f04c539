import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { encode } from "../../../encoder/index.js";
import { ffmpeg, keepAllFrames, lavfi } from "../../support/odd-videos.js";
import {
  disableAvc3,
  playerState,
  TEST_TIMEOUT_MS,
  useStage,
  waitFor,
  waitForTime,
} from "../../support/player-stage.js";

/** Duration of the video in seconds. */
const DURATION = 6;
/** Frequencies of the English and German audio in hertz. */
const TONES = [400, 1100] as const;

const srt = (...cues: readonly [from: string, to: string, text: string][]): string =>
  cues.map(([from, to, text], i) => `${i + 1}\n00:00:0${from} --> 00:00:0${to}\n${text}\n\n`).join("");

/** Creates a video with two audio tracks and two subtitle tracks. */
async function createVideo(folder: string): Promise<string> {
  const path = (name: string) => join(folder, name);
  await writeFile(
    path("eng.srt"),
    srt(["0,500", "2,500", "Hello <i>there</i>"], ["4,000", "5,900", "Again"]),
  );
  await writeFile(path("ger.srt"), srt(["0,500", "5,900", "Grüß Gott"]));
  const tone = (hertz: number) => lavfi(`sine=${hertz}:sample_rate=48000:duration=${DURATION}`);
  await ffmpeg(
    ...[...lavfi(`testsrc2=s=64x36:r=10:d=${DURATION}`), ...tone(TONES[0]), ...tone(TONES[1])],
    ...["-i", path("eng.srt"), "-i", path("ger.srt"), ...[0, 1, 2, 3, 4].flatMap((n) => ["-map", `${n}`])],
    // ffmpeg would make the first subtitles the default, which are shown at first.
    ...[...keepAllFrames, "-c:a", "flac", "-c:s", "srt", "-disposition:s", "0"],
    ...["a", "s"].flatMap((kind) =>
      ["eng", "ger"].flatMap((language, n) => [`-metadata:s:${kind}:${n}`, `language=${language}`]),
    ),
    path("video.mkv"),
  );
  return path("video.mkv");
}

/** Opens a page of the settings menu. Returns the label and `aria-checked` of its items. */
const openMenu = (page: Page, title: string) =>
  page.evaluate(async (name) => {
    const root = window.player.shadowRoot!;
    const items = () => [...root.querySelectorAll<HTMLElement>(".menu [role^=menuitem]")];
    if (items().length === 0) root.querySelector<HTMLElement>(".settings-button")!.click();
    while (items().length === 0) await new Promise(requestAnimationFrame);
    items()
      .find(({ textContent }) => textContent!.startsWith(name))!
      .click();
    return items().map((item) => [item.textContent!.trim(), item.getAttribute("aria-checked")]);
  }, title);
const selectItem = (page: Page, name: string) =>
  page.evaluate((label) => {
    const root = window.player.shadowRoot!;
    const items = [...root.querySelectorAll<HTMLElement>(".menu [role^=menuitem]")];
    items.find(({ textContent }) => textContent!.trim().startsWith(label))!.click();
  }, name);

const captionText = (page: Page) =>
  page.evaluate(() => window.player.shadowRoot!.querySelector(".captions")!.textContent);

/** Waits until the loudest frequency is the expected one. Returns the last measurement in hertz. */
const measureFrequency = (page: Page, hertz: number) =>
  page.evaluate(async (expected) => {
    const video = window.player.shadowRoot!.querySelector("video")! as HTMLVideoElement & {
      analyser?: AnalyserNode;
    };
    if (video.analyser === undefined) {
      const context = new AudioContext();
      video.analyser = new AnalyserNode(context, { fftSize: 4096 });
      context.createMediaElementSource(video).connect(video.analyser).connect(context.destination);
      await context.resume();
    }
    const { analyser } = video;
    const levels = new Float32Array(analyser.frequencyBinCount);
    let frequency = 0;
    for (const end = performance.now() + 30_000; performance.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      analyser.getFloatFrequencyData(levels);
      const loudest = levels.indexOf(Math.max(...levels));
      frequency = (loudest * analyser.context.sampleRate) / analyser.fftSize;
      if (levels[loudest]! > -60 && Math.abs(frequency - expected) < 25) break;
    }
    return frequency;
  }, hertz);

describe("audio and subtitle languages in Chromium", {
  concurrency: false,
  timeout: TEST_TIMEOUT_MS,
}, () => {
  const stage = useStage(undefined, async ({ folder }) => {
    const fastOptions = { steps: 20, phase1Steps: 20, points: 64, workers: 1 };
    await encode({ ...fastOptions, input: await createVideo(folder), output: join(folder, "two.siedd") });
  });

  for (const transport of ["elastic", "levels"]) {
    const open = (t: { after(end: () => unknown): void }) =>
      stage.page(t, '<siedd-player src="./two" style="width: 320px" loop></siedd-player>', {
        ...(transport === "levels" && { before: disableAvc3 }),
      });

    test(`${transport}: subtitles are listed by language and shown at their times`, async (t) => {
      const { page, faults } = await open(t);
      await waitFor(page, () => window.player.readyState >= 2);
      await waitFor(
        page,
        () => !window.player.shadowRoot!.querySelector<HTMLElement>(".captions-button")!.hidden,
      );
      assert.deepEqual(await openMenu(page, "Captions"), [
        ["Off", "true"],
        ["English", "false"],
        ["German", "false"],
      ]);
      await selectItem(page, "English");
      const expectCaption = async (seconds: number, expected: string) => {
        await page.evaluate((time) => {
          window.player.currentTime = time;
        }, seconds);
        await waitFor(
          page,
          (text) => window.player.shadowRoot!.querySelector(".captions")!.textContent === text,
          expected,
        ).catch(async () => assert.equal(await captionText(page), expected, `at ${seconds} s`));
      };
      await expectCaption(1, "Hello there");
      await expectCaption(3, "");
      await expectCaption(4.5, "Again");
      await expectCaption(0.6, "Hello there");
      await openMenu(page, "Captions");
      await selectItem(page, "German");
      await expectCaption(0.6, "Grüß Gott");
      await expectCaption(0.2, "");
      await expectCaption(5, "Grüß Gott");
      const rows = await openMenu(page, "Captions");
      assert.deepEqual(
        rows.map(([, checked]) => checked),
        ["false", "false", "true"],
      );
      await selectItem(page, "Off");
      await expectCaption(5, "");
      await expectCaption(1, "");
      // Captions are also shown during playback.
      await page.evaluate(() => {
        window.player.currentTime = 3.4;
        window.player.muted = true;
      });
      await openMenu(page, "Captions");
      await selectItem(page, "English");
      await page.evaluate(() => window.player.play());
      // The video loops, so that a missed cue is shown again.
      await waitFor(
        page,
        () => window.player.shadowRoot!.querySelector(".captions")!.textContent === "Again",
      );
      assert.equal((await playerState(page)).transport, transport);
      assert.deepEqual(faults, []);
    });

    test(`${transport}: the audio track can be switched during playback`, async (t) => {
      const { page, faults } = await open(t);
      await waitFor(page, () => window.player.readyState >= 2);
      await page.evaluate(() => window.player.play());
      await waitForTime(page, 0.3);
      const first = await measureFrequency(page, TONES[0]);
      assert.ok(Math.abs(first - TONES[0]) < 25, `${first} Hz`);
      assert.deepEqual(await openMenu(page, "Audio"), [
        ["English", "true"],
        ["German", "false"],
      ]);
      await selectItem(page, "German");
      const second = await measureFrequency(page, TONES[1]);
      assert.ok(Math.abs(second - TONES[1]) < 25, `${second} Hz after switching to German`);
      assert.deepEqual(
        (await openMenu(page, "Audio")).map(([, checked]) => checked),
        ["false", "true"],
      );
      await selectItem(page, "English");
      const third = await measureFrequency(page, TONES[0]);
      assert.ok(Math.abs(third - TONES[0]) < 25, `${third} Hz after switching back to English`);
      const { error, transport: actual } = await playerState(page);
      assert.deepEqual({ error, actual }, { error: null, actual: transport });
      assert.deepEqual(faults, []);
    });
  }
});
