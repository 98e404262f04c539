#!/usr/bin/env node
import { Interrupted } from "./interrupted.js";
import { run } from "./run.js";

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // The second time somebody means it; children are killed on exit.
    if (interruption.signal.aborted) process.exit(new Interrupted(signal).exitCode);
    interruption.abort(new Interrupted(signal));
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
