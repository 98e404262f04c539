import type { Browser } from "playwright-core";
import { launchBrowser as launch } from "../../bench/browser.js";

export { watchFaults } from "../../bench/browser.js";

/** Milliseconds for one thing to come true in a page: a guard, and no measurement. */
export const MAX_MILLISECONDS = 120_000;

/** A browser whose pages wait for as long as a slow machine needs. */
export async function launchBrowser(...switches: readonly string[]): Promise<Browser> {
  const browser = await launch(...switches);
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    context.setDefaultTimeout(MAX_MILLISECONDS);
    return context;
  };
  return browser;
}
