import type { ErrorData, FragmentLoaderConstructor, HlsConfig } from "hls.js";
import Hls from "hls.js";
import { badResponse, errorForStatus, notPlayable, type PlayerError } from "../errors.js";
import { LOADED_AHEAD } from "../playback/buffered.js";
import type { MissingPart } from "../playback/transport.js";
import { FIRST_RETRY } from "./retry-after-loader.js";
import { endStreamAtEnd } from "./workarounds/end-of-stream.js";
import { resumeAfterRecovery } from "./workarounds/resume-after-recovery.js";

export interface HlsPlaybackOptions {
  readonly video: HTMLVideoElement;
  readonly playlist: string;
  /** The video's address, for messages. */
  readonly src: string;
  /** Seconds. */
  readonly startAt: number;
  readonly fragmentLoader?: FragmentLoaderConstructor;
  /** Which level of the master playlist to pin; asked once its levels are known. */
  pinLevel(hls: Hls): number;
  /** The server cannot make this part of the picture; the video goes on behind it. In seconds. */
  onMissing?(part: MissingPart): void;
  /** A URL of the playlist is not answered any more: the video has been replaced. */
  onStale(): void;
  onError(error: PlayerError): void;
}

/**
 * Short buffers follow a resize quickly. One level is pinned, since the size is chosen by us and never by the
 * bandwidth estimate, which segments from a cache make meaningless. Busy (503) is asked again sooner than by
 * default, where its Retry-After does not say otherwise.
 */
const config: Partial<HlsConfig> = {
  autoStartLoad: false,
  testBandwidth: false,
  capLevelToPlayerSize: false,
  // Fragmented MP4 passes through unchanged, and a worker from a blob is refused by a strict CSP.
  enableWorker: false,
  maxBufferLength: LOADED_AHEAD,
  maxMaxBufferLength: LOADED_AHEAD,
  backBufferLength: 8,
  fragLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 15_000,
      maxLoadTimeMs: 60_000,
      timeoutRetry: { maxNumRetry: 3, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: { maxNumRetry: 8, retryDelayMs: FIRST_RETRY, maxRetryDelayMs: 8000 },
    },
  },
};

/** Answers of 500 to one segment, or refusals of its bytes, after which it is left out. */
const MAX_FAILURES = 2;
/** Segments in a row that cannot be made, after which it is the video that cannot be played. */
const MAX_MISSING = 3;

/**
 * What the server's queue is ordered by (Common Media Client Data), in headers: in the query it would part the URLs
 * of viewers, and with them every cache. From another origin each segment's headers would have to be allowed by
 * a request of its own, which costs more than it brings.
 */
function clientData(playlist: string): Partial<HlsConfig> {
  if (new URL(playlist, location.href).origin !== location.origin) return {};
  return {
    cmcd: { useHeaders: true, includeKeys: ["bl", "bs", "d", "dl", "nor", "ot", "sf", "sid", "st", "su"] },
  };
}

const isUnmade = ({ type, details, response }: ErrorData) =>
  type === Hls.ErrorTypes.NETWORK_ERROR &&
  details === Hls.ErrorDetails.FRAG_LOAD_ERROR &&
  response?.code === 500;

/** The browser has refused the bytes of this very segment. Live, hls.js leaves it out by itself. */
const isUnreadable = ({ details, error }: ErrorData) =>
  [Hls.ErrorDetails.BUFFER_APPEND_ERROR, Hls.ErrorDetails.MEDIA_SOURCE_REQUIRES_RESET].includes(details) &&
  error.name === "HlsJsSourceBufferError";

/** Milliseconds within which a second decoder failure is not tried again. */
const RECOVERY_INTERVAL = 5000;

const isGone = (data: ErrorData) => data.frag !== undefined && [404, 410].includes(data.response?.code ?? 0);

/** Plays a master playlist in the video by hls.js, with one level pinned. */
export function startHls(options: HlsPlaybackOptions): Hls {
  const { video } = options;
  const hls = new Hls({
    ...config,
    ...clientData(options.playlist),
    ...(options.fragmentLoader === undefined ? {} : { fLoader: options.fragmentLoader }),
  });
  let lastRecovery = Number.NEGATIVE_INFINITY;
  let ended = false;
  const end = (tell: () => void) => {
    if (ended) return;
    ended = true;
    hls.stopLoad();
    // Not within hls.js's own handling of the error, since the answer may be to destroy it.
    queueMicrotask(tell);
  };

  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    const level = options.pinLevel(hls);
    hls.startLevel = level;
    hls.loadLevel = level;
    hls.startLoad(options.startAt);
  });
  /** By segment: how often the server failed at it, and those left out since the last that came. */
  const failures = new Map<number, number>();
  let missing = 0;
  const isMissing = (data: ErrorData): boolean => {
    const { frag } = data;
    if (!isUnmade(data) && !isUnreadable(data)) return false;
    if (frag === undefined || frag.type !== "main" || typeof frag.sn !== "number") return false;
    const failed = (failures.get(frag.sn) ?? 0) + 1;
    failures.set(frag.sn, failed);
    return failed >= MAX_FAILURES && missing < MAX_MISSING;
  };
  hls.on(Hls.Events.FRAG_BUFFERED, () => {
    missing = 0;
  });
  hls.on(Hls.Events.ERROR, (_event, data) => {
    if (isMissing(data) && data.frag !== undefined) {
      const { frag } = data;
      missing++;
      // As though the playlist had said so: hls.js then goes on behind it.
      frag.gap = true;
      frag.tagList.push(["GAP"]);
      options.onMissing?.({ start: frag.start, end: frag.end });
    }
    if (isGone(data)) {
      end(options.onStale);
      return;
    }
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR) {
      if (performance.now() - lastRecovery > RECOVERY_INTERVAL) {
        lastRecovery = performance.now();
        hls.recoverMediaError();
        return;
      }
      end(() => options.onError(notPlayable(data.error)));
      return;
    }
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR) {
      // hls.js names a timeout only in its details; one without a status is a playlist that makes no sense.
      const status = data.details.endsWith("TimeOut") ? 0 : data.response?.code;
      const error =
        status === undefined ? badResponse(data.error) : errorForStatus(status, options.src, data.error);
      end(() => options.onError(error));
      return;
    }
    end(() => options.onError(notPlayable(data.error)));
  });
  resumeAfterRecovery(hls, video);
  endStreamAtEnd(hls, video);
  hls.loadSource(options.playlist);
  hls.attachMedia(video);
  return hls;
}
