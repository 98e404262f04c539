import { stat } from "node:fs/promises";
import { Command } from "commander";
import { FolderEncoder, type FolderEncoderEvents } from "../../server/scheduling/folder-encoder.js";
import { UsageError } from "../errors.js";
import {
  addBackgroundEncodeOptions,
  type BackgroundEncodeFlags,
  encodeSettings,
} from "../input/encode-settings.js";
import { nameFlags } from "../input/flags.js";
import { parseFile } from "../input/parsers.js";
import { type Io, print } from "../io.js";
import { noProgress, type Progress, showProgress } from "../output/progress.js";
import { describeEncode, showEvent } from "./encode.js";
import { describeOutcomes, type EncodeOutcome } from "./encode-batch.js";
import { interrupted, requireFolder, WATCH_MODES, watchOption } from "./serve.js";

interface WatchFlags extends BackgroundEncodeFlags {
  readonly output?: string;
  readonly watch: keyof typeof WATCH_MODES;
}

const EXAMPLES = `
Examples:
  siedd watch videos --preset fast
  siedd watch videos -o assets --size 640x360 --target-psnr 34`;

/** Milliseconds between timers that only keep the process running. */
const KEEP_ALIVE_MS = 60_000;

export function watchCommand(io: Io): Command {
  const command = new Command("watch")
    .description("encode the videos in a folder, and those that are added to it, one after another")
    .argument("<videos>", "folder of videos, with subfolders", parseFile)
    .option(
      "-o, --output <folder>",
      "folder for the assets, with the same subfolders (default: beside the videos)",
    )
    .addOption(watchOption());
  addBackgroundEncodeOptions(command);
  command.addHelpText("after", EXAMPLES);
  return command.action(async (folder: string, flags: WatchFlags) => {
    await requireFolder(folder);
    await checkOutput(flags.output);
    await print(io, await watchFolder(folder, flags, io));
  });
}

/** @throws UsageError if there is a file at the path */
async function checkOutput(output: string | undefined): Promise<void> {
  const stats = output === undefined ? undefined : await stat(output).catch(() => undefined);
  if (stats === undefined || stats.isDirectory()) return;
  throw new UsageError(`--output must be a folder, got ${output}; choose a folder such as assets/`);
}

/** Encodes until the command is interrupted. Returns a table of what became of the videos. */
async function watchFolder(folder: string, flags: WatchFlags, io: Io): Promise<string> {
  const { output, stateDir, afterEncode, watch } = flags;
  const report = new WatchReport(io);
  const encoder = await FolderEncoder.open({
    folder,
    output,
    stateDir,
    watch: WATCH_MODES[watch],
    encodeOptions: encodeSettings(flags),
    afterEncode,
    events: report,
  });
  const keepAlive = setInterval(() => {}, KEEP_ALIVE_MS);
  io.stderr.write(`Encoding the videos in ${folder}; press Ctrl-C to stop.\n`);
  try {
    encoder.start();
    await interrupted(io);
  } finally {
    clearInterval(keepAlive);
    report.stop();
    await encoder.close();
  }
  const { encoded, waiting } = await encoder.state();
  return report.describe(encoded, waiting);
}

/** Shows the progress of encodes, and remembers what became of each video. */
class WatchReport implements FolderEncoderEvents {
  readonly #io: Io;
  readonly #outcomes = new Map<string, EncodeOutcome>();
  #progress: Progress;

  constructor(io: Io) {
    this.#io = io;
    this.#progress = showProgress(io);
  }

  onStarted(file: string): void {
    this.#progress.stop();
    this.#progress = showProgress(this.#io);
    this.#outcomes.set(file, { state: "waiting", done: 0 });
  }

  onEvent(file: string, event: Parameters<FolderEncoderEvents["onEvent"]>[1]): void {
    if (event.type === "progress") this.#outcomes.set(file, { state: "waiting", done: event.done });
    showEvent(event, this.#progress, printable(file));
  }

  onFinished(file: string, result: Parameters<FolderEncoderEvents["onFinished"]>[1]): void {
    this.#outcomes.set(file, { state: "encoded", summary: result });
    this.#progress.note(describeEncode(printable(file), result));
  }

  onFailed(file: string, message: string): void {
    this.#outcomes.set(file, { state: "failed", message });
    const prefix = message.includes(file) ? "" : `${file}: `;
    this.#progress.note(printable(`${prefix}${nameFlags(message)}`));
  }

  onIdle(): void {
    this.#progress.note("Nothing is left to encode; waiting for new videos.");
  }

  onMessage(text: string): void {
    this.#progress.note(printable(nameFlags(text)));
  }

  /** Removes the display; what an encode that is being stopped still reports is not shown. */
  stop(): void {
    this.#progress.stop();
    this.#progress = noProgress;
  }

  /**
   * Returns a table of the videos that still exist.
   *
   * @param encoded files that have a current asset
   * @param waiting other files
   */
  describe(encoded: readonly string[], waiting: readonly string[]): string {
    const outcomeOf = (file: string, otherwise: EncodeOutcome): EncodeOutcome => {
      const outcome = this.#outcomes.get(file);
      return outcome === undefined || (outcome.state === "encoded") !== (otherwise.state === "skipped")
        ? otherwise
        : outcome;
    };
    const files = [
      ...encoded.map((file) => [file, outcomeOf(file, { state: "skipped" })] as const),
      ...waiting.map((file) => [file, outcomeOf(file, { state: "waiting", done: 0 })] as const),
    ];
    // Sources that were deleted after their encode.
    const listed = new Set([...encoded, ...waiting]);
    for (const [file, outcome] of this.#outcomes)
      if (outcome.state === "encoded" && !listed.has(file)) files.push([file, outcome]);
    files.sort(([a], [b]) => (a < b ? -1 : 1));
    return describeOutcomes(files.map(([file, outcome]) => [printable(file), outcome]));
  }
}

/** Escapes control characters, which a terminal would obey. */
const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
