import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { writeError } from "../../media/errors.js";
import { writeAtomically } from "../../media/write/atomic-file.js";
import { formatBytes } from "../output/format.js";
import type { CodecResult, Evaluation, FramePair } from "./evaluate.js";
import type { ReportData } from "./report-page/report-data.js";

/** The content of a report. */
export interface Report {
  /** File names of the asset and of its source video. */
  readonly asset: string;
  readonly reference: string;
  readonly evaluation: Evaluation;
  /** Frames per second. */
  readonly frameRate: number;
  readonly worst: readonly FramePair[];
}

/**
 * Writes a self-contained HTML page: script, style, data and images are inline, and its content security policy
 * forbids everything else. The file is written atomically.
 *
 * @throws MediaError "write-failed", "disk-full".
 */
export async function writeReport(output: string, report: Report): Promise<void> {
  const html = reportHtml(report, await readBundle("report.js"), await readBundle("report.css"));
  await writeAtomically(output, ".html", (temporary) =>
    writeFile(temporary, html, { flush: true }).catch((cause: unknown) => {
      throw writeError(output, cause);
    }),
  );
}

const readBundle = (name: string): Promise<string> =>
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
    chart("psnr-by-frame", "PSNR by frame", "Vertical lines mark the boundaries of groups."),
    chart("bits-by-group", "Bits by group", "Bits per pixel of each group, without the file header."),
    chart(
      "rate-distortion",
      "Rate-distortion",
      "The asset and other codecs on the same frames, without audio. Up and to the left is better.",
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
<p>Compared with ${text(report.reference)}: ${frames} frames at ${width} x ${height} pixels.</p>
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

/** Serializes JSON so that it cannot close the script element around it. */
const json = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

const chart = (id: string, title: string, note: string): string =>
  `<h2>${title}</h2>\n<p>${note}</p>\n<div class="chart" id="${id}" role="img" aria-label="${title}"></div>`;

function facts(e: Evaluation): string {
  const rows: [string, string][] = [
    ["PSNR", `${e.psnr.toFixed(2)} dB`],
    ["SSIM", e.ssim.toFixed(4)],
    ...(e.msSsim === undefined ? [] : [["MS-SSIM", e.msSsim.toFixed(4)] as [string, string]]),
    ["bits per pixel", e.bpp.toFixed(4)],
    ["file size", formatBytes(e.bytes)],
    ["audio", formatBytes(e.audioBytes)],
    ["decoding speed", `${e.decodeFps.toFixed(0)} fps`],
  ];
  const items = rows.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return `<dl class="facts">${items.join("")}</dl>`;
}

function codecTable(evaluation: Evaluation): string {
  const rows = evaluation.codecs.map(({ name, bytesAtEqualPsnr, ratio, ladder }) => {
    const cells =
      bytesAtEqualPsnr === null
        ? ["cannot reach this PSNR", "", "", ""]
        : [
            formatBytes(bytesAtEqualPsnr),
            `${ratio!.toFixed(2)} times`,
            ladder!.rungs.map(({ width, height }) => `${width} x ${height}`).join(", "),
            formatBytes(ladder!.bytes),
          ];
    return `<tr><th>${name}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  if (rows.length === 0) return "";
  return `<h2>Other codecs at the same PSNR</h2>
<p>One pass, closed GOPs of two seconds, without audio. The ladder is the set of renditions that a streaming site
would store for this video at the same quality; the asset replaces all of them.</p>
<div class="codecs"><table><thead><tr><th>codec</th><th>size at this resolution</th><th>asset size / codec size</th><th>ladder resolutions</th>
<th>ladder size</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function worstFrames({ worst, evaluation }: Report): string {
  const { width, height } = evaluation;
  const size = `width="${width}" height="${height}"`;
  const imageTag = (png: Uint8Array, alt: string) =>
    `<img src="data:image/png;base64,${Buffer.from(png).toString("base64")}" alt="${alt}" ${size}>`;
  const figures = worst.map(({ frame, psnr, reference, decoded }) => {
    const name = `frame ${frame}, ${psnr.toFixed(2)} dB`;
    return `<figure><div class="pair">${imageTag(reference, `source video, frame ${frame}`)}${imageTag(decoded, `asset, frame ${frame}`)}
<span>source</span><span>asset</span>
<input type="range" min="0" max="100" step="0.5" value="50" aria-label="${name}: position of the divider between source video and asset">
</div><figcaption>${name}</figcaption></figure>`;
  });
  return `<h2>Worst frames</h2>\n<p>Drag across an image to move the divider: source video on the left, asset on the right.</p>\n${figures.join("\n")}`;
}

function reportData({ evaluation, frameRate }: Report): ReportData {
  const { psnr, videoBytes, perFrame, groups, codecs, width, height, frames } = evaluation;
  const bitsPerPixel = (bytes: number) => (bytes * 8) / (width * height * frames);
  const curve = ({ name, points }: CodecResult) => ({
    name,
    points: points.map((point) => ({ bpp: bitsPerPixel(point.bytes), psnr: point.psnr })),
  });
  return {
    frameRate,
    psnr,
    perFrame: perFrame.map((frame) => Number(frame.psnr.toFixed(3))),
    groups,
    curves: [{ name: "siedd", points: [{ bpp: bitsPerPixel(videoBytes), psnr }] }, ...codecs.map(curve)],
  };
}
