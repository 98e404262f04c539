import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** Seconds after which a condition counts as failed. Far more than the slowest machine needs. */
const TIMEOUT_SECONDS = 120;

/** Polls a condition every 10 ms, and fails with its description after the timeout. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  description: string,
): Promise<void> {
  const end = performance.now() + TIMEOUT_SECONDS * 1000;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `timed out after ${TIMEOUT_SECONDS} s waiting until ${description}`);
    await sleep(10);
  }
}
