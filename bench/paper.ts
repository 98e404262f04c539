import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchClip, machine } from "./machine.js";
import { createClip } from "./paper/clip.js";
import { type EqualBytesResult, measureEqualBytes } from "./paper/equal-bytes.js";
import { equalPsnrPage } from "./paper/page.js";
import { measureRow, type RowResult } from "./paper/rows.js";
import { readSettings } from "./paper/settings.js";
import { measureSizes, type SizeResult } from "./paper/sizes.js";

// Repeats the experiments of the paper for both profiles, and for two conventional implicit networks that are trained with
// the same code: encoding time to equal PSNR by number of frames and by size, quality at equal bytes, and one asset decoded
// at several sizes. Prints progress on stderr and JSON on stdout. SIEDD_BENCH_SCALE=small selects a short run,
// SIEDD_BENCH_PAGE=out.html writes a chart and a table. paper/settings.ts lists all settings.

const settings = readSettings(process.env);
const startedAt = performance.now();
const machineAtStart = machine();
const folder = await mkdtemp(join(tmpdir(), "siedd-paper-"));
const logFor = (name: string) => (line: string) => {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stderr.write(`${seconds} s, load ${machine().load}, ${name}: ${line}\n`);
};
try {
  const source = await benchClip(folder);
  const rows: (RowResult & { readonly load: number })[] = [];
  let equalBytes: EqualBytesResult[] = [];
  let sizes: SizeResult[] = [];
  for (const row of settings.rows) {
    const clip = await createClip(source.path, row, folder);
    const { load } = machine();
    const result = await measureRow({ row, clip, settings, folder, log: logFor(row.name) });
    rows.push({ ...result, load });
    if (settings.baselines && row.name === settings.equalBytes)
      equalBytes = await measureEqualBytes(
        { row, clip, settings, folder, log: logFor("equal bytes") },
        result.paper,
      );
    if (row.name === settings.sizes.row)
      sizes = await measureSizes({ row, clip, settings, folder, log: logFor("sizes") });
    await rm(clip.path);
  }
  const page = process.env.SIEDD_BENCH_PAGE;
  if (page !== undefined) await writeFile(page, await equalPsnrPage(rows, machineAtStart));
  const { scale, paper } = settings;
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stdout.write(
    `${JSON.stringify({ bench: "paper", scale, machine: machineAtStart, clip: source.name, paper, seconds, rows, equalBytes, sizes })}\n`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
