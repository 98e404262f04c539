import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Browser, Page } from "playwright-core";

const MODULES = join(import.meta.dirname, "../../../node_modules");

/** Script of each library, as a path in node_modules. */
export const LIBRARY_SCRIPTS = {
  "hls.js": "hls.js/dist/hls.min.js",
  "Shaka Player": "shaka-player/dist/shaka-player.compiled.js",
  "video.js": "video.js/dist/video.min.js",
  "dash.js": "dashjs/dist/modern/umd/dash.all.min.js",
} as const;

export type LibraryName = keyof typeof LIBRARY_SCRIPTS;

/** A page below `origin` with a video element and one library. */
export interface LibraryPageOptions {
  readonly origin: string;
  /** CSS of the video element. */
  readonly style: string;
  /** Undefined for the browser alone. */
  readonly library: LibraryName | undefined;
}

/** Opens a page with one library and a video element. Returns it with the warnings and errors of its console. */
export async function openLibraryPage(
  t: TestContext,
  browser: Browser,
  { origin, style, library }: LibraryPageOptions,
): Promise<[Page, string[]]> {
  const page = await browser.newPage({ viewport: { width: 800, height: 600 } });
  t.after(() => page.close());
  const messages: string[] = [];
  page.on("pageerror", (error) => messages.push(String(error)));
  page.on("console", (message) => {
    // Stalls are caused by a busy machine, not by the stream.
    if (/Playback stalling|^bufferStalledError/.test(message.text())) return;
    if (message.type() === "error" || message.type() === "warning") messages.push(message.text());
  });
  const body = `<!doctype html><link rel="icon" href="data:,"><video style="${style}" muted autoplay playsinline></video>`;
  await page.route("**/stage", (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto(new URL("stage", origin).href);
  if (library !== undefined) await page.addScriptTag({ path: join(MODULES, LIBRARY_SCRIPTS[library]) });
  return [page, messages];
}

/** Runs the body of an async function in the page, where `video` is its video element. */
export const runWithVideo = (page: Page, code: string): Promise<unknown> =>
  page.evaluate(`(async () => { const video = document.querySelector("video"); ${code} })()`);
