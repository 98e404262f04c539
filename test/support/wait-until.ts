import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** Seconds after which what was waited for counts as never coming: a guard, far above what the slowest machine needs. */
const GIVE_UP = 120;

/** Waits for what an event would not tell: looks every few milliseconds, and fails with `what` where it never comes. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + GIVE_UP * 1000;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `after ${GIVE_UP} seconds still not so: ${what}`);
    await sleep(10);
  }
}
