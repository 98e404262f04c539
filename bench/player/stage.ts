/// <reference lib="dom" />
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { SieddPlayerElement } from "../../player/define.js";
import { type RunningServer, serve } from "../../server/index.js";
import { launchBrowser } from "../browser.js";
import { BALANCED } from "../decoding/balanced.js";
import { randomAsset } from "../decoding/random-asset.js";

declare global {
  interface Window {
    player: SieddPlayerElement;
  }
}

/** A video without audio: 640 x 360, 25 fps, one-second segments, random weights with the magnitude of trained ones. */
export const VIDEO = { width: 640, height: 360, seconds: 30 };

/** A server with the video on loopback, and a browser. */
export class PlayerStage {
  readonly server: RunningServer;
  readonly #browser: Browser;
  readonly #folder: string;

  private constructor(server: RunningServer, browser: Browser, folder: string) {
    this.server = server;
    this.#browser = browser;
    this.#folder = folder;
  }

  static async open(): Promise<PlayerStage> {
    const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
    const asset = randomAsset({
      network: BALANCED,
      frame: VIDEO,
      tileWidth: 16,
      groups: VIDEO.seconds,
      frameCount: 25,
    });
    await writeFile(join(folder, "video.siedd"), asset);
    const server = await serve({ root: folder, port: 0, closeSeconds: 0 });
    return new PlayerStage(server, await launchBrowser(), folder);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Requests every segment at these sizes, so that the server caches them. */
  async warmCache(...sizes: readonly string[]): Promise<void> {
    const playlist = new URL("video/full/elastic/index.m3u8", this.server.url);
    const text = await (await fetch(playlist)).text();
    const paths = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const init = /URI="([^"]+)"/.exec(text)?.[1];
    if (paths.length === 0 || init === undefined) throw new Error(`${playlist} lists no segments`);
    await get(new URL(init, playlist));
    for (const size of sizes) {
      for (const path of paths) await get(new URL(path.replace(/\{size\}|%7Bsize%7D/i, size), playlist));
    }
  }

  /** Opens a page with the player's script but no player, in a new browser context. */
  async openPage(): Promise<{ readonly page: Page; readonly context: BrowserContext }> {
    const context = await this.#browser.newContext({ viewport: { width: 1400, height: 800 } });
    const page = await context.newPage();
    const html = '<!doctype html><link rel="icon" href="data:,"><style>body { margin: 0 }</style>';
    await page.route("**/stage", (route) => route.fulfill({ contentType: "text/html", body: html }));
    await page.goto(`${this.server.url}stage`);
    await page.addScriptTag({ type: "module", url: `${this.server.url}player/siedd-player.js` });
    await page.waitForFunction(() => customElements.get("siedd-player") !== undefined);
    return { page, context };
  }
}

async function get(url: URL): Promise<void> {
  const response = await fetch(url);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} returned ${response.status}`);
}
