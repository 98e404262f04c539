import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { EncoderError } from "../encoder/index.js";
import { decodeCommand } from "./commands/decode.js";
import { demoCommand } from "./commands/demo.js";
import { encodeCommand } from "./commands/encode.js";
import { evalCommand } from "./commands/eval.js";
import { infoCommand } from "./commands/info.js";
import { serveCommand } from "./commands/serve.js";
import { sentence, UsageError } from "./errors.js";
import { Interrupted } from "./interrupted.js";
import type { Io } from "./io.js";

/**
 * Runs one command line (without node and script).
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted (143 by SIGTERM).
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    await program(io).parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.stderr.write(`siedd: ${sentence(error)}\n`);
    if (io.signal.reason instanceof Interrupted) return io.signal.reason.exitCode;
    const usage =
      error instanceof UsageError || (error instanceof EncoderError && error.code === "bad-option");
    return usage ? 2 : 1;
  }
}

function program(io: Io): Command {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const siedd = new Command("siedd")
    .description("Stores a video once as small neural networks and serves it at any size.")
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "siedd: ")),
    })
    .showSuggestionAfterError();
  for (const define of [encodeCommand, infoCommand, decodeCommand, evalCommand, serveCommand, demoCommand]) {
    siedd.addCommand(define(io).copyInheritedSettings(siedd));
  }
  return siedd;
}
