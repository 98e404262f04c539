import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { decodeCommand } from "./commands/decode.js";
import { demoCommand } from "./commands/demo.js";
import { encodeCommand } from "./commands/encode.js";
import { evalCommand } from "./commands/eval.js";
import { infoCommand } from "./commands/info.js";
import { serveCommand } from "./commands/serve.js";
import { watchCommand } from "./commands/watch.js";
import { ClosedOutputError, formatError, InterruptedError, UsageError } from "./errors.js";
import { toCommandError } from "./input/flags.js";
import { type Io, writeResult } from "./io.js";

/**
 * Runs one command line.
 *
 * @param argv arguments without `node` and the script
 * @returns the exit code: 0 success, 1 failure, 2 invalid usage, 130 interrupted (143 by SIGTERM),
 *   141 stdout closed before the result was written
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    await parse(argv, io);
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return 2;
    const error = toCommandError(thrown);
    const closed = error instanceof ClosedOutputError;
    if (!closed) io.stderr.write(`siedd: ${formatError(error)}\n`);
    if (io.signal.reason instanceof InterruptedError) return io.signal.reason.exitCode;
    if (closed) return error.exitCode;
    return error instanceof UsageError ? 2 : 1;
  }
}

async function parse(argv: readonly string[], io: Io): Promise<void> {
  let help: Promise<void> | undefined;
  const writeHelp = (text: string): void => {
    help = writeResult(io, text);
  };
  try {
    await createProgram(io, writeHelp).parseAsync(argv, { from: "user" });
  } catch (thrown) {
    // Commander throws after it has printed the help or the version.
    if (!(thrown instanceof CommanderError) || thrown.exitCode !== 0) throw thrown;
    await help;
  }
}

function createProgram(io: Io, writeHelp: (text: string) => void): Command {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const siedd = new Command("siedd")
    .description("Encode videos as small neural networks, and stream them at any resolution.")
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: writeHelp,
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "siedd: ")),
    })
    .showSuggestionAfterError();
  for (const create of [
    encodeCommand,
    infoCommand,
    decodeCommand,
    evalCommand,
    serveCommand,
    watchCommand,
    demoCommand,
  ]) {
    siedd.addCommand(create(io).copyInheritedSettings(siedd));
  }
  return siedd;
}
