import type { Browser } from "playwright-core";
import { launchBrowser as launch } from "../../bench/browser.js";

export { watchFaults } from "../../bench/browser.js";

/** Time limit for one condition or action in a page, in milliseconds. */
export const WAIT_TIMEOUT_MS = 120_000;

/** Launches a browser whose pages have the time limit that a slow machine needs. */
export async function launchBrowser(...switches: readonly string[]): Promise<Browser> {
  const browser = await launch(...switches);
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    context.setDefaultTimeout(WAIT_TIMEOUT_MS);
    return context;
  };
  return browser;
}
