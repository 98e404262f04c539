import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Random } from "../../encoder/training/sampling/random.js";
import { AssetChecker } from "./check-asset.js";
import { assetName, HostileAssets } from "./hostile-assets.js";

/** Result of `fuzzAssets`. */
export interface AssetFuzzResult {
  readonly cases: number;
  readonly seed: number;
  /** Number of assets by outcome, see `AssetCheck`. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Processor time of the slowest asset in milliseconds. */
  readonly slowestMs: number;
  readonly faults: readonly string[];
}

const CORPUS = resolve(import.meta.dirname, "../../../test/fixtures/corpus");
/** One of this many assets of the paper profile is decoded. */
const PAPER_INTERVAL = 8;

/** Reads the assets of the corpus: small valid ones, from which others are made, and hostile ones that were found. */
export async function readCorpus(kind: "valid" | "hostile"): Promise<Map<string, Buffer>> {
  const folder = join(CORPUS, kind);
  const names = (await readdir(folder)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
}

/**
 * Opens, lists and decodes hostile assets, and reports all that do not end in time, within the memory, and with a SieddError
 * or a result.
 *
 * @param onFault called with each asset that has a fault
 */
export async function fuzzAssets(
  cases: number,
  seed: number,
  onFault: (name: string, asset: Buffer) => void = () => {},
): Promise<AssetFuzzResult> {
  const assets = await HostileAssets.create([...(await readCorpus("valid")).values()], new Random(seed));
  const checker = new AssetChecker();
  const outcomes: Record<string, number> = {};
  const faults: string[] = [];
  let slowestMs = 0;
  for (let i = 0; i < cases; i++) {
    const asset = assets.next();
    const check = await checker.check(asset, i % PAPER_INTERVAL === 0);
    outcomes[check.outcome] = (outcomes[check.outcome] ?? 0) + 1;
    slowestMs = Math.max(slowestMs, check.milliseconds);
    if (check.faults.length === 0) continue;
    faults.push(`case ${i}, ${assetName(asset)}: ${check.faults.join("; ")}`);
    onFault(assetName(asset), asset);
  }
  return { cases, seed, outcomes, slowestMs: Math.round(slowestMs), faults };
}
