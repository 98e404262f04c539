#!/usr/bin/env node
import { InterruptedError } from "./errors.js";
import { run } from "./run.js";

/** Milliseconds within which a repeated signal counts as one: npm forwards the Ctrl-C that the terminal also sends. */
const SIGNAL_DEBOUNCE_MS = 1000;

const interruption = new AbortController();
let interruptedAt = 0;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!interruption.signal.aborted) {
      interruptedAt = performance.now();
      interruption.abort(new InterruptedError(signal));
    } else if (performance.now() - interruptedAt > SIGNAL_DEBOUNCE_MS) {
      // A second signal ends the process at once. process.exit() would wait for training threads, or crash in them.
      process.emit("exit", new InterruptedError(signal).exitCode);
      process.kill(process.pid, "SIGKILL");
    }
  });
}
let stdoutError: Error | undefined;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that closes the pipe early (`siedd info x | head`) is not a failure.
  if (error.code !== "EPIPE") stdoutError ??= error;
});
const code = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
});
if (stdoutError && code === 0) {
  process.stderr.write(`siedd: cannot write the result to stdout: ${stdoutError.message}\n`);
}
process.exitCode = stdoutError && code === 0 ? 1 : code;
