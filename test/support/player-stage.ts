import assert from "node:assert/strict";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, type TestContext } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { SieddPlayerElement } from "../../player/index.js";
import { type RunningServer, serve } from "../../server/index.js";
import { launchBrowser, MAX_MILLISECONDS, watchFaults } from "./browser.js";
import { syntheticAsset } from "./synthetic-asset.js";
import { tempFolder } from "./temp-folder.js";

/** Eight groups, and so segments, of one second with sound: cheap to decode at any size. */
export const VIDEO = {
  width: 320,
  height: 180,
  groups: Array.from({ length: 8 }, () => 25),
  tone: 8,
  widths: [4],
} as const;

const lasting = (seconds: number) => ({
  ...VIDEO,
  groups: Array.from({ length: seconds }, () => 25),
  tone: seconds,
});

declare global {
  interface Window {
    player: SieddPlayerElement;
    /** Events of the player in their order, with the video's time in seconds. */
    told: { type: string; at: number }[];
    /** Timers and animation frames that have neither fired nor been cleared. */
    pending: Set<number>;
    /** All that the page has ever appended to. */
    sourceBuffers: SourceBuffer[];
  }
}

/**
 * Milliseconds for the tests of a block together. A guard against what never ends, and no measurement: a machine with
 * other work takes many times as long as a quiet one.
 */
export const PATIENCE = 600_000;

/** Seconds of a video that comes at the exact size on any machine: the player lets so short a one wait for its pixels. */
export const EXACT_SECONDS = 6;

/** The stage of a block of tests: open before the first of them, closed after the last. */
export function useStage(seconds?: number, furnish?: (stage: Stage) => Promise<unknown>): Stage {
  const stage = new Stage();
  const ends: (() => unknown)[] = [];
  before(async () => {
    await stage.open({ after: (end) => void ends.unshift(end as () => unknown) }, seconds);
    await furnish?.(stage);
  });
  after(async () => {
    for (const end of ends) await end();
  });
  return stage;
}

/** A real server with synthetic videos, and a browser. One for a test file: starting either takes a second. */
export class Stage {
  browser!: Browser;
  server!: RunningServer;
  folder!: string;

  static async open(t: Pick<TestContext, "after">, seconds?: number): Promise<Stage> {
    const stage = new Stage();
    await stage.open(t, seconds);
    return stage;
  }

  /** With a video of so many seconds, and a silent one. */
  async open(t: Pick<TestContext, "after">, seconds: number = VIDEO.groups.length): Promise<void> {
    this.folder = await tempFolder(t);
    const video = lasting(seconds);
    await writeFile(join(this.folder, "video.siedd"), syntheticAsset(video));
    await writeFile(join(this.folder, "silent.siedd"), syntheticAsset({ ...video, tone: 0 }));
    const server = await serve({ root: this.folder, port: 0, prefix: "/videos", closeSeconds: 0 });
    t.after(() => server.close());
    this.server = server;
    const browser = await launchBrowser();
    t.after(() => browser.close());
    this.browser = browser;
  }

  /** Writes or replaces a video, as someone who encodes it anew does. */
  async writeVideo(id: string, seed: number, seconds: number = VIDEO.groups.length): Promise<void> {
    const path = join(this.folder, `${id}.siedd`);
    await writeFile(`${path}.new`, syntheticAsset({ ...lasting(seconds), seed }));
    await rename(`${path}.new`, path);
  }

  /** Has segments of the video computed, so that the server only sends them: sizes as in their URLs. */
  async warm(size: string, first: number, last: number): Promise<void> {
    // One after the other: all at once are more than a slow machine promises to do in time.
    for (let segment = first; segment <= last; segment++) {
      const answer = await fetch(`${this.server.url}video/full/${size}/elastic-${segment}.m4s`);
      assert.equal(answer.status, 200);
      await answer.arrayBuffer();
    }
  }

  /** A page with this markup and `window.player`, its first player; closed with the test. */
  async page(t: Pick<TestContext, "after">, markup: string, options: PageOptions = {}): Promise<PlayerPage> {
    const context = await this.browser.newContext({
      viewport: { width: 1000, height: 700 },
      ...options.context,
    });
    t.after(() => context.close());
    const page = await context.newPage();
    const faults = watchFaults(page);
    const requests: string[] = [];
    page.on("request", (request) => requests.push(new URL(request.url()).pathname));
    await page.addInitScript(watchTimers);
    await page.addInitScript(keepSourceBuffers);
    if (options.before !== undefined) await page.addInitScript(options.before);
    const html = `<!doctype html><link rel="icon" href="data:,"><style>body { margin: 0 }</style>${markup}`;
    await page.route("**/stage", (route) => route.fulfill({ contentType: "text/html", body: html }));
    await options.prepare?.(page);
    await page.goto(`${this.server.url}stage`);
    await page.addScriptTag({ type: "module", url: `${this.server.url}player/siedd-player.js` });
    await page.waitForFunction(() => customElements.get("siedd-player") !== undefined);
    await page.evaluate(listen);
    return { page, faults, requests };
  }
}

export interface PageOptions {
  readonly context?: BrowserContextOptions;
  /** Runs in the page before anything else. */
  readonly before?: () => void;
  readonly prepare?: (page: Page) => Promise<unknown>;
}

export interface PlayerPage {
  readonly page: Page;
  readonly faults: string[];
  /** Paths of all requests so far. */
  readonly requests: string[];
}

function listen(): void {
  window.player = document.querySelector("siedd-player") as SieddPlayerElement;
  window.told = [];
  for (const type of [
    "play",
    "pause",
    "waiting",
    "resize",
    "ended",
    "error",
    "seeked",
    "emptied",
    "segment",
  ]) {
    window.player?.addEventListener(type, () => window.told.push({ type, at: window.player.currentTime }));
  }
}

function watchTimers(): void {
  const pending = new Set<number>();
  window.pending = pending;
  const watch = (
    start: "setTimeout" | "setInterval" | "requestAnimationFrame",
    stop: "clearTimeout" | "clearInterval" | "cancelAnimationFrame",
  ) => {
    const [begin, end] = [
      window[start].bind(window) as (...all: unknown[]) => number,
      window[stop].bind(window),
    ];
    const repeats = start === "setInterval";
    Object.assign(window, {
      [start](handler: (...values: unknown[]) => void, ...rest: unknown[]) {
        const id = begin(
          (...values: unknown[]) => {
            if (!repeats) pending.delete(id);
            handler(...values);
          },
          ...rest,
        );
        pending.add(id);
        return id;
      },
      [stop](id: number) {
        pending.delete(id);
        end(id);
      },
    });
  };
  watch("setTimeout", "clearTimeout");
  watch("setInterval", "clearInterval");
  watch("requestAnimationFrame", "cancelAnimationFrame");
}

function keepSourceBuffers(): void {
  const add = MediaSource.prototype.addSourceBuffer;
  window.sourceBuffers = [];
  MediaSource.prototype.addSourceBuffer = function (type) {
    const added = add.call(this, type);
    window.sourceBuffers.push(added);
    return added;
  };
}

/** A player of the stage's video. */
export const video = (style: string, rest = "", src = "video"): string =>
  `<siedd-player src="${src}" style="${style}" ${rest}></siedd-player>`;

/** For `before` of a page: a browser that wants the parameter sets in an init segment plays segments of levels. */
export function withoutInBandParameters(): void {
  const supported = MediaSource.isTypeSupported.bind(MediaSource);
  MediaSource.isTypeSupported = (type) => !type.includes("avc3") && supported(type);
}

/** Waits for what becomes true in the page, looked at often; says how the player is where it does not. */
export async function until<Given>(
  page: Page,
  condition: (given: Given) => unknown,
  given?: Given,
): Promise<void> {
  const options = { timeout: MAX_MILLISECONDS, polling: 20 };
  try {
    // The types of Playwright part a value from a handle to one, which no test here gives.
    await page.waitForFunction(condition as (given: unknown) => unknown, given, options);
  } catch (cause) {
    const now = await look(page).catch(String);
    throw new Error(`${condition} has not come true: ${JSON.stringify(now)}`, { cause });
  }
}

/** Waits until the player's video has come to this second. */
export const reach = (page: Page, seconds: number) =>
  until(page, (at) => window.player.currentTime >= at, seconds);

/** Waits until the picture on screen has been computed at this size: `404x228`. */
export const shows = (page: Page, size: string) =>
  until(page, (wanted) => `${window.player.videoWidth}x${window.player.videoHeight}` === wanted, size);

/** Puts the player back into the page and plays. -> where the video goes on, in seconds. */
export const putBack = (page: Page) =>
  page.evaluate(async () => {
    const { player } = window;
    const playing = new Promise((resolve) => player.addEventListener("playing", resolve, { once: true }));
    document.body.append(player);
    await player.play();
    await playing;
    return player.currentTime;
  });

/** A player that has been removed leaves no timer, no worker and no request. */
export async function assertGone({ page, requests }: PlayerPage): Promise<void> {
  await until(page, () => window.pending.size === 0);
  // A worker's end is told a little later than it is ordered.
  while (page.workers().length > 0) await page.workers()[0]?.waitForEvent("close");
  // What was begun before is told of before this one.
  await page.evaluate(() => fetch("stage").then((answer) => answer.text()));
  const before = requests.length;
  await page.waitForTimeout(600);
  assert.deepEqual(requests.slice(before), []);
  assert.equal(await page.evaluate(() => window.pending.size), 0);
  assert.equal(page.workers().length, 0);
}

/**
 * What a viewer would notice, from the video inside. Between appends: within one, Chromium shows the buffer without what
 * it is about to put over, which no decoder sees.
 */
export const look = (page: Page) =>
  page.evaluate(async () => {
    const { player, sourceBuffers = [] } = window;
    while (sourceBuffers.some(({ updating }) => updating))
      await new Promise((resolve) => setTimeout(resolve));
    const video = player.shadowRoot!.querySelector("video")! as HTMLVideoElement & {
      webkitAudioDecodedByteCount: number;
    };
    return {
      size: `${video.videoWidth}x${video.videoHeight}`,
      requested: player.requestedSize,
      time: player.currentTime,
      paused: player.paused,
      rate: player.playbackRate,
      muted: player.muted,
      audioBytes: video.webkitAudioDecodedByteCount,
      ranges: player.buffered.length,
      until: player.buffered.length === 0 ? 0 : player.buffered.end(player.buffered.length - 1),
      ready: player.readyState,
      transport: player.transport,
      error: player.error?.message ?? null,
    };
  });
