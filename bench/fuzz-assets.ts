import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fuzzAssets } from "./fuzzing/fuzz-assets.js";
import { machine } from "./machine.js";

// Reads hostile assets: none may take much time or memory, or end in another error than a SieddError. SIEDD_CASES sets
// their number, SIEDD_SEED the random seed. Assets with faults are written to .siedd/fuzz.

const cases = Number(process.env.SIEDD_CASES ?? 1_000_000);
const seed = Number(process.env.SIEDD_SEED ?? 1);
const started = performance.now();
const folder = ".siedd/fuzz";
const { faults, ...result } = await fuzzAssets(cases, seed, async (name, asset) => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.siedd`), asset);
});
const seconds = Math.round((performance.now() - started) / 1000);
const report = { bench: "fuzz-assets", machine: machine(), ...result, seconds, faults: faults.length };
process.stdout.write(`${JSON.stringify({ ...report, firstFaults: faults.slice(0, 10) })}\n`);
if (faults.length > 0) process.exitCode = 1;
