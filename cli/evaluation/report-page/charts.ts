import uPlot from "uplot";
import type { ReportData } from "./report-data.js";
import type { Theme } from "./theme.js";

/** Pixels of every chart's height. */
const HEIGHT = 280;

/** A chart's options without what depends on the page. */
type Drawing = Omit<uPlot.Options, "width" | "height">;

export interface Chart {
  readonly options: Drawing;
  readonly data: uPlot.AlignedData;
}

const axis = (theme: Theme, label: string, more: Partial<uPlot.Axis> = {}): uPlot.Axis => ({
  label,
  stroke: theme.ink,
  labelSize: 24,
  labelFont: "13px system-ui, sans-serif",
  font: "12px system-ui, sans-serif",
  grid: { stroke: theme.grid, width: 1 },
  ticks: { stroke: theme.grid, width: 1 },
  ...more,
});

const decibels = (_: uPlot, value: number | null): string => (value == null ? "" : `${value.toFixed(2)} dB`);
const bits = (_: uPlot, value: number | null): string =>
  value == null ? "" : `${Number(value.toPrecision(3))}`;

/** Room above and below, so that no curve touches the frame; never less than 1 dB in all. */
const padded = (_: uPlot, low: number | null, high: number | null): [number, number] => {
  const [from, to] = [low ?? 0, high ?? 1];
  const room = Math.max(0.5, (to - from) * 0.1);
  return [from - room, to + room];
};

/** PSNR by frame, with the borders of groups and the mean. */
export function psnrByFrame({ perFrame, groups, psnr, rate }: ReportData, theme: Theme): Chart {
  const frames = perFrame.map((_, frame) => frame);
  return {
    options: {
      cursor: { y: false },
      scales: { x: { time: false }, y: { range: padded } },
      axes: [axis(theme, "frame"), axis(theme, "PSNR, dB", { size: 60 })],
      series: [
        {
          label: "frame",
          value: (_, frame) => (frame == null ? "" : `${frame} (${(frame / rate).toFixed(2)} s)`),
        },
        { label: "PSNR", stroke: theme.series[0], width: 2, points: { show: false }, value: decibels },
        {
          label: "mean",
          stroke: theme.faint,
          width: 1,
          dash: [6, 4],
          points: { show: false },
          value: decibels,
        },
      ],
      hooks: { drawClear: [(chart) => drawBorders(chart, groups, theme)] },
    },
    data: [frames, perFrame.slice(), frames.map(() => psnr)],
  };
}

function drawBorders(chart: uPlot, groups: ReportData["groups"], theme: Theme): void {
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

/** Bits a pixel of each group. */
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
        axis(theme, "bits a pixel", { size: 70 }),
      ],
      series: [
        { label: "group", value: (_, index) => (index == null ? "" : describeGroup(groups[index], index)) },
        {
          label: "bits a pixel",
          stroke: theme.series[0],
          fill: theme.series[0],
          ...(bars && { paths: bars }),
          points: { show: false },
          value: bits,
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

/** PSNR over bits a pixel, on a logarithmic scale: the asset's point and the curves of other codecs. */
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
        y: { range: padded },
      },
      axes: [
        axis(theme, "bits a pixel", {
          values: (_, splits) =>
            splits.map((value) => (value == null ? "" : `${Number(value.toPrecision(2))}`)),
          splits: (_, __, low, high) => logarithmicSplits(low, high),
          filter: (_, splits) => splits,
        }),
        axis(theme, "PSNR, dB", { size: 60 }),
      ],
      series: [
        { label: "bits a pixel", value: bits },
        ...curves.map(({ name, points }, index): uPlot.Series => {
          const color = theme.series[index % theme.series.length] ?? theme.ink;
          const alone = points.length === 1;
          return {
            label: name,
            stroke: color,
            width: alone ? 0 : 2,
            spanGaps: true,
            points: { show: true, size: alone ? 13 : 7, fill: color, stroke: color },
            value: decibels,
          };
        }),
      ],
    },
    data: uPlot.join(tables),
  };
}

/** 1, 2 and 5 times the powers of ten between two values; where fewer than three fit, even ratios. */
function logarithmicSplits(low: number, high: number): number[] {
  const round: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of [1, 2, 5]) round.push(factor * 10 ** power);
  }
  const inside = round.filter((value) => value >= low && value <= high);
  if (inside.length >= 3) return inside;
  return Array.from({ length: 5 }, (_, i) => low * (high / low) ** ((i + 0.5) / 5));
}

/** Draws a chart into its place at the width that the place has, and follows when that changes. */
export function show(place: HTMLElement, { options, data }: Chart, signal: AbortSignal): void {
  const size = () => ({ width: Math.max(200, Math.floor(place.clientWidth)), height: HEIGHT });
  const chart = new uPlot({ ...options, ...size() }, data, place);
  const observer = new ResizeObserver(() => chart.setSize(size()));
  observer.observe(place);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    chart.destroy();
  });
}
