import { create } from "../../dom.js";
import type { LoadedSegment } from "../../playback/segment.js";

const MAX_BARS = 26;

/** A bar for each of the last segments, as high as the picture was computed; the one on screen stands out. */
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
    const highest = Math.max(...this.#bars.map((other) => other.segment.size.height));
    for (const other of this.#bars)
      other.bar.style.height = `${(100 * other.segment.size.height) / highest}%`;
  }

  /** Marks what is on screen at this moment of the video, in seconds. */
  mark(position: number): void {
    const plays = ({ start, duration }: LoadedSegment) => start <= position && position < start + duration;
    const shown = this.#bars.findLastIndex(({ segment }) => plays(segment));
    this.#bars.forEach(({ bar }, index) => {
      bar.className = index === shown ? "now" : shown >= 0 && index < shown ? "seen" : "";
    });
  }
}
