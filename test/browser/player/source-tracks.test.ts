import assert from "node:assert/strict";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { encode } from "../../../encoder/index.js";
import { ffmpeg, keepAllFrames, lavfi } from "../../support/odd-videos.js";
import {
  playerMarkup,
  playerState,
  type Stage,
  TEST_TIMEOUT_MS,
  useStage,
  waitFor,
  waitForSize,
} from "../../support/player-stage.js";
import { waitUntil } from "../../support/wait-until.js";

const SECONDS = 12;
/** Frequencies of the tones in Hz: AC-3 5.1 in English, stereo AAC in German. */
const TONES = { english: 300, german: 900 };

/** Writes a source with surround, stereo and subtitles, and its asset under a hidden name. */
async function writeSource({ folder }: Stage): Promise<void> {
  const srt = async (name: string, first: string, second: string) => {
    const path = join(folder, name);
    const cues = `1\n00:00:00,000 --> 00:00:06,000\n${first}\n\n2\n00:00:06,000 --> 00:00:12,000\n${second}\n`;
    await writeFile(path, cues);
    return path;
  };
  const tone = (hertz: number) => `sine=${hertz}:sample_rate=48000:duration=${SECONDS}`;
  const input = join(folder, "movie.mkv");
  await ffmpeg(
    ...lavfi(`testsrc2=s=64x36:r=10:d=${SECONDS}`),
    ...lavfi(`${tone(TONES.english)},pan=5.1|FC=c0|FL=0.5*c0|FR=0.5*c0`),
    ...lavfi(`${tone(TONES.german)},pan=stereo|FL=c0|FR=c0`),
    ...["-i", await srt("en.srt", "Hello", "Good <i>bye</i>"), "-i", await srt("de.srt", "Hallo", "Ende")],
    ...["-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map", "4", ...keepAllFrames],
    ...["-c:a:0", "ac3", "-c:a:1", "aac", "-c:s", "srt"],
    ...["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger", "-metadata:s:a:1", "title=Dub"],
    ...[
      "-metadata:s:s:0",
      "language=eng",
      "-metadata:s:s:0",
      "title=Signs",
      "-metadata:s:s:1",
      "language=ger",
    ],
    input,
  );
  const output = join(folder, ".finished.siedd");
  await encode({ input, output, steps: 1, phase1Steps: 1, points: 16, workers: 1 });
}

/** Returns the labels of all tracks. The menu shows the language of a text track without one. */
const labelsOf = (page: Page) =>
  page.evaluate(() => {
    const { player } = window;
    const labels = ({ label, language }: { label: string; language: string }) => `${label} (${language})`;
    return { audio: [...player.audioTracks].map(labels), text: [...player.textTracks].map(labels) };
  });

const enabledTracks = (page: Page) =>
  page.evaluate(() => {
    const { player } = window;
    return {
      audio: [...player.audioTracks].findIndex(({ enabled }) => enabled),
      text: [...player.textTracks].findIndex(({ mode }) => mode === "showing"),
    };
  });

const choose = (page: Page, tracks: { audio: number; text: number }) =>
  page.evaluate(({ audio, text }) => {
    const { player } = window;
    for (const [i, track] of [...player.audioTracks].entries()) track.enabled = i === audio;
    for (const [i, track] of [...player.textTracks].entries())
      track.mode = i === text ? "showing" : "disabled";
  }, tracks);

const waitForCaption = (page: Page, text: string) =>
  waitFor(
    page,
    (expected) => window.player.shadowRoot!.querySelector(".captions")!.textContent === expected,
    text,
  );

/** Measures the audio of the player from now on. */
const listen = (page: Page) =>
  page.evaluate(async () => {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
    const video = window.player.shadowRoot!.querySelector("video")!;
    context.createMediaElementSource(video).connect(analyser);
    await context.resume();
    const levels = new Float32Array(analyser.frequencyBinCount);
    /** Returns the loudest frequency in Hz. */
    Object.assign(window, {
      loudestFrequency: () => {
        analyser.getFloatFrequencyData(levels);
        const loudest = levels.indexOf(Math.max(...levels));
        return Math.max(...levels) < -60 ? 0 : (loudest * context.sampleRate) / analyser.fftSize;
      },
    });
  });

const waitForTone = (page: Page, hertz: number) =>
  waitFor(
    page,
    (expected) => {
      const { loudestFrequency } = window as unknown as { loudestFrequency: () => number };
      return Math.abs(loudestFrequency() - expected) < 20;
    },
    hertz,
  );

const seek = (page: Page, seconds: number) =>
  page.evaluate((time) => {
    window.player.currentTime = time;
  }, seconds);

describe("the tracks of a source", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(1, writeSource);

  test("are chosen, play and are kept when the asset replaces it", async (t) => {
    const { page, faults } = await stage.page(t, playerMarkup("width: 160px", "controls loop", "movie"));
    await waitFor(page, () => window.player.readyState >= 2);
    const labels = await labelsOf(page);
    assert.deepEqual(labels, {
      audio: ["English (5.1) (en)", "Dub (de)", "English (en)"],
      text: ["Signs (en)", " (de)"],
    });
    await listen(page);
    await page.evaluate(() => window.player.play());
    await waitForTone(page, TONES.english);
    await choose(page, { audio: 1, text: 1 });
    await waitForTone(page, TONES.german);
    await waitForCaption(page, "Hallo");
    await seek(page, 8);
    await waitForCaption(page, "Ende");
    await waitForTone(page, TONES.german);

    await rename(join(stage.folder, ".finished.siedd"), join(stage.folder, "movie.siedd"));
    const isAsset = async () =>
      ((await (await fetch(`${stage.server.url}movie/info.json`)).json()) as { backend: string }).backend ===
      "asset";
    await waitUntil(isAsset, "the asset is served");
    await page.evaluate(() => {
      window.player.style.width = "240px";
    });
    await waitForSize(page, "240x136");
    await seek(page, 2);
    await waitForCaption(page, "Hallo");
    await waitForTone(page, TONES.german);
    assert.deepEqual(await enabledTracks(page), { audio: 1, text: 1 });
    assert.deepEqual(await labelsOf(page), labels);
    // Surround and the other subtitles, which are read from the asset only now.
    await choose(page, { audio: 0, text: 0 });
    await waitForTone(page, TONES.english);
    await seek(page, 7);
    await waitForCaption(page, "Good bye");
    assert.equal((await playerState(page)).error, null);
    const events = await page.evaluate(() => window.playerEvents.map(({ type }) => type));
    assert.ok(!events.includes("error") && !events.includes("emptied"), `${events}`);
    assert.deepEqual(faults, []);

    // A viewer who comes later sees the same.
    const later = await stage.page(t, playerMarkup("width: 160px", "controls", "movie"));
    await waitFor(later.page, () => window.player.readyState >= 2);
    assert.deepEqual(await labelsOf(later.page), labels);
  });
});
