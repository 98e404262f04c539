import { create } from "../dom.js";
import { formatRegion } from "../geometry/region.js";
import type { Strings } from "../i18n/strings.js";
import type { ControlContext } from "./control-context.js";
import type { SegmentEvent } from "./player-host.js";
import type { Statistics } from "./settings.js";

/** Milliseconds between two looks. */
const UPDATE_INTERVAL_MS = 500;
/** Segments over which is averaged. */
const MAX_SEGMENTS = 6;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Seconds of video that are buffered from the position on. */
function bufferedAhead(buffered: TimeRanges, at: number): number {
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= at + 0.1 && at <= buffered.end(i)) return buffered.end(i) - at;
  }
  return 0;
}

/** The figures of the video as it plays, while they are shown. */
export function setupStatistics({ host, layout, localizer, zoom, signal, on }: ControlContext): Statistics {
  const recent: SegmentEvent["detail"][] = [];
  let cached = 0;
  let told = 0;
  let timer: ReturnType<typeof setInterval> | undefined;

  const throughput = () => {
    const seconds = sum(recent.map((arrival) => arrival.seconds));
    return seconds === 0
      ? "–"
      : `${((8 * sum(recent.map(({ bytes }) => bytes))) / seconds / 1e6).toFixed(2)} Mbit/s`;
  };
  const serverTime = () => {
    const times = recent.map(({ server, seconds }) => server?.seconds ?? seconds);
    return times.length === 0 ? "–" : `${Math.round((1000 * sum(times)) / times.length)} ms`;
  };
  const show = () => {
    const { totalVideoFrames, droppedVideoFrames } = host.getVideoPlaybackQuality();
    const wanted = host.requestedSize;
    const rows: readonly (readonly [keyof Strings, string])[] = [
      ["statSize", `${host.videoWidth} × ${host.videoHeight}`],
      ["statWanted", wanted === null ? "–" : `${wanted.width} × ${wanted.height}`],
      ["statRegion", formatRegion(zoom.shownRegion)],
      ["statMode", host.transport ?? "–"],
      ["statThroughput", throughput()],
      ["statServer", serverTime()],
      ["statCache", told === 0 ? "–" : `${cached} / ${told}`],
      ["statBuffer", `${bufferedAhead(host.buffered, host.currentTime).toFixed(1)} s`],
      ["statDropped", `${droppedVideoFrames} / ${totalVideoFrames}`],
    ];
    layout.statistics.replaceChildren(
      ...rows.map(([name, value]) =>
        create("div", {}, create("dt", {}, localizer.strings[name]), create("dd", { dir: "ltr" }, value)),
      ),
    );
  };
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };
  on(host, "segment", (event) => {
    const { detail } = event as SegmentEvent;
    recent.push(detail);
    if (recent.length > MAX_SEGMENTS) recent.shift();
    if (detail.server?.cached === undefined) return;
    told++;
    if (detail.server.cached) cached++;
  });
  on(host, "emptied", () => {
    recent.length = 0;
    cached = 0;
    told = 0;
  });
  signal.addEventListener("abort", stop, { once: true });
  if (!layout.stats.hidden) timer = setInterval(show, UPDATE_INTERVAL_MS);
  return {
    get shown() {
      return !layout.stats.hidden;
    },
    toggle() {
      layout.stats.hidden = !layout.stats.hidden;
      stop();
      if (layout.stats.hidden) return;
      show();
      timer = setInterval(show, UPDATE_INTERVAL_MS);
    },
  };
}
