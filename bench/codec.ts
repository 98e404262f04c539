import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { DecodePool } from "../decode-pool/index.js";
import { findClips } from "./curves/corpus.js";
import { measureSiedd, measureX264, type SieddPoint } from "./curves/measure-clip.js";
import { curvesPage } from "./curves/page.js";
import { type ClipCurves, compareCurves, meanBdRate, summarizeCurve } from "./curves/summarize.js";
import { command, machine } from "./machine.js";

// Measures rate-distortion curves of a fixed corpus against x264. Writes one JSON file and one page.
//
// --quick            four short, small clips and two presets
// --clips a,b        clips of the corpus; default all
// --presets a,b      points of the curve; default draft,fast,balanced,quality, or draft,balanced with --quick
// --packages FOLDER  folder that the Debian packages are unpacked in (dpkg -x PACKAGE.deb FOLDER); default /
// --command PATH     main.js of another checkout, measured in turns with this one; repeatable
// --compare FILE     JSON of an earlier run: prints ratios of time, and BD-rates of this run against it
// --output FOLDER    default bench/results
// -- FLAGS           further flags of `siedd encode` for this checkout, to try one idea alone

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    clips: { type: "string" },
    presets: { type: "string" },
    packages: { type: "string", default: "/" },
    command: { type: "string", multiple: true, default: [] },
    compare: { type: "string" },
    output: { type: "string", default: resolve(import.meta.dirname, "../../bench/results") },
  },
});

/** The content of the JSON file. */
interface Results {
  readonly clips: readonly ClipCurves[];
}

const log = (line: string) => process.stderr.write(`${line}\n`);

/** Compares two curves of each clip that both results have. */
function compare(clips: readonly ClipCurves[], anchor: (clip: ClipCurves) => readonly SieddPoint[]) {
  return compareCurves(
    clips.map((clip) => ({ clip: clip.clip, anchor: anchor(clip), test: clip.curves.siedd })),
  );
}

const before = machine();
const { quick } = values;
const presets = (values.presets ?? (quick ? "draft,balanced" : "draft,fast,balanced,quality")).split(",");
const earlier: Results | undefined =
  values.compare === undefined ? undefined : JSON.parse(await readFile(values.compare, "utf8"));
const { clips, skipped } = findClips({
  quick,
  names: values.clips?.split(","),
  packages: values.packages,
});
for (const reason of skipped) log(`skipped ${reason}`);
const commands = [
  { name: "siedd", command, flags: positionals },
  ...values.command.map((path, i) => ({ name: `command ${i + 1}`, command: resolve(path), flags: [] })),
];

const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
const pool = new DecodePool();
try {
  const measured: ClipCurves[] = [];
  for (const clip of clips) {
    const curves: Record<string, SieddPoint[]> = {};
    for (const preset of presets) {
      for (const { name, ...rest } of commands) {
        const point = await measureSiedd({ ...rest, clip, preset, folder }, pool);
        curves[name] = [...(curves[name] ?? []), point];
        log(`${clip.name} ${name} ${preset}: ${point.psnr} dB, ${point.bpp} bpp, ${point.cpuSeconds} CPU s`);
      }
    }
    measured.push({ clip: clip.name, size: clip.size, x264: await measureX264(clip, folder), curves });
    const { bdRate, borderRatio } = summarizeCurve(measured.at(-1)!.x264, curves.siedd);
    log(`${clip.name}: BD-rate ${bdRate} %, border ratio ${borderRatio}`);
  }
  const summaries = measured.map(({ clip, x264, curves }) => ({
    clip,
    ...summarizeCurve(x264, curves.siedd),
  }));
  const result = {
    bench: "codec",
    machine: before,
    quick,
    flags: positionals,
    skipped,
    meanBdRate: meanBdRate(summaries.map(({ bdRate }) => bdRate)),
    summaries,
    ...(earlier && {
      compared: compare(
        measured,
        ({ clip }) => earlier.clips.find((other) => other.clip === clip)?.curves.siedd ?? [],
      ),
    }),
    commands: Object.fromEntries(
      commands.slice(1).map(({ name }) => [name, compare(measured, ({ curves }) => curves[name])]),
    ),
    clips: measured,
  };
  await mkdir(values.output, { recursive: true });
  const file = join(values.output, quick ? "codec-quick" : "codec");
  await writeFile(`${file}.json`, `${JSON.stringify(result, undefined, 1)}\n`);
  const { cpu, cores, load } = before;
  await writeFile(`${file}.html`, curvesPage(measured, `${cpu}, ${cores} cores, load ${load} at the start`));
  const { clips: _, ...printed } = result;
  process.stdout.write(`${JSON.stringify(printed)}\n`);
} finally {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
}
