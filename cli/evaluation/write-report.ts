import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { writeError } from "../../media/errors.js";
import { writeAtomically } from "../../media/write/atomic-file.js";
import { byteCount } from "../input/values.js";
import type { CodecResult, Evaluation, FramePair } from "./evaluate.js";
import type { ReportData } from "./report-page/report-data.js";

/** What the page shows beside the charts. */
export interface Report {
  /** The asset's and the reference's names. */
  readonly asset: string;
  readonly reference: string;
  readonly evaluation: Evaluation;
  /** Frames a second. */
  readonly rate: number;
  readonly worst: readonly FramePair[];
}

/**
 * Writes one HTML page that needs nothing else: script, style, data and pictures are in it, and its policy
 * forbids everything else. It appears whole or not at all.
 * @throws MediaError "write-failed", "disk-full".
 */
export async function writeReport(output: string, report: Report): Promise<void> {
  const html = reportHtml(report, await asset("report.js"), await asset("report.css"));
  await writeAtomically(output, ".html", (temporary) =>
    writeFile(temporary, html, { flush: true }).catch((cause: unknown) => {
      throw writeError(output, cause);
    }),
  );
}

const asset = (name: string): Promise<string> =>
  readFile(new URL(`./report-page/web/${name}`, import.meta.url), "utf8");

function reportHtml(report: Report, script: string, style: string): string {
  const { evaluation } = report;
  const policy = [
    "default-src 'none'",
    "img-src data:",
    `script-src '${hash(script)}'`,
    `style-src '${hash(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const { psnr, frames, width, height } = evaluation;
  const charts = [
    chart("psnr-by-frame", "PSNR by frame", "Upright lines are the borders of groups."),
    chart("bits-by-group", "Bits by group", "Bits a pixel and frame of each group, without the file's head."),
    chart(
      "rate-distortion",
      "Quality against size",
      "The asset and other codecs over the same frames, all bytes but the sound's; up and to the left is better.",
    ),
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(report.asset)}: ${psnr.toFixed(2)} dB</title>
<style>${style}</style>
<h1>${text(report.asset)}</h1>
<p>compared with ${text(report.reference)}: ${frames} frames of ${width} x ${height} pixels</p>
${facts(evaluation)}
${charts.join("\n")}
${codecTable(evaluation)}
${worstFrames(report)}
<script type="application/json" id="report-data">${json(reportData(report))}</script>
<script>${script}</script>
</html>
`;
}

const hash = (source: string): string => `sha256-${createHash("sha256").update(source).digest("base64")}`;

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const text = (value: string): string => value.replace(/[&<>"]/g, (letter) => ENTITIES[letter]!);

/** JSON that cannot end the element it stands in. */
const json = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

const chart = (id: string, title: string, note: string): string =>
  `<h2>${title}</h2>\n<p>${note}</p>\n<div class="chart" id="${id}" role="img" aria-label="${title}"></div>`;

function facts(e: Evaluation): string {
  const rows: [string, string][] = [
    ["PSNR", `${e.psnr.toFixed(2)} dB`],
    ["SSIM", e.ssim.toFixed(4)],
    ...(e.msSsim === undefined ? [] : [["MS-SSIM", e.msSsim.toFixed(4)] as [string, string]]),
    ["bits a pixel", e.bpp.toFixed(4)],
    ["file", byteCount(e.bytes)],
    ["of which sound", byteCount(e.audioBytes)],
    ["decodes", `${e.decodeFps.toFixed(0)} fps`],
  ];
  const items = rows.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return `<dl class="facts">${items.join("")}</dl>`;
}

function codecTable(evaluation: Evaluation): string {
  const rows = evaluation.codecs.map(({ name, bytesAtEqualPsnr, ratio, ladder }) => {
    const cells =
      bytesAtEqualPsnr === null
        ? ["out of its reach", "", "", ""]
        : [
            byteCount(bytesAtEqualPsnr),
            `${ratio!.toFixed(2)} times as many`,
            ladder!.rungs.map(({ width, height }) => `${width} x ${height}`).join(", "),
            byteCount(ladder!.bytes),
          ];
    return `<tr><th>${name}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  if (rows.length === 0) return "";
  return `<h2>Other codecs at the same PSNR</h2>
<p>One pass, closed groups of pictures of two seconds, all bytes but the sound's. The ladder is what a streaming
site stores of this video at that quality; the asset stands for all of its sizes.</p>
<div class="codecs"><table><thead><tr><th>codec</th><th>bytes at this size</th><th>the asset has</th><th>sizes of a ladder</th>
<th>bytes of the ladder</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function worstFrames({ worst, evaluation }: Report): string {
  const { width, height } = evaluation;
  const size = `width="${width}" height="${height}"`;
  const imageTag = (png: Uint8Array, what: string) =>
    `<img src="data:image/png;base64,${Buffer.from(png).toString("base64")}" alt="${what}" ${size}>`;
  const figures = worst.map(({ frame, psnr, reference, decoded }) => {
    const name = `frame ${frame}, ${psnr.toFixed(2)} dB`;
    return `<figure><div class="pair">${imageTag(reference, `the video, frame ${frame}`)}${imageTag(decoded, `the asset, frame ${frame}`)}
<span>video</span><span>asset</span>
<input type="range" min="0" max="100" step="0.5" value="50" aria-label="${name}: how much of the video is shown, from the left">
</div><figcaption>${name}</figcaption></figure>`;
  });
  return `<h2>Worst frames</h2>\n<p>Drag across a picture: the video on the left, the asset on the right.</p>\n${figures.join("\n")}`;
}

function reportData({ evaluation, rate }: Report): ReportData {
  const { psnr, videoBytes, perFrame, groups, codecs, width, height, frames } = evaluation;
  const bitsPerPixel = (bytes: number) => (bytes * 8) / (width * height * frames);
  const curve = ({ name, points }: CodecResult) => ({
    name,
    points: points.map((point) => ({ bpp: bitsPerPixel(point.bytes), psnr: point.psnr })),
  });
  return {
    rate,
    psnr,
    perFrame: perFrame.map((frame) => Number(frame.psnr.toFixed(3))),
    groups,
    curves: [{ name: "siedd", points: [{ bpp: bitsPerPixel(videoBytes), psnr }] }, ...codecs.map(curve)],
  };
}
