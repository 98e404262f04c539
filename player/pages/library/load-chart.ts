import uPlot from "uplot";

/** Points kept: two minutes of one a second. */
const POINTS = 120;
const HEIGHT = 200;

/** Million pixels a second as an area, and the share of answers that needed no decoding as a line over it. */
export class LoadChart {
  readonly #place: HTMLElement;
  readonly #times: number[] = [];
  readonly #rates: number[] = [];
  /** Percent; null where nothing was asked for. */
  readonly #shares: (number | null)[] = [];
  #plot: uPlot;

  constructor(place: HTMLElement) {
    this.#place = place;
    this.#plot = this.#draw();
    new ResizeObserver(() => this.#plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
    // A canvas does not follow the colors of the page by itself.
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#plot.destroy();
      this.#plot = this.#draw();
    });
  }

  /** @param time in seconds since 1970 @param share 0 to 1 */
  add(time: number, rate: number, share: number | null): void {
    this.#times.push(time);
    this.#rates.push(rate);
    this.#shares.push(share === null ? null : share * 100);
    if (this.#times.length > POINTS) for (const row of [this.#times, this.#rates, this.#shares]) row.shift();
    this.#plot.setData(this.#data());
  }

  #data(): uPlot.AlignedData {
    return [this.#times, this.#rates, this.#shares];
  }

  #draw(): uPlot {
    const style = getComputedStyle(this.#place);
    const color = (name: string) => style.getPropertyValue(name).trim();
    // The colors of the page are pairs, light and dark: the browser says which one it is.
    const ink = resolve(this.#place, "var(--soft)");
    const grid = resolve(this.#place, "var(--line)");
    const share = resolve(this.#place, "var(--ink)");
    const accent = color("--accent");
    const axis = { stroke: ink, font: "12px system-ui, sans-serif", ticks: { show: false } };
    const options: uPlot.Options = {
      width: this.#place.clientWidth,
      height: HEIGHT,
      cursor: { drag: { setScale: false } },
      legend: { live: false },
      scales: {
        x: { range: (_, __, last) => [last - POINTS, last] },
        rate: { range: (_, __, max) => [0, Math.max(1, (max ?? 0) * 1.15)] },
        share: { range: [0, 103] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          splits: (_, __, ___, last) => halfMinutes(last),
          values: (_, splits) => splits.map(ago(splits.at(-1) ?? 0)),
        },
        { ...axis, scale: "rate", size: 46, grid: { stroke: grid, width: 1 } },
        {
          ...axis,
          scale: "share",
          side: 1,
          size: 52,
          grid: { show: false },
          values: (_, splits) => splits.map((value) => `${value} %`),
        },
      ],
      series: [
        {},
        {
          label: "Mpixel/s",
          scale: "rate",
          stroke: accent,
          fill: `${accent}33`,
          width: 2,
          points: { show: false },
        },
        {
          label: "without decoding",
          scale: "share",
          stroke: share,
          width: 1.5,
          dash: [5, 4],
          spanGaps: true,
          points: { show: false },
        },
      ],
    };
    return new uPlot(options, this.#data(), this.#place);
  }
}

/** Every half minute back from the newest point, which is at the right edge. */
const halfMinutes = (newest: number): number[] =>
  Array.from({ length: 4 }, (_, i) => newest - 30 * (4 - i)).concat(newest);

const ago =
  (newest: number) =>
  (time: number): string => {
    const seconds = Math.round(newest - time);
    return seconds === 0 ? "now" : seconds === 120 ? "" : `${seconds} s ago`;
  };

/** A color of the style sheet as a canvas takes it. */
function resolve(place: HTMLElement, color: string): string {
  const probe = place.appendChild(document.createElement("i"));
  probe.style.color = color;
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}
