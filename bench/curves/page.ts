import type { RatePoint } from "./bjontegaard.js";
import { type ClipCurves, summarizeCurve } from "./summarize.js";

const WIDTH = 520;
const HEIGHT = 320;
const MARGIN = { left: 44, right: 12, top: 10, bottom: 34 };
const COLORS = ["#2f855a", "#2b6cb0", "#805ad5", "#d53f8c"];
const X264_COLOR = "#c05621";

const escapeText = (text: string): string => text.replace(/[&<>]/g, (found) => `&#${found.charCodeAt(0)};`);

/** Returns a self-contained page with the rate-distortion curves of each clip, and a table of the summaries. */
export function curvesPage(clips: readonly ClipCurves[], title: string): string {
  const rows = clips.flatMap(({ clip, size, x264, curves }) =>
    Object.entries(curves).map(([name, points]) => {
      const { bdRate, bdPsnr, cpuSecondsPerMegapixel, borderRatio } = summarizeCurve(x264, points);
      const cells = [clip, size, name, bdRate, bdPsnr, cpuSecondsPerMegapixel, borderRatio];
      return `<tr>${cells.map((cell) => `<td>${escapeText(String(cell ?? "–"))}</td>`).join("")}</tr>`;
    }),
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Rate-distortion curves</title>
<style>
body { font: 15px system-ui, sans-serif; margin: 2rem } figure { display: inline-block; margin: 1rem 1rem 0 0 }
svg { font-size: 11px } td, th { border: 1px solid #ccc; padding: .2rem .6rem; text-align: left }
table { border-collapse: collapse }
</style>
<h1>Rate-distortion curves</h1><p>${escapeText(title)}</p>
<table><tr><th>clip<th>size<th>command<th>BD-rate, %<th>BD-PSNR, dB<th>CPU s per megapixel<th>border ratio</tr>
${rows.join("\n")}</table>
${clips.map(figure).join("\n")}
</html>
`;
}

function figure({ clip, size, x264, curves }: ClipCurves): string {
  const named = Object.entries(curves);
  const own = named.flatMap(([, points]) => points);
  const near = x264.filter(({ psnr }) => own.some((point) => Math.abs(point.psnr - psnr) < 6));
  const all: readonly RatePoint[] = [...own, ...near];
  const [left, right] = range(all.map(({ bpp }) => Math.log(bpp)));
  const [bottom, top] = range(all.map(({ psnr }) => psnr));
  const x = (bpp: number) =>
    MARGIN.left + ((Math.log(bpp) - left) / (right - left)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (psnr: number) =>
    HEIGHT - MARGIN.bottom - ((psnr - bottom) / (top - bottom)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const curve = (points: readonly RatePoint[], color: string) => {
    const sorted = [...points].sort((a, b) => a.psnr - b.psnr);
    const at = ({ bpp, psnr }: RatePoint) => [x(bpp).toFixed(1), y(psnr).toFixed(1)];
    const dots = sorted.map(at).map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${color}"/>`);
    return `<polyline points="${sorted.map(at).join(" ")}" fill="none" stroke="${color}"/>${dots.join("")}`;
  };
  const rates = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2].filter(
    (bpp) => Math.log(bpp) >= left && Math.log(bpp) <= right,
  );
  const levels = Array.from({ length: 60 }, (_, i) => i).filter(
    (psnr) => psnr % 2 === 0 && psnr >= bottom && psnr <= top,
  );
  const legend = [["x264", X264_COLOR], ...named.map(([name], i) => [name, COLORS[i % COLORS.length]])];
  return `<figure><figcaption>${escapeText(`${clip}, ${size}`)}</figcaption><svg width="${WIDTH}" height="${HEIGHT}">
${rates.map((bpp) => `<path d="M${x(bpp)} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}" stroke="#eee"/><text x="${x(bpp)}" y="${HEIGHT - 20}" text-anchor="middle">${bpp}</text>`).join("")}
${levels.map((psnr) => `<path d="M${MARGIN.left} ${y(psnr)}H${WIDTH - MARGIN.right}" stroke="#eee"/><text x="38" y="${y(psnr) + 4}" text-anchor="end">${psnr}</text>`).join("")}
${curve(near, X264_COLOR)}${named.map(([, points], i) => curve(points, COLORS[i % COLORS.length])).join("")}
${legend.map(([name, color], i) => `<text x="60" y="${24 + 14 * i}" fill="${color}">${escapeText(name)}</text>`).join("")}
<text x="${WIDTH / 2}" y="${HEIGHT - 4}" text-anchor="middle">bits per pixel (dB up)</text></svg></figure>`;
}

/** Returns the range of values with a margin of a twentieth, at least 0.05, on both sides. */
function range(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = Math.max(0.05, (high - low) / 20);
  return [low - margin, high + margin];
}
