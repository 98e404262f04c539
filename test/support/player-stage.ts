import assert from "node:assert/strict";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, type TestContext } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { SieddPlayerElement } from "../../player/index.js";
import { type RunningServer, serve } from "../../server/index.js";
import { launchBrowser, WAIT_TIMEOUT_MS, watchFaults } from "./browser.js";
import { syntheticAsset } from "./synthetic-asset.js";
import { tempFolder } from "./temp-folder.js";

/** A video with audio that is cheap to decode at any size: eight one-second groups, and so eight segments. */
export const VIDEO = {
  width: 320,
  height: 180,
  groups: Array.from({ length: 8 }, () => 25),
  tone: 8,
  widths: [4],
} as const;

const videoOfLength = (seconds: number) => ({
  ...VIDEO,
  groups: Array.from({ length: seconds }, () => 25),
  tone: seconds,
});

declare global {
  interface Window {
    player: SieddPlayerElement;
    /** Events of the player in order, with the playback position in seconds. */
    playerEvents: { type: string; time: number }[];
    /** Timers and animation frames that have neither fired nor been cleared. */
    pendingTimers: Set<number>;
    /** All source buffers that the page has created. */
    sourceBuffers: SourceBuffer[];
  }
}

/** Time limit for all tests of a block, in milliseconds. It is long, because a busy machine is many times slower. */
export const TEST_TIMEOUT_MS = 600_000;

/** Duration in seconds of a video so short that the player always waits for the requested size. */
export const EXACT_SIZE_SECONDS = 6;

/** Returns the stage of a block of tests. It opens before the first test and closes after the last. */
export function useStage(seconds?: number, prepare?: (stage: Stage) => Promise<unknown>): Stage {
  const stage = new Stage();
  const cleanups: (() => unknown)[] = [];
  before(async () => {
    await stage.open({ after: (cleanup) => void cleanups.unshift(cleanup as () => unknown) }, seconds);
    await prepare?.(stage);
  });
  after(async () => {
    for (const cleanup of cleanups) await cleanup();
  });
  return stage;
}

/** A real server with synthetic videos, and a browser. The tests of a file share it, because it takes seconds to start. */
export class Stage {
  browser!: Browser;
  server!: RunningServer;
  folder!: string;

  static async open(t: Pick<TestContext, "after">, seconds?: number): Promise<Stage> {
    const stage = new Stage();
    await stage.open(t, seconds);
    return stage;
  }

  /** Starts the server with a video of this length and one without audio. */
  async open(t: Pick<TestContext, "after">, seconds: number = VIDEO.groups.length): Promise<void> {
    this.folder = await tempFolder(t);
    const options = videoOfLength(seconds);
    await writeFile(join(this.folder, "video.siedd"), syntheticAsset(options));
    await writeFile(join(this.folder, "silent.siedd"), syntheticAsset({ ...options, tone: 0 }));
    const server = await serve({ root: this.folder, port: 0, prefix: "/videos", closeSeconds: 0 });
    t.after(() => server.close());
    this.server = server;
    const browser = await launchBrowser();
    t.after(() => browser.close());
    this.browser = browser;
  }

  /** Writes or replaces a video atomically, as the encoder does. */
  async writeVideo(id: string, seed: number, seconds: number = VIDEO.groups.length): Promise<void> {
    const path = join(this.folder, `${id}.siedd`);
    await writeFile(`${path}.new`, syntheticAsset({ ...videoOfLength(seconds), seed }));
    await rename(`${path}.new`, path);
  }

  /** Requests segments of the video, so that they are cached. `size` is as in their URLs. */
  async warmCache(size: string, first: number, last: number): Promise<void> {
    // Requests one segment at a time, because a slow server would reject many at once.
    for (let segment = first; segment <= last; segment++) {
      const response = await fetch(`${this.server.url}video/full/${size}/elastic-${segment}.m4s`);
      assert.equal(response.status, 200);
      await response.arrayBuffer();
    }
  }

  /** Opens a page with this markup. `window.player` is its first player. The page closes when the test ends. */
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
    await page.addInitScript(trackTimers);
    await page.addInitScript(trackSourceBuffers);
    if (options.before !== undefined) await page.addInitScript(options.before);
    const html = `<!doctype html><link rel="icon" href="data:,"><style>body { margin: 0 }</style>${markup}`;
    await page.route("**/stage", (route) => route.fulfill({ contentType: "text/html", body: html }));
    await options.prepare?.(page);
    await page.goto(`${this.server.url}stage`);
    await page.addScriptTag({ type: "module", url: `${this.server.url}player/siedd-player.js` });
    await page.waitForFunction(() => customElements.get("siedd-player") !== undefined);
    await page.evaluate(recordEvents);
    return { page, faults, requests };
  }
}

export interface PageOptions {
  readonly context?: BrowserContextOptions;
  /** Runs in the page before any other script. */
  readonly before?: () => void;
  readonly prepare?: (page: Page) => Promise<unknown>;
}

export interface PlayerPage {
  readonly page: Page;
  /** Errors of the page and its console. */
  readonly faults: string[];
  /** Paths of all requests so far. */
  readonly requests: string[];
}

function recordEvents(): void {
  window.player = document.querySelector("siedd-player") as SieddPlayerElement;
  window.playerEvents = [];
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
    window.player?.addEventListener(type, () =>
      window.playerEvents.push({ type, time: window.player.currentTime }),
    );
  }
}

function trackTimers(): void {
  const pending = new Set<number>();
  window.pendingTimers = pending;
  const watch = (
    start: "setTimeout" | "setInterval" | "requestAnimationFrame",
    stop: "clearTimeout" | "clearInterval" | "cancelAnimationFrame",
  ) => {
    const [startNative, stopNative] = [
      window[start].bind(window) as (...all: unknown[]) => number,
      window[stop].bind(window),
    ];
    const repeats = start === "setInterval";
    Object.assign(window, {
      [start](handler: (...args: unknown[]) => void, ...rest: unknown[]) {
        const id = startNative(
          (...args: unknown[]) => {
            if (!repeats) pending.delete(id);
            handler(...args);
          },
          ...rest,
        );
        pending.add(id);
        return id;
      },
      [stop](id: number) {
        pending.delete(id);
        stopNative(id);
      },
    });
  };
  watch("setTimeout", "clearTimeout");
  watch("setInterval", "clearInterval");
  watch("requestAnimationFrame", "cancelAnimationFrame");
}

function trackSourceBuffers(): void {
  const add = MediaSource.prototype.addSourceBuffer;
  window.sourceBuffers = [];
  MediaSource.prototype.addSourceBuffer = function (type) {
    const added = add.call(this, type);
    window.sourceBuffers.push(added);
    return added;
  };
}

/**
 * Returns the markup of a player that buffers ahead and shows its first frame. Attributes in `attributes` take precedence
 * over `preload="auto"` and `poster=""`.
 */
export const playerMarkup = (style: string, attributes = "", src = "video"): string =>
  `<siedd-player src="${src}" style="${style}" ${attributes} preload="auto" poster=""></siedd-player>`;

/** For `PageOptions.before`: disables in-band parameter sets (avc3), so that the player uses the transport `levels`. */
export function disableAvc3(): void {
  const supported = MediaSource.isTypeSupported.bind(MediaSource);
  MediaSource.isTypeSupported = (type) => !type.includes("avc3") && supported(type);
}

/** Waits until a condition holds in the page. The timeout error contains the state of the player. */
export async function waitFor<Value>(
  page: Page,
  condition: (value: Value) => unknown,
  value?: Value,
): Promise<void> {
  const options = { timeout: WAIT_TIMEOUT_MS, polling: 20 };
  try {
    // The types of Playwright distinguish values from handles, which these tests never pass.
    await page.waitForFunction(condition as (value: unknown) => unknown, value, options);
  } catch (cause) {
    const now = await playerState(page).catch(String);
    throw new Error(`timed out waiting for ${condition}: ${JSON.stringify(now)}`, { cause });
  }
}

/** Waits until playback has reached a position in seconds. */
export const waitForTime = (page: Page, seconds: number) =>
  waitFor(page, (position) => window.player.currentTime >= position, seconds);

/** Waits until the frame on screen has a size, such as `404x228`. */
export const waitForSize = (page: Page, size: string) =>
  waitFor(page, (expected) => `${window.player.videoWidth}x${window.player.videoHeight}` === expected, size);

/** Inserts a removed player into the page again and plays. Returns the playback position in seconds. */
export const reattach = (page: Page) =>
  page.evaluate(async () => {
    const { player } = window;
    const playing = new Promise((resolve) => player.addEventListener("playing", resolve, { once: true }));
    document.body.append(player);
    await player.play();
    await playing;
    return player.currentTime;
  });

/** Asserts that a removed player leaves no timers or workers and sends no more requests. */
export async function assertDisposed({ page, requests }: PlayerPage): Promise<void> {
  await waitFor(page, () => window.pendingTimers.size === 0);
  // Workers are reported as closed some time after they are terminated.
  while (page.workers().length > 0) await page.workers()[0]?.waitForEvent("close");
  // The browser reports earlier requests before this one.
  await page.evaluate(() => fetch("stage").then((response) => response.text()));
  const before = requests.length;
  await page.waitForTimeout(600);
  assert.deepEqual(requests.slice(before), []);
  assert.equal(await page.evaluate(() => window.pendingTimers.size), 0);
  assert.equal(page.workers().length, 0);
}

/**
 * Returns the state of the player and its inner video. Waits for appends to end: during one, Chromium reports the buffer
 * without the range that is being replaced.
 */
export const playerState = (page: Page) =>
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
      bufferedEnd: player.buffered.length === 0 ? 0 : player.buffered.end(player.buffered.length - 1),
      ready: player.readyState,
      transport: player.transport,
      error: player.error?.message ?? null,
    };
  });
