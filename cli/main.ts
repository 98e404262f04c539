#!/usr/bin/env node
import { createWriteStream, fstatSync } from "node:fs";
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
const { fd } = process.stdout;
// A disk that fills up accepts part of a write. For a file, process.stdout takes that for success.
const stdout = fstatSync(fd).isFile() ? createWriteStream("", { fd, autoClose: false }) : process.stdout;
// Without a listener, an error event would end the process. What writes results to stdout handles the error of each
// write. A line that cannot be written to stderr (full disk, closed pipe) is lost, and the command continues.
stdout.on("error", () => {});
process.stderr.on("error", () => {});
process.exitCode = await run(process.argv.slice(2), {
  stdout,
  stderr: process.stderr,
  signal: interruption.signal,
});
