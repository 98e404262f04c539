import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "../encoder/training/sampling/random.js";
import { readCorpus } from "./fuzzing/fuzz-assets.js";
import { fuzzFolder } from "./fuzzing/fuzz-folder.js";
import { HostileAssets } from "./fuzzing/hostile-assets.js";
import { machine } from "./machine.js";

// Serves good assets from a folder with hostile ones: the corpus, SIEDD_CASES generated ones, and those of the folder
// SIEDD_HOSTILE, if set. SIEDD_SEED sets the random seed, SIEDD_SECONDS the longest time of the requests for them.

const cases = Number(process.env.SIEDD_CASES ?? 500);
const seed = Number(process.env.SIEDD_SEED ?? 1);
const maxSeconds = Number(process.env.SIEDD_SECONDS ?? 600);
const folder = process.env.SIEDD_HOSTILE;
const generator = await HostileAssets.create([...(await readCorpus("valid")).values()], new Random(seed));
const assets = new Map<string, Uint8Array>(await readCorpus("hostile"));
for (let i = 0; i < cases; i++) assets.set(`fuzzed-${i}.siedd`, generator.next());
for (const name of folder === undefined ? [] : await readdir(folder)) {
  if (name.endsWith(".siedd")) assets.set(name, await readFile(join(folder ?? "", name)));
}
const result = await fuzzFolder({ assets, quietSeconds: 10, maxSeconds });
const firstFaults = result.faults.slice(0, 10);
const report = { bench: "fuzz-folder", machine: machine(), seed, ...result, faults: result.faults.length };
process.stdout.write(`${JSON.stringify({ ...report, firstFaults })}\n`);
if (result.faults.length > 0) process.exitCode = 1;
