import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { SieddPlayerElement } from "../player/index.js";
import { type RunningServer, serve } from "../server/index.js";
import { launchBrowser, watchFaults } from "./browser.js";
import { syntheticAsset } from "./synthetic-asset.js";
import { tempFolder } from "./temp-folder.js";

/** Eight groups, and so segments, of one second with sound: cheap to decode at any size. */
export const FILM = {
  width: 320,
  height: 180,
  groups: Array.from({ length: 8 }, () => 25),
  tone: 8,
  widths: [4],
} as const;

declare global {
  interface Window {
    player: SieddPlayerElement;
    /** Events of the player in their order, with the film's time in seconds. */
    told: { type: string; at: number }[];
    /** Timers and animation frames that have neither fired nor been cleared. */
    pending: Set<number>;
  }
}

/** A real server with synthetic films, and a browser. One for a test file: starting either takes a second. */
export class Stage {
  readonly browser: Browser;
  readonly server: RunningServer;
  readonly folder: string;

  private constructor(browser: Browser, server: RunningServer, folder: string) {
    this.browser = browser;
    this.server = server;
    this.folder = folder;
  }

  /** With a film of so many seconds, and a silent one. */
  static async open(t: Pick<TestContext, "after">, seconds: number = FILM.groups.length): Promise<Stage> {
    const folder = await tempFolder(t);
    const film = { ...FILM, groups: Array.from({ length: seconds }, () => 25), tone: seconds };
    await writeFile(join(folder, "film.siedd"), syntheticAsset(film));
    await writeFile(join(folder, "silent.siedd"), syntheticAsset({ ...film, tone: 0 }));
    const server = await serve({ root: folder, port: 0, prefix: "/films", closeSeconds: 0 });
    t.after(() => server.close());
    const browser = await launchBrowser();
    t.after(() => browser.close());
    return new Stage(browser, server, folder);
  }

  /** Replaces the film, as someone who encodes it anew does. */
  async writeFilm(id: string, seed: number): Promise<void> {
    await writeFile(join(this.folder, `${id}.siedd`), syntheticAsset({ ...FILM, seed }));
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

/** Waits until the player's film has come to this second. */
export const reach = (page: Page, seconds: number) =>
  page.waitForFunction((at) => window.player.currentTime >= at, seconds, { timeout: 15_000, polling: 20 });

/** What a viewer would notice, from the video inside. */
export const look = (page: Page) =>
  page.evaluate(() => {
    const { player } = window;
    const video = player.shadowRoot!.querySelector("video")! as HTMLVideoElement & {
      webkitAudioDecodedByteCount: number;
    };
    return {
      size: `${video.videoWidth}x${video.videoHeight}`,
      requested: player.requestedSize,
      time: player.currentTime,
      paused: player.paused,
      muted: player.muted,
      soundBytes: video.webkitAudioDecodedByteCount,
      ranges: player.buffered.length,
      transport: player.transport,
      error: player.error?.message ?? null,
    };
  });
