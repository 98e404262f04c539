import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchClip, machine } from "./machine.js";
import { rowClip } from "./paper/clip.js";
import { measureEqualBytes, type StoredQuality } from "./paper/equal-bytes.js";
import { equalPsnrPage } from "./paper/page.js";
import { measureRow, type RowResult } from "./paper/rows.js";
import { readSettings } from "./paper/settings.js";
import { measureSizes, type SizeResult } from "./paper/sizes.js";

// What the paper's readers ask for: encoding time by number of frames and by size, for both profiles and for two
// conventional implicit networks that the same code trains (time to reach equal PSNR); quality in equal bytes; one
// asset decoded at several sizes. Progress goes to stderr, JSON to stdout. SIEDD_BENCH_SCALE=small is a short run,
// SIEDD_BENCH_PAGE=out.html writes the times as a chart and a table; see paper/settings.ts for what else can be chosen.

const settings = readSettings(process.env);
const began = performance.now();
const started = machine();
const folder = await mkdtemp(join(tmpdir(), "siedd-paper-"));
const say = (of: string) => (line: string) => {
  const seconds = Math.round((performance.now() - began) / 1000);
  process.stderr.write(`${seconds} s, load ${machine().load}, ${of}: ${line}\n`);
};
try {
  const source = await benchClip(folder);
  const rows: (RowResult & { readonly load: number })[] = [];
  let equalBytes: StoredQuality[] = [];
  let sizes: SizeResult[] = [];
  for (const row of settings.rows) {
    const clip = await rowClip(source.path, row, folder);
    const { load } = machine();
    const result = await measureRow(row, clip, settings, folder, say(row.name));
    rows.push({ ...result, load });
    if (settings.baselines && row.name === settings.equalBytes)
      equalBytes = await measureEqualBytes(result, clip, settings, folder, say("equal bytes"));
    if (row.name === settings.sizes.row)
      sizes = await measureSizes(row, clip, settings, folder, say("sizes"));
    await rm(clip.path);
  }
  const page = process.env.SIEDD_BENCH_PAGE;
  if (page !== undefined) await writeFile(page, await equalPsnrPage(rows, started));
  const { scale, paper } = settings;
  const seconds = Math.round((performance.now() - began) / 1000);
  process.stdout.write(
    `${JSON.stringify({ bench: "paper", scale, machine: started, clip: source.name, paper, seconds, rows, equalBytes, sizes })}\n`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
