import { create } from "../dom.js";
import { formatRegion } from "../geometry/region.js";
import type { Strings } from "../i18n/strings.js";
import { bufferedEnd } from "../playback/buffered.js";
import type { ControlContext } from "./control-context.js";
import type { SegmentEvent } from "./player-host.js";

const UPDATE_INTERVAL_MS = 500;
/** Throughput and server time are averages over the last segments. */
const MAX_SEGMENTS = 6;
const UNKNOWN = "–";

export interface Statistics {
  readonly shown: boolean;
  toggle(): void;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Aggregates the loaded segments. */
class SegmentStatistics {
  #recent: SegmentEvent["detail"][] = [];
  #cacheHits = 0;
  /** Segments for which the server reported whether they were cached. */
  #reported = 0;

  add(segment: SegmentEvent["detail"]): void {
    this.#recent.push(segment);
    if (this.#recent.length > MAX_SEGMENTS) this.#recent.shift();
    if (segment.server?.cached === undefined) return;
    this.#reported++;
    if (segment.server.cached) this.#cacheHits++;
  }

  clear(): void {
    this.#recent = [];
    this.#cacheHits = 0;
    this.#reported = 0;
  }

  get throughput(): string {
    const seconds = sum(this.#recent.map((segment) => segment.seconds));
    const bits = 8 * sum(this.#recent.map(({ bytes }) => bytes));
    return seconds === 0 ? UNKNOWN : `${(bits / seconds / 1e6).toFixed(2)} Mbit/s`;
  }

  get serverTime(): string {
    const times = this.#recent.map(({ server, seconds }) => server?.seconds ?? seconds);
    return times.length === 0 ? UNKNOWN : `${Math.round((1000 * sum(times)) / times.length)} ms`;
  }

  get cacheHits(): string {
    return this.#reported === 0 ? UNKNOWN : `${this.#cacheHits} / ${this.#reported}`;
  }
}

/** Sets up the overlay with playback statistics. It updates only while it is shown. */
export function setupStatistics({ host, layout, localizer, zoom, signal, on }: ControlContext): Statistics {
  const { statsPanel, statsList } = layout;
  const segments = new SegmentStatistics();
  let timer: ReturnType<typeof setInterval> | undefined;

  const render = () => {
    const { totalVideoFrames, droppedVideoFrames } = host.getVideoPlaybackQuality();
    const requested = host.requestedSize;
    const rows: readonly (readonly [keyof Strings, string])[] = [
      ["statResolution", `${host.videoWidth} × ${host.videoHeight}`],
      ["statRequested", requested === null ? UNKNOWN : `${requested.width} × ${requested.height}`],
      ["statRegion", formatRegion(zoom.shownRegion)],
      ["statTransport", host.transport ?? UNKNOWN],
      ["statThroughput", segments.throughput],
      ["statServerTime", segments.serverTime],
      ["statCacheHits", segments.cacheHits],
      ["statBuffer", `${(bufferedEnd(host) - host.currentTime).toFixed(1)} s`],
      ["statDroppedFrames", `${droppedVideoFrames} / ${totalVideoFrames}`],
    ];
    statsList.replaceChildren(
      ...rows.map(([key, value]) =>
        create("div", {}, create("dt", {}, localizer.strings[key]), create("dd", { dir: "ltr" }, value)),
      ),
    );
  };
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };

  on(host, "segment", (event) => segments.add((event as SegmentEvent).detail));
  on(host, "emptied", () => segments.clear());
  signal.addEventListener("abort", stop, { once: true });
  if (!statsPanel.hidden) timer = setInterval(render, UPDATE_INTERVAL_MS);
  return {
    get shown() {
      return !statsPanel.hidden;
    },
    toggle() {
      statsPanel.hidden = !statsPanel.hidden;
      stop();
      if (statsPanel.hidden) return;
      render();
      timer = setInterval(render, UPDATE_INTERVAL_MS);
    },
  };
}
