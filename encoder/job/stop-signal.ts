import type { TaskSignals } from "./tasks.js";

/** A job's stop flag as a signal: `check`, called after every few steps, aborts it where the flag is set. */
export function stopSignal(signals: TaskSignals): { readonly signal: AbortSignal; check(): void } {
  const stop = new AbortController();
  const check = () => {
    if (Atomics.load(signals.stop, 0) !== 0) stop.abort();
  };
  check();
  return { signal: stop.signal, check };
}
