import uPlot from "uplot";
import type { ReportData } from "./report-data.js";
import type { Theme } from "./theme.js";

/** Height of each chart, CSS pixels. */
const HEIGHT = 280;

/** Options of a chart that do not depend on the size of the page. */
type ChartOptions = Omit<uPlot.Options, "width" | "height">;

export interface Chart {
  readonly options: ChartOptions;
  readonly data: uPlot.AlignedData;
}

const axis = (theme: Theme, label: string, overrides: Partial<uPlot.Axis> = {}): uPlot.Axis => ({
  label,
  stroke: theme.ink,
  labelSize: 24,
  labelFont: "13px system-ui, sans-serif",
  font: "12px system-ui, sans-serif",
  grid: { stroke: theme.grid, width: 1 },
  ticks: { stroke: theme.grid, width: 1 },
  ...overrides,
});

const formatDecibels = (_: uPlot, value: number | null): string =>
  value == null ? "" : `${value.toFixed(2)} dB`;
const formatBits = (_: uPlot, value: number | null): string =>
  value == null ? "" : `${Number(value.toPrecision(3))}`;

/** Pads a range of PSNR on both sides by 10%, at least 0.5 dB, so that no curve touches the border. */
const padRange = (_: uPlot, low: number | null, high: number | null): [number, number] => {
  const [from, to] = [low ?? 0, high ?? 1];
  const padding = Math.max(0.5, (to - from) * 0.1);
  return [from - padding, to + padding];
};

/** PSNR by frame, with the group boundaries and the mean. */
export function psnrByFrame({ perFrame, groups, psnr, frameRate }: ReportData, theme: Theme): Chart {
  const frames = perFrame.map((_, frame) => frame);
  return {
    options: {
      cursor: { y: false },
      scales: { x: { time: false }, y: { range: padRange } },
      axes: [axis(theme, "frame"), axis(theme, "PSNR, dB", { size: 60 })],
      series: [
        {
          label: "frame",
          value: (_, frame) => (frame == null ? "" : `${frame} (${(frame / frameRate).toFixed(2)} s)`),
        },
        { label: "PSNR", stroke: theme.series[0], width: 2, points: { show: false }, value: formatDecibels },
        {
          label: "mean",
          stroke: theme.faint,
          width: 1,
          dash: [6, 4],
          points: { show: false },
          value: formatDecibels,
        },
      ],
      hooks: { drawClear: [(chart) => drawBoundaries(chart, groups, theme)] },
    },
    data: [frames, perFrame.slice(), frames.map(() => psnr)],
  };
}

function drawBoundaries(chart: uPlot, groups: ReportData["groups"], theme: Theme): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = theme.faint;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const { firstFrame } of groups.slice(1)) {
    const x = Math.round(chart.valToPos(firstFrame - 0.5, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** Bits per pixel of each group. */
export function bitsByGroup({ groups }: ReportData, theme: Theme): Chart {
  const indices = groups.map((_, index) => index);
  const bars = uPlot.paths.bars?.({ size: [0.8, 80] });
  return {
    options: {
      cursor: { y: false },
      scales: {
        x: { time: false, range: [-0.6, groups.length - 0.4] },
        y: { range: (_, __, high) => [0, (high ?? 1) * 1.1] },
      },
      axes: [
        axis(theme, "group", {
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
          grid: { show: false },
        }),
        axis(theme, "bits per pixel", { size: 70 }),
      ],
      series: [
        { label: "group", value: (_, index) => (index == null ? "" : describeGroup(groups[index], index)) },
        {
          label: "bits per pixel",
          stroke: theme.series[0],
          fill: theme.series[0],
          ...(bars && { paths: bars }),
          points: { show: false },
          value: formatBits,
        },
      ],
    },
    data: [indices, groups.map(({ bpp }) => bpp)],
  };
}

function describeGroup(group: ReportData["groups"][number] | undefined, index: number): string {
  if (group === undefined) return "";
  const { firstFrame, frameCount, bytes, psnr } = group;
  const quality = psnr === undefined ? "" : `, ${psnr.toFixed(2)} dB`;
  return `${index}: frames ${firstFrame} to ${firstFrame + frameCount - 1}, ${bytes} bytes${quality}`;
}

/** PSNR over bits per pixel on a logarithmic scale: one point for the asset, a curve for each other codec. */
export function rateDistortion({ curves }: ReportData, theme: Theme): Chart {
  const tables = curves.map(({ points }): uPlot.AlignedData => {
    const sorted = [...points].sort((a, b) => a.bpp - b.bpp);
    return [sorted.map(({ bpp }) => bpp), sorted.map(({ psnr }) => psnr)];
  });
  return {
    options: {
      scales: {
        x: {
          time: false,
          distr: 3,
          range: (_, low, high) => [(low ?? 0.01) / 1.25, (high ?? 1) * 1.25],
        },
        y: { range: padRange },
      },
      axes: [
        axis(theme, "bits per pixel", {
          values: (_, splits) =>
            splits.map((value) => (value == null ? "" : `${Number(value.toPrecision(2))}`)),
          splits: (_, __, low, high) => logarithmicSplits(low, high),
          filter: (_, splits) => splits,
        }),
        axis(theme, "PSNR, dB", { size: 60 }),
      ],
      series: [
        { label: "bits per pixel", value: formatBits },
        ...curves.map(({ name, points }, index): uPlot.Series => {
          const color = theme.series[index % theme.series.length] ?? theme.ink;
          const isSinglePoint = points.length === 1;
          return {
            label: name,
            stroke: color,
            width: isSinglePoint ? 0 : 2,
            spanGaps: true,
            points: { show: true, size: isSinglePoint ? 13 : 7, fill: color, stroke: color },
            value: formatDecibels,
          };
        }),
      ],
    },
    data: uPlot.join(tables),
  };
}

/** Ticks at 1, 2 and 5 times the powers of ten; if fewer than three lie in the range, five ticks at equal ratios. */
function logarithmicSplits(low: number, high: number): number[] {
  const candidates: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of [1, 2, 5]) candidates.push(factor * 10 ** power);
  }
  const inside = candidates.filter((value) => value >= low && value <= high);
  if (inside.length >= 3) return inside;
  return Array.from({ length: 5 }, (_, i) => low * (high / low) ** ((i + 0.5) / 5));
}

/** Draws a chart at the width of its container, and redraws it when the width changes. */
export function showChart(container: HTMLElement, { options, data }: Chart, signal: AbortSignal): void {
  const size = () => ({ width: Math.max(200, Math.floor(container.clientWidth)), height: HEIGHT });
  const chart = new uPlot({ ...options, ...size() }, data, container);
  const observer = new ResizeObserver(() => chart.setSize(size()));
  observer.observe(container);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    chart.destroy();
  });
}
