import { create } from "../../dom.js";
import type { LoadedSegment } from "../../playback/segment.js";

const MAX_BARS = 26;

/** Draws a bar for each of the last segments, in proportion to its height in pixels, and highlights the current one. */
export class SegmentHistory {
  readonly #list: HTMLElement;
  readonly #bars: { readonly segment: LoadedSegment; readonly bar: HTMLElement }[] = [];

  constructor(list: HTMLElement) {
    this.#list = list;
  }

  clear(): void {
    this.#bars.length = 0;
    this.#list.replaceChildren();
  }

  add(segment: LoadedSegment): void {
    const { width, height } = segment.size;
    const bar = create("span", { title: `${width} × ${height}` });
    this.#list.append(bar);
    this.#bars.push({ segment, bar });
    if (this.#bars.length > MAX_BARS) this.#bars.shift()?.bar.remove();
    const maxHeight = Math.max(...this.#bars.map((other) => other.segment.size.height));
    for (const other of this.#bars)
      other.bar.style.height = `${(100 * other.segment.size.height) / maxHeight}%`;
  }

  /** Highlights the segment at a position in seconds. */
  highlight(position: number): void {
    const contains = ({ start, duration }: LoadedSegment) => start <= position && position < start + duration;
    const current = this.#bars.findLastIndex(({ segment }) => contains(segment));
    this.#bars.forEach(({ bar }, index) => {
      bar.className = index === current ? "current" : current >= 0 && index < current ? "played" : "";
    });
  }
}
