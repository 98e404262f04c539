import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { type EncodeOptions, EncoderError, type EncodeSummary } from "../../encoder/index.js";
import { fileIdentity, makeFolder } from "../../media/index.js";
import { isSourceName } from "../../server/library/folder-listing.js";
import { CommandError, UsageError } from "../errors.js";
import { openAssetFile } from "../input/asset-file.js";
import type { Io } from "../io.js";
import { formatBytes, formatCount, formatDuration } from "../output/format.js";

/** A video of a batch, and the asset to write. */
export interface BatchItem {
  readonly input: string;
  readonly output: string;
}

/** What became of a video. */
export type EncodeOutcome =
  | { readonly state: "encoded"; readonly summary: EncodeSummary }
  /** The asset was already there. */
  | { readonly state: "skipped" }
  | { readonly state: "failed"; readonly message: string }
  /** The command ended before; its finished parts are kept. */
  | { readonly state: "waiting"; readonly done: number };

/** What became of a video of a batch. */
export type BatchResult = BatchItem & EncodeOutcome;

const EXTENSION = ".siedd";

/**
 * Returns the videos of a batch: several videos, a folder of videos, or one video whose output is a folder. Returns
 * undefined for one video with an output file.
 *
 * @throws UsageError if the output is no folder, or two videos would have the same asset
 */
export async function planBatch(inputs: readonly string[], output: string): Promise<BatchItem[] | undefined> {
  const videos: string[] = [];
  let isBatch =
    inputs.length > 1 || /[/\\]$/.test(output) || (!output.endsWith(EXTENSION) && (await isFolder(output)));
  for (const input of inputs) {
    if (!(await isFolder(input))) {
      videos.push(input);
      continue;
    }
    isBatch = true;
    const names = (await readdir(input)).filter((name) => !name.startsWith(".") && isSourceName(name)).sort();
    videos.push(...names.map((name) => join(input, name)));
  }
  if (!isBatch) return undefined;
  if (output.endsWith(EXTENSION)) {
    throw new UsageError(
      `--output must be a folder for several videos, got ${output}; choose a folder such as assets/`,
    );
  }
  if (videos.length === 0)
    throw new UsageError(`${inputs.join(", ")} contains no videos; choose another folder`);
  const items = videos.map((input) => ({
    input,
    output: join(output, `${basename(input, extname(input))}${EXTENSION}`),
  }));
  const byOutput = new Map<string, string>();
  for (const item of items) {
    const other = byOutput.get(item.output);
    if (other !== undefined) {
      throw new UsageError(
        `${other} and ${item.input} would both be encoded to ${item.output}; encode them separately`,
      );
    }
    byOutput.set(item.output, item.input);
  }
  return items;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );

/**
 * Encodes videos one after another. Skips videos whose asset is complete, continues interrupted encodes, and goes on after a
 * video that cannot be encoded.
 *
 * @param encodeOne encodes one video and shows its progress
 * @throws CommandError if the user interrupts the batch
 */
export async function encodeBatch(
  items: readonly BatchItem[],
  encodeOne: (options: EncodeOptions) => Promise<EncodeSummary>,
  io: Io,
): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  for (const [index, item] of items.entries()) {
    const label = `[${index + 1}/${items.length}] ${item.input}`;
    if (await isEncoded(item, io.signal)) {
      io.stderr.write(`${label}: already encoded\n`);
      results.push({ ...item, state: "skipped" });
      continue;
    }
    io.stderr.write(`${label}\n`);
    try {
      await makeFolder(join(item.output, ".."));
      results.push({ ...item, state: "encoded", summary: await encodeOne({ ...item, resume: true }) });
    } catch (error) {
      if (io.signal.aborted || (error instanceof EncoderError && error.code === "bad-option")) throw error;
      const { message } = error as Error;
      io.stderr.write(`${label}: ${message}\n`);
      results.push({ ...item, state: "failed", message });
    }
  }
  return results;
}

/** Returns whether the asset is complete and was encoded from this video. */
async function isEncoded({ input, output }: BatchItem, signal: AbortSignal): Promise<boolean> {
  const recorded = await openAssetFile(output, signal).then(
    ({ asset }) => asset.metadata.source?.identity,
    () => undefined,
  );
  return recorded !== undefined && recorded === (await fileIdentity(input).catch(() => undefined));
}

/** Formats the results of a batch as a table with a line of totals. */
export const describeBatch = (results: readonly BatchResult[]): string =>
  describeOutcomes(results.map((result) => [basename(result.input), result]));

/** Formats what became of videos as a table with a line of totals. */
export function describeOutcomes(outcomes: readonly (readonly [name: string, EncodeOutcome])[]): string {
  const rows = outcomes.map(([name, outcome]) => [name, ...describeOutcome(outcome)]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
  const count = (state: EncodeOutcome["state"]) =>
    outcomes.filter(([, outcome]) => outcome.state === state).length;
  const waiting = count("waiting");
  const totals = `${formatCount(count("encoded"), "video")} encoded, ${count("skipped")} already encoded, ${count("failed")} failed`;
  return [...lines, waiting === 0 ? totals : `${totals}, ${waiting} not encoded yet`].join("\n");
}

function describeOutcome(outcome: EncodeOutcome): readonly string[] {
  if (outcome.state === "skipped") return ["already encoded"];
  if (outcome.state === "failed") return ["failed"];
  if (outcome.state === "waiting")
    return [outcome.done === 0 ? "not encoded yet" : `${Math.floor(100 * outcome.done)}% encoded`];
  const { bytes, psnr, bpp, seconds } = outcome.summary;
  return [formatBytes(bytes), `${psnr.toFixed(1)} dB`, `${bpp.toFixed(3)} bpp`, formatDuration(seconds)];
}

/** Returns the error with which a batch ends if a video could not be encoded. */
export function batchError(results: readonly BatchResult[]): CommandError | undefined {
  const failed = results.flatMap((result) => (result.state === "failed" ? [result.message] : []));
  if (failed.length === 0) return undefined;
  return new CommandError(`${formatCount(failed.length, "video")} could not be encoded: ${failed[0]}`);
}
