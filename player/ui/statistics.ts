import { create } from "../dom.js";
import { formatRegion } from "../geometry/region.js";
import type { Strings } from "../i18n/strings.js";
import { bufferedEnd } from "../playback/buffered.js";
import type { ControlContext } from "./control-context.js";
import type { SegmentEvent } from "./player-host.js";

const UPDATE_INTERVAL_MS = 500;
/** Throughput and server time are averages over the last segments. */
const RECENT_SEGMENTS = 6;
/** Distance between the statistics and the captions in CSS pixels. */
const CAPTIONS_GAP = 6;
const UNKNOWN = "–";

export interface Statistics {
  readonly shown: boolean;
  toggle(): void;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

type Segments = readonly SegmentEvent["detail"][];

function throughput(recent: Segments): string {
  const seconds = sum(recent.map((segment) => segment.seconds));
  const bits = 8 * sum(recent.map(({ bytes }) => bytes));
  return seconds === 0 ? UNKNOWN : `${(bits / seconds / 1e6).toFixed(2)} Mbit/s`;
}

function serverTime(recent: Segments): string {
  const times = recent.map(({ server, seconds }) => server?.seconds ?? seconds);
  return times.length === 0 ? UNKNOWN : `${Math.round((1000 * sum(times)) / times.length)} ms`;
}

function cacheHits(segments: Segments): string {
  const reported = segments.filter(({ server }) => server?.cached !== undefined);
  const hits = reported.filter(({ server }) => server?.cached);
  return reported.length === 0 ? UNKNOWN : `${hits.length} / ${reported.length}`;
}

/** Sets up the overlay with playback statistics. It updates only while it is shown. */
export function setupStatistics(
  { host, layout, localizer, zoom, signal }: ControlContext,
  segments: Segments,
): Statistics {
  const { statsPanel, statsList, captionsOverlay } = layout;
  let timer: ReturnType<typeof setInterval> | undefined;

  const render = () => {
    const { totalVideoFrames, droppedVideoFrames } = host.getVideoPlaybackQuality();
    const requested = host.requestedSize;
    const recent = segments.slice(-RECENT_SEGMENTS);
    const rows: readonly (readonly [keyof Strings, string])[] = [
      ["statResolution", `${host.videoWidth} × ${host.videoHeight}`],
      ["statRequested", requested === null ? UNKNOWN : `${requested.width} × ${requested.height}`],
      ["statRegion", formatRegion(zoom.shownRegion)],
      ["statTransport", host.transport ?? UNKNOWN],
      ["statThroughput", throughput(recent)],
      ["statServerTime", serverTime(recent)],
      ["statCacheHits", cacheHits(segments)],
      ["statBuffer", `${(bufferedEnd(host) - host.currentTime).toFixed(1)} s`],
      ["statDroppedFrames", `${droppedVideoFrames} / ${totalVideoFrames}`],
    ];
    const captionsTop = captionsOverlay.childElementCount === 0 ? null : captionsOverlay.offsetTop;
    statsPanel.style.maxHeight =
      captionsTop === null ? "" : `${Math.max(0, captionsTop - statsPanel.offsetTop - CAPTIONS_GAP)}px`;
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
