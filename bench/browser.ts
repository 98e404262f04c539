import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Returns the path of Chromium: SIEDD_CHROMIUM, or the first executable of `NAMES` on the PATH. */
function findChromium(): string {
  const configured = process.env.SIEDD_CHROMIUM;
  if (configured !== undefined) return configured;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not in this folder.
      }
    }
  }
  throw new Error(
    "cannot find Chromium on the PATH; install the package chromium, or set SIEDD_CHROMIUM to its path",
  );
}

/** Launches headless Chromium, which may play audio without a user gesture. The caller closes it. */
export function launchBrowser(...switches: readonly string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--autoplay-policy=no-user-gesture-required",
      ...switches,
    ],
  });
}

/** Collects the exceptions and console errors of a page; the returned array grows as they occur. */
export function watchFaults(page: Page): string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  return faults;
}
