import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { encode } from "../../../encoder/index.js";
import { exact, ffmpeg, lavfi } from "../../support/odd-videos.js";
import {
  look,
  PATIENCE,
  reach,
  until,
  useStage,
  withoutInBandParameters,
} from "../../support/player-stage.js";

const LENGTH = 6;
/** Hertz of the English and of the German sound. */
const TONES = [400, 1100] as const;

const srt = (...cues: readonly [from: string, to: string, said: string][]): string =>
  cues.map(([from, to, said], i) => `${i + 1}\n00:00:0${from} --> 00:00:0${to}\n${said}\n\n`).join("");

/** A video with two tracks of sound and of subtitles, as a disc has them. */
async function video(folder: string): Promise<string> {
  const at = (name: string) => join(folder, name);
  await writeFile(at("eng.srt"), srt(["0,500", "2,500", "Hello <i>there</i>"], ["4,000", "5,900", "Again"]));
  await writeFile(at("ger.srt"), srt(["0,500", "5,900", "Grüß Gott"]));
  const tone = (hertz: number) => lavfi(`sine=${hertz}:sample_rate=48000:duration=${LENGTH}`);
  await ffmpeg(
    ...[...lavfi(`testsrc2=s=64x36:r=10:d=${LENGTH}`), ...tone(TONES[0]), ...tone(TONES[1])],
    ...["-i", at("eng.srt"), "-i", at("ger.srt"), ...[0, 1, 2, 3, 4].flatMap((n) => ["-map", `${n}`])],
    ...[...exact, "-c:a", "flac", "-c:s", "srt"],
    ...["a", "s"].flatMap((kind) =>
      ["eng", "ger"].flatMap((language, n) => [`-metadata:s:${kind}:${n}`, `language=${language}`]),
    ),
    at("video.mkv"),
  );
  return at("video.mkv");
}

/** Opens a page of the menu and names what can be chosen there. */
const openMenu = (page: Page, title: string) =>
  page.evaluate((name) => {
    const root = window.player.shadowRoot!;
    const items = () => [...root.querySelectorAll<HTMLElement>(".menu [role^=menuitem]")];
    if (items().length === 0) root.querySelector<HTMLElement>(".settings-button")!.click();
    items()
      .find(({ textContent }) => textContent!.startsWith(name))!
      .click();
    return items().map((item) => [item.textContent!.trim(), item.getAttribute("aria-checked")]);
  }, title);
const choose = (page: Page, name: string) =>
  page.evaluate((label) => {
    const root = window.player.shadowRoot!;
    const items = [...root.querySelectorAll<HTMLElement>(".menu [role^=menuitem]")];
    items.find(({ textContent }) => textContent!.trim().startsWith(label))!.click();
  }, name);

const cues = (page: Page) =>
  page.evaluate(() => window.player.shadowRoot!.querySelector(".cues")!.textContent);

/** The loudest frequency that the video sounds of, in hertz, as soon as it is this one; else the last one seen. */
const audioTracks = (page: Page, hertz: number) =>
  page.evaluate(async (wanted) => {
    const video = window.player.shadowRoot!.querySelector("video")! as HTMLVideoElement & {
      ear?: AnalyserNode;
    };
    if (video.ear === undefined) {
      const context = new AudioContext();
      video.ear = new AnalyserNode(context, { fftSize: 4096 });
      context.createMediaElementSource(video).connect(video.ear).connect(context.destination);
      await context.resume();
    }
    const { ear } = video;
    const levels = new Float32Array(ear.frequencyBinCount);
    let heard = 0;
    for (const end = performance.now() + 30_000; performance.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      ear.getFloatFrequencyData(levels);
      const loudest = levels.indexOf(Math.max(...levels));
      heard = (loudest * ear.context.sampleRate) / ear.fftSize;
      if (levels[loudest]! > -60 && Math.abs(heard - wanted) < 25) break;
    }
    return heard;
  }, hertz);

describe("languages, from a video with two of each, in Chromium", {
  concurrency: false,
  timeout: PATIENCE,
}, () => {
  const stage = useStage(undefined, async ({ folder }) => {
    const brief = { steps: 20, phase1Steps: 20, points: 64, workers: 1 };
    await encode({ ...brief, input: await video(folder), output: join(folder, "two.siedd") });
  });

  for (const transport of ["elastic", "levels"]) {
    const open = (t: { after(end: () => unknown): void }) =>
      stage.page(t, '<siedd-player src="./two" style="width: 320px" loop></siedd-player>', {
        ...(transport === "levels" && { before: withoutInBandParameters }),
      });

    test(`${transport}: subtitles are listed by language, appear when they are said, and go when they are switched off`, async (t) => {
      const { page, faults } = await open(t);
      await until(page, () => window.player.readyState >= 2);
      await until(
        page,
        () => !window.player.shadowRoot!.querySelector<HTMLElement>(".captions-button")!.hidden,
      );
      assert.deepEqual(await openMenu(page, "Captions"), [
        ["Off", "true"],
        ["English", "false"],
        ["German", "false"],
      ]);
      await choose(page, "English");
      const at = async (seconds: number, expected: string) => {
        await page.evaluate((time) => {
          window.player.currentTime = time;
        }, seconds);
        await until(
          page,
          (text) => window.player.shadowRoot!.querySelector(".cues")!.textContent === text,
          expected,
        ).catch(async () => assert.equal(await cues(page), expected, `at ${seconds} s`));
      };
      await at(1, "Hello there");
      await at(3, "");
      await at(4.5, "Again");
      await at(0.6, "Hello there");
      await openMenu(page, "Captions");
      await choose(page, "German");
      await at(0.6, "Grüß Gott");
      await at(0.2, "");
      await at(5, "Grüß Gott");
      const rows = await openMenu(page, "Captions");
      assert.deepEqual(
        rows.map(([, checked]) => checked),
        ["false", "false", "true"],
      );
      await choose(page, "Off");
      await at(5, "");
      await at(1, "");
      // While it plays they come and go by themselves.
      await page.evaluate(() => {
        window.player.currentTime = 3.4;
        window.player.muted = true;
      });
      await openMenu(page, "Captions");
      await choose(page, "English");
      await page.evaluate(() => window.player.play());
      // It loops: what is missed once comes again.
      await until(page, () => window.player.shadowRoot!.querySelector(".cues")!.textContent === "Again");
      assert.equal((await look(page)).transport, transport);
      assert.deepEqual(faults, []);
    });

    test(`${transport}: the language of the sound can be chosen while the video plays, and is heard`, async (t) => {
      const { page, faults } = await open(t);
      await until(page, () => window.player.readyState >= 2);
      await page.evaluate(() => window.player.play());
      await reach(page, 0.3);
      const first = await audioTracks(page, TONES[0]);
      assert.ok(Math.abs(first - TONES[0]) < 25, `${first} Hz`);
      assert.deepEqual(await openMenu(page, "Sound track"), [
        ["English", "true"],
        ["German", "false"],
      ]);
      await choose(page, "German");
      const second = await audioTracks(page, TONES[1]);
      assert.ok(Math.abs(second - TONES[1]) < 25, `${second} Hz after German was chosen`);
      assert.deepEqual(
        (await openMenu(page, "Sound track")).map(([, checked]) => checked),
        ["false", "true"],
      );
      await choose(page, "English");
      const third = await audioTracks(page, TONES[0]);
      assert.ok(Math.abs(third - TONES[0]) < 25, `${third} Hz after English was chosen again`);
      const { error, transport: by } = await look(page);
      assert.deepEqual({ error, by }, { error: null, by: transport });
      assert.deepEqual(faults, []);
    });
  }
});
