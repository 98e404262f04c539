import uPlot from "uplot";

/** Two minutes at one point per second. */
const POINTS = 120;
const HEIGHT = 200;

/** Draws million pixels per second as an area, and the cache hit rate as a line. */
export class LoadChart {
  readonly #container: HTMLElement;
  readonly #times: number[] = [];
  readonly #rates: number[] = [];
  /** Percent; null if there was no request. */
  readonly #hitRates: (number | null)[] = [];
  #plot: uPlot;

  constructor(container: HTMLElement) {
    this.#container = container;
    this.#plot = this.#draw();
    new ResizeObserver(() => this.#plot.setSize({ width: container.clientWidth, height: HEIGHT })).observe(
      container,
    );
    // Canvas colors do not follow the color scheme.
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#plot.destroy();
      this.#plot = this.#draw();
    });
  }

  /**
   * @param time seconds since the epoch
   * @param rate million pixels per second
   * @param hitRate 0 to 1; null if there was no request
   */
  add(time: number, rate: number, hitRate: number | null): void {
    this.#times.push(time);
    this.#rates.push(rate);
    this.#hitRates.push(hitRate === null ? null : hitRate * 100);
    if (this.#times.length > POINTS)
      for (const row of [this.#times, this.#rates, this.#hitRates]) row.shift();
    this.#plot.setData(this.#data());
  }

  #data(): uPlot.AlignedData {
    return [this.#times, this.#rates, this.#hitRates];
  }

  #draw(): uPlot {
    const style = getComputedStyle(this.#container);
    const color = (name: string) => style.getPropertyValue(name).trim();
    // light-dark() colors must be resolved by the browser.
    const mutedText = resolveColor(this.#container, "var(--text-muted)");
    const grid = resolveColor(this.#container, "var(--border)");
    const text = resolveColor(this.#container, "var(--text)");
    const accent = color("--accent");
    const axis = { stroke: mutedText, font: "12px system-ui, sans-serif", ticks: { show: false } };
    const options: uPlot.Options = {
      width: this.#container.clientWidth,
      height: HEIGHT,
      cursor: { drag: { setScale: false } },
      legend: { live: false },
      scales: {
        x: { range: (_, __, last) => [last - POINTS, last] },
        rate: { range: (_, __, max) => [0, Math.max(1, (max ?? 0) * 1.15)] },
        hitRate: { range: [0, 103] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          splits: (_, __, ___, last) => axisTicks(last),
          values: (_, splits) => splits.map(formatAge(splits.at(-1) ?? 0)),
        },
        { ...axis, scale: "rate", size: 46, grid: { stroke: grid, width: 1 } },
        {
          ...axis,
          scale: "hitRate",
          side: 1,
          size: 52,
          grid: { show: false },
          values: (_, splits) => splits.map((value) => `${value}%`),
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
          label: "Cache hit rate",
          scale: "hitRate",
          stroke: text,
          width: 1.5,
          dash: [5, 4],
          spanGaps: true,
          points: { show: false },
        },
      ],
    };
    return new uPlot(options, this.#data(), this.#container);
  }
}

/** Returns axis ticks every 30 seconds, back from the newest point at the right edge. */
const axisTicks = (newest: number): number[] =>
  Array.from({ length: 4 }, (_, i) => newest - 30 * (4 - i)).concat(newest);

const formatAge =
  (newest: number) =>
  (time: number): string => {
    const seconds = Math.round(newest - time);
    return seconds === 0 ? "now" : seconds === 120 ? "" : `${seconds} s ago`;
  };

/** Resolves a CSS color for a canvas. */
function resolveColor(container: HTMLElement, color: string): string {
  const probe = container.appendChild(document.createElement("i"));
  probe.style.color = color;
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}
