import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { run } from "../../cli/run.js";

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the command in this process, without a terminal.
 *
 * @param onError called when the command first writes to stderr
 */
export async function siedd(
  argv: readonly string[],
  signal = new AbortController().signal,
  onError = () => {},
): Promise<CommandResult> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  stderr.once("data", onError);
  const outputs = Promise.all([text(stdout), text(stderr)]);
  const code = await run(argv, { stdout, stderr, signal });
  stdout.end();
  stderr.end();
  const [out, err] = await outputs;
  return { code, stdout: out, stderr: err };
}

/** Runs the command in this process, asserts that it succeeds, and returns its stdout. */
export async function runCommand(...argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await siedd(argv);
  assert.equal(code, 0, stderr);
  return stdout;
}
