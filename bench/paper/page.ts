import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { CodecResult, RowResult } from "./rows.js";

const ALL = ["paper", "tile", "siren", "coin"] as const;
const NAMES = {
  paper: "paper",
  tile: "tile",
  siren: "SIREN over (x, y, t)",
  coin: "SIREN per frame (COIN)",
};
const SHORT = { paper: "paper", siren: "SIREN", coin: "COIN" };
const COLORS = { paper: "#2b6cb0", tile: "#2f855a", siren: "#c05621", coin: "#805ad5" };

const resultOf = (result: RowResult, codec: (typeof ALL)[number]): CodecResult =>
  result[codec] as CodecResult;

const cell = ({ seconds, psnr, reached }: CodecResult): string =>
  reached ? `${seconds} s` : `> ${seconds} s (${psnr} dB)`;

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Returns a self-contained page with a chart and a table of the time to the PSNR of the paper profile, by frame count. */
export async function equalPsnrPage(
  rows: readonly RowResult[],
  machine: { cpu: string; cores: number; load: number },
): Promise<string> {
  const require = createRequire(import.meta.url);
  const script = await readFile(require.resolve("uplot/dist/uPlot.iife.min.js"), "utf8");
  const style = await readFile(require.resolve("uplot/dist/uPlot.min.css"), "utf8");
  const minPixels = Math.min(...rows.map(({ row }) => row.width * row.height));
  const codecs = ALL.filter((codec) => rows.every((result) => result[codec] !== undefined));
  const charted = rows.filter(({ row }) => row.width * row.height === minPixels);
  const data = [
    charted.map(({ row }) => row.frames),
    ...codecs.map((codec) => charted.map((result) => resultOf(result, codec).seconds)),
  ];
  const series = codecs.map((codec) => {
    const suffix = charted.some((result) => !resultOf(result, codec).reached) ? ", stopped early" : "";
    return { label: `${NAMES[codec]}${suffix}`, stroke: COLORS[codec], width: 2, dash: suffix ? [6, 4] : [] };
  });
  const tableRows = rows.map((results) => {
    const { row, notes } = results;
    const speedUp = codecs
      .filter((codec) => codec !== "tile")
      .map((codec) => {
        const { seconds, reached } = resultOf(results, codec);
        const ratio = seconds / results.tile.seconds;
        return `${reached ? "" : "> "}${ratio.toFixed(1)}`;
      });
    const name = [row.name, `${row.width} x ${row.height}`, ...notes].join(", ");
    const cells = [
      name,
      `${results.paper.psnr} dB`,
      ...codecs.map((codec) => cell(resultOf(results, codec))),
      ...speedUp,
    ];
    return `<tr>${cells.map((text) => `<td>${escapeHtml(text)}</td>`).join("")}</tr>`;
  });
  const headings = [
    "clip",
    "PSNR",
    ...codecs.map((codec) => NAMES[codec]),
    ...codecs.filter((codec) => codec !== "tile").map((codec) => `${SHORT[codec]} / tile`),
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Time to equal PSNR</title>
<style>${style}
body { font: 15px system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
table { border-collapse: collapse; margin-top: 2rem } td, th { border: 1px solid #ccc; padding: .3rem .6rem; text-align: left }
</style>
<h1>Seconds to the PSNR of the paper profile</h1>
<p>${escapeHtml(machine.cpu)}, ${machine.cores} cores, load ${machine.load} at the start. Dashed: stopped before the PSNR was reached.</p>
<div id="chart"></div>
<table><tr>${headings.map((text) => `<th>${escapeHtml(text)}</th>`).join("")}</tr>${tableRows.join("")}</table>
<script>${script}</script>
<script>
const axis = (label) => ({ label, values: (_, ticks) => ticks.map((value) => value == null ? "" : String(value)) });
new uPlot({
  width: 1000, height: 480,
  scales: { x: { time: false }, y: { distr: 3 } },
  axes: [axis("frames"), { ...axis("seconds"), size: 70 }],
  series: [{ label: "frames" }, ...${JSON.stringify(series)}.map((options) => ({ ...options, points: { show: true, size: 8 } }))],
}, ${JSON.stringify(data)}, document.getElementById("chart"));
</script>
`;
}
