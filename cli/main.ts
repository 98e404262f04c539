#!/usr/bin/env node
import { Interrupted } from "./interrupted.js";
import { run } from "./run.js";

/** One Ctrl-C may arrive twice, from the terminal and from npm: milliseconds within which it counts once. */
const SAME_PRESS = 1000;
const interruption = new AbortController();
let interruptedAt = 0;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!interruption.signal.aborted) {
      interruptedAt = performance.now();
      interruption.abort(new Interrupted(signal));
    } else if (performance.now() - interruptedAt > SAME_PRESS) {
      // The user insists. An ordinary exit would wait for, or crash in, training threads.
      process.emit("exit", new Interrupted(signal).exitCode);
      process.kill(process.pid, "SIGKILL");
    }
  });
}
let lost: Error | undefined;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that went away (`siedd info x | head`) is no failure.
  if (error.code !== "EPIPE") lost ??= error;
});
const code = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
});
if (lost && code === 0) process.stderr.write(`siedd: the result could not be written: ${lost.message}\n`);
process.exitCode = lost && code === 0 ? 1 : code;
