import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { decodeCommand } from "./commands/decode.js";
import { demoCommand } from "./commands/demo.js";
import { encodeCommand } from "./commands/encode.js";
import { evalCommand } from "./commands/eval.js";
import { infoCommand } from "./commands/info.js";
import { serveCommand } from "./commands/serve.js";
import { formatError, InterruptedError, UsageError } from "./errors.js";
import { toCommandError } from "./input/flags.js";
import type { Io } from "./io.js";

/**
 * Runs one command line.
 *
 * @param argv arguments without `node` and the script
 * @returns the exit code: 0 success, 1 failure, 2 invalid usage, 130 interrupted (143 by SIGTERM)
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    await createProgram(io).parseAsync(argv, { from: "user" });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    const error = toCommandError(thrown);
    io.stderr.write(`siedd: ${formatError(error)}\n`);
    if (io.signal.reason instanceof InterruptedError) return io.signal.reason.exitCode;
    return error instanceof UsageError ? 2 : 1;
  }
}

function createProgram(io: Io): Command {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const siedd = new Command("siedd")
    .description("Encode videos as small neural networks, and stream them at any resolution.")
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "siedd: ")),
    })
    .showSuggestionAfterError();
  for (const create of [encodeCommand, infoCommand, decodeCommand, evalCommand, serveCommand, demoCommand]) {
    siedd.addCommand(create(io).copyInheritedSettings(siedd));
  }
  return siedd;
}
