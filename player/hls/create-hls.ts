import type { FragmentLoaderConstructor, HlsConfig } from "hls.js";
import Hls from "hls.js";
import { BUFFER_AHEAD_SECONDS } from "../playback/buffered.js";
import { type HlsErrorOptions, handleHlsErrors } from "./handle-errors.js";
import { FIRST_RETRY_MS } from "./retry-after-loader.js";
import { endStreamAtEnd } from "./workarounds/end-of-stream.js";
import { resumeAfterRecovery } from "./workarounds/resume-after-recovery.js";

export interface CreateHlsOptions extends HlsErrorOptions {
  readonly video: HTMLVideoElement;
  /** URL of the playlist. */
  readonly playlist: string;
  /** Initial position, in seconds. */
  readonly startAt: number;
  readonly fragmentLoader?: FragmentLoaderConstructor;
  /** Returns the index of the level to pin. Called once the levels are known. */
  pinLevel(hls: Hls): number;
}

/**
 * Short buffers, so that a resize shows soon. One level is pinned: `AbrController` chooses the size, and cached
 * segments would mislead hls.js's bandwidth estimate. Errors are retried sooner than by default, unless a busy
 * server (503) sends Retry-After.
 */
const DEFAULT_CONFIG: Partial<HlsConfig> = {
  autoStartLoad: false,
  testBandwidth: false,
  capLevelToPlayerSize: false,
  // Fragmented MP4 needs no transmuxing, and a strict CSP forbids workers from a blob URL.
  enableWorker: false,
  // The element has the subtitles as <track> elements, as in direct mode.
  subtitleStreamController: undefined,
  subtitleTrackController: undefined,
  timelineController: undefined,
  maxBufferLength: BUFFER_AHEAD_SECONDS,
  maxMaxBufferLength: BUFFER_AHEAD_SECONDS,
  backBufferLength: 8,
  fragLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 15_000,
      maxLoadTimeMs: 60_000,
      timeoutRetry: { maxNumRetry: 3, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: { maxNumRetry: 8, retryDelayMs: FIRST_RETRY_MS, maxRetryDelayMs: 8000 },
    },
  },
};

/**
 * Returns the configuration of CMCD (Common Media Client Data), by which the server orders its queue. CMCD is sent in
 * headers: in the query it would make URLs differ between viewers and defeat every cache. It is off for another origin,
 * where the headers of each segment would need a preflight request.
 */
function cmcdConfig(playlist: string): Partial<HlsConfig> {
  if (new URL(playlist, location.href).origin !== location.origin) return {};
  return {
    cmcd: { useHeaders: true, includeKeys: ["bl", "bs", "d", "dl", "nor", "ot", "sf", "sid", "st", "su"] },
  };
}

/** Plays a playlist in a media element through hls.js, with one level pinned. */
export function createHls(options: CreateHlsOptions): Hls {
  const { video, playlist, fragmentLoader, startAt } = options;
  const hls = new Hls({
    ...DEFAULT_CONFIG,
    ...cmcdConfig(playlist),
    ...(fragmentLoader === undefined ? {} : { fLoader: fragmentLoader }),
  });
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    const level = options.pinLevel(hls);
    hls.startLevel = level;
    hls.loadLevel = level;
    hls.startLoad(startAt);
  });
  handleHlsErrors(hls, options);
  resumeAfterRecovery(hls, video);
  endStreamAtEnd(hls, video);
  hls.loadSource(playlist);
  hls.attachMedia(video);
  return hls;
}
