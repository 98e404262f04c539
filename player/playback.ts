import Hls from "hls.js";
import { notPlayable, type PlayerError } from "./errors.js";
import type { FilmInfo } from "./film-info.js";
import { ComputingTime, flushPoint, type SegmentSpan } from "./flush-point.js";
import { elasticLoading, type SegmentArrival } from "./fragment-loader.js";
import { startHls } from "./hls-playback.js";
import { nearestLevel } from "./levels.js";
import { type Size, sizeParameter } from "./size.js";
import type { SizeChange } from "./wanted-size.js";

/**
 * How the film reaches the video: `elastic` chooses a size a segment, `levels` one of the master playlist,
 * `native` leaves all to the browser.
 */
export type Transport = "elastic" | "levels" | "native";

export interface PlaybackOptions {
  readonly video: HTMLVideoElement;
  /** Address of the film without a trailing slash. */
  readonly src: string;
  readonly info: FilmInfo;
  /** Seconds. */
  readonly startAt: number;
  /** The size to ask for at this moment, in output pixels. */
  wantedSize(): Size;
  onSegment(arrival: SegmentArrival): void;
  onStale(): void;
  onError(error: PlayerError): void;
}

export interface Playback {
  readonly transport: Transport;
  readonly hls: Hls | null;
  /** The wanted size has changed; what is buffered ahead may be replaced. */
  follow(change: SizeChange): void;
  destroy(): void;
}

/** High profile at the highest level there is, with the parameter sets in band. */
const ELASTIC_TYPE = 'video/mp4; codecs="avc3.64003e, mp4a.40.2"';

export function chooseTransport(video: HTMLVideoElement): Transport | null {
  if (Hls.isSupported()) {
    return Hls.getMediaSource()?.isTypeSupported(ELASTIC_TYPE) ? "elastic" : "levels";
  }
  return video.canPlayType("application/vnd.apple.mpegurl") === "" ? null : "native";
}

export function startPlayback(transport: Transport, options: PlaybackOptions): Playback {
  if (transport === "elastic") return playElastic(options);
  if (transport === "levels") return playLevels(options);
  return playNatively(options);
}

const masterUrl = ({ src, wantedSize }: PlaybackOptions): string => {
  const { width, height } = wantedSize();
  return `${src}/master.m3u8?width=${width}&height=${height}`;
};

function playElastic(options: PlaybackOptions): Playback {
  const { video, src, info } = options;
  const computing = new ComputingTime();
  const loading = elasticLoading({
    sizeNow() {
      const size = options.wantedSize();
      return { size, parameter: sizeParameter(size, info) };
    },
    onArrival(arrival) {
      computing.add(arrival.size, arrival.seconds);
      options.onSegment(arrival);
    },
  });
  const hls = startHls({
    ...options,
    playlist: `${src}/elastic.m3u8`,
    fragmentLoader: loading.loader,
    pinLevel: () => 0,
  });
  return {
    transport: "elastic",
    hls,
    follow({ size, notable }) {
      if (!notable) return;
      // Whatever is on its way has the old size; asked again, it comes with the new one.
      loading.abortInFlight();
      const segments = hls.levels[0]?.details?.fragments ?? [];
      const { currentTime, buffered } = video;
      if (buffered.length === 0) return;
      if (video.paused) redrawAt(hls, video, segments);
      else
        flush(
          hls,
          flushPoint(segments, currentTime, buffered.end(buffered.length - 1), computing.expected(size)),
        );
    },
    destroy: () => hls.destroy(),
  };
}

/** Empties the picture's buffer from there on; the sound stays, since it does not depend on the size. */
function flush(hls: Hls, from: number | null): void {
  if (from === null) return;
  hls.trigger(Hls.Events.BUFFER_FLUSHING, {
    startOffset: from,
    endOffset: Number.POSITIVE_INFINITY,
    type: "video",
  });
}

/** A still picture is computed again too: nothing stalls, and the old one stays until the new one is there. */
function redrawAt(hls: Hls, video: HTMLVideoElement, segments: readonly SegmentSpan[]): void {
  const position = video.currentTime;
  const shown = segments.find(({ end }) => position < end);
  if (shown === undefined) return;
  flush(hls, shown.start);
  const redraw = (_event: unknown, { frag }: { frag: { type: string; end: number } }) => {
    if (frag.type !== "main" || frag.end <= position) return;
    hls.off(Hls.Events.FRAG_BUFFERED, redraw);
    // Only a seek makes a video decode the frame again on which it rests.
    if (video.paused && video.currentTime === position) video.currentTime = position;
  };
  hls.on(Hls.Events.FRAG_BUFFERED, redraw);
}

function playLevels(options: PlaybackOptions): Playback {
  const hls = startHls({
    ...options,
    playlist: masterUrl(options),
    pinLevel: ({ levels }) => nearestLevel(levels, options.wantedSize()),
  });
  hls.on(Hls.Events.FRAG_LOADED, (_event, { frag, payload }) => {
    const level = hls.levels[frag.level];
    if (frag.type !== "main" || frag.sn === "initSegment" || level === undefined) return;
    const { sn, start, duration, stats } = frag;
    const seconds = (stats.loading.end - stats.loading.start) / 1000;
    options.onSegment({ index: sn, start, duration, size: level, bytes: payload.byteLength, seconds });
  });
  return {
    transport: "levels",
    hls,
    follow({ size }) {
      const level = nearestLevel(hls.levels, size);
      if (level >= 0 && level !== hls.loadLevel) hls.nextLevel = level;
    },
    destroy: () => hls.destroy(),
  };
}

function playNatively(options: PlaybackOptions): Playback {
  const { video, startAt } = options;
  const failed = new AbortController();
  video.addEventListener("error", () => options.onError(notPlayable(video.error)), { signal: failed.signal });
  video.src = masterUrl(options);
  video.currentTime = startAt;
  return {
    transport: "native",
    hls: null,
    // The browser follows its own estimate on the ladder; a new master would interrupt it.
    follow() {},
    destroy() {
      failed.abort();
      video.removeAttribute("src");
      video.load();
    },
  };
}
