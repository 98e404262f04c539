import type { ErrorData, Fragment } from "hls.js";
import Hls from "hls.js";
import { badResponse, errorForStatus, notPlayable, type PlayerError } from "../errors.js";
import type { MissingRange } from "../playback/transport.js";

export interface HlsErrorOptions {
  readonly video: HTMLVideoElement;
  /** URL of the video, for error messages. */
  readonly src: string;
  /** The server cannot render this time range; playback skips it. */
  onMissing?(range: MissingRange): void;
  /** A segment no longer exists: the video was replaced. */
  onVideoReplaced(): void;
  onError(error: PlayerError): void;
}

/** Failures of one segment (status 500, or bytes that the browser rejects) after which it is skipped. */
const MAX_FAILURES = 2;
/** Maximum consecutive segments to skip. If the next one fails too, the video counts as unplayable. */
const MAX_SKIPPED = 3;
/** Time that hls.js has to recover from an error of the media element by itself, in milliseconds. */
const MEDIA_ERROR_DELAY_MS = 2000;
/** A second decoder failure within this time is fatal, in milliseconds. */
const RECOVERY_INTERVAL_MS = 5000;

const isServerFailure = ({ type, details, response }: ErrorData) =>
  type === Hls.ErrorTypes.NETWORK_ERROR &&
  details === Hls.ErrorDetails.FRAG_LOAD_ERROR &&
  response?.code === 500;

/** Returns whether the browser has rejected the bytes of this segment. hls.js skips such segments only when live. */
const isRejectedByBrowser = ({ details, error }: ErrorData) =>
  [Hls.ErrorDetails.BUFFER_APPEND_ERROR, Hls.ErrorDetails.MEDIA_SOURCE_REQUIRES_RESET].includes(details) &&
  error.name === "HlsJsSourceBufferError";

const isGone = ({ frag, response }: ErrorData) =>
  frag !== undefined && [404, 410].includes(response?.code ?? 0);

/** Counts the failures of segments and decides which to skip. */
class SegmentFailures {
  readonly #failures = new Map<number, number>();
  /** Segments skipped since the last one that was buffered. */
  #skipped = 0;

  onBuffered(): void {
    this.#skipped = 0;
  }

  /** Counts a failure. Returns the segment if it is to be skipped, else null. */
  add(data: ErrorData): Fragment | null {
    const { frag } = data;
    if (!isServerFailure(data) && !isRejectedByBrowser(data)) return null;
    if (frag === undefined || frag.type !== "main" || typeof frag.sn !== "number") return null;
    const failures = (this.#failures.get(frag.sn) ?? 0) + 1;
    this.#failures.set(frag.sn, failures);
    if (failures < MAX_FAILURES || this.#skipped >= MAX_SKIPPED) return null;
    this.#skipped++;
    return frag;
  }
}

/** Converts a fatal error of hls.js. */
function toPlayerError(data: ErrorData, src: string): PlayerError {
  if (data.type !== Hls.ErrorTypes.NETWORK_ERROR) return notPlayable(data.error);
  // hls.js names a timeout only in `details`. A network error without a status is an invalid playlist.
  const status = data.details.endsWith("TimeOut") ? 0 : data.response?.code;
  return status === undefined ? badResponse(data.error) : errorForStatus(status, src, data.error);
}

/**
 * Reports errors of the media element. hls.js notices a decoder failure only when it appends the next segment, and never
 * that the page's CSP refuses its media source.
 *
 * @param report called at once if the media source cannot be opened, and otherwise if hls.js has not recovered in time
 */
function watchMediaElement(hls: Hls, video: HTMLVideoElement, report: (error: MediaError) => void): void {
  const listeners = new AbortController();
  let isAttached = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onError = () => {
    const { error } = video;
    const reportUnresolved = () => {
      if (error !== null && video.error === error) report(error);
    };
    clearTimeout(timer);
    timer = setTimeout(reportUnresolved, isAttached ? MEDIA_ERROR_DELAY_MS : 0);
  };
  video.addEventListener("error", onError, { signal: listeners.signal });
  hls.on(Hls.Events.MEDIA_ATTACHING, () => {
    isAttached = false;
  });
  hls.on(Hls.Events.MEDIA_ATTACHED, () => {
    isAttached = true;
  });
  hls.on(Hls.Events.DESTROYING, () => {
    listeners.abort();
    clearTimeout(timer);
  });
}

/** Skips segments that cannot be rendered or played, recovers from decoder failures, and reports all other errors. */
export function handleHlsErrors(hls: Hls, options: HlsErrorOptions): void {
  const segments = new SegmentFailures();
  let lastRecovery = Number.NEGATIVE_INFINITY;
  let stopped = false;
  const stop = (report: () => void) => {
    if (stopped) return;
    stopped = true;
    hls.stopLoad();
    // Deferred, because the callback may destroy the instance that is handling this error.
    queueMicrotask(report);
  };
  /** Returns false if the decoder has failed again too soon. */
  const recover = () => {
    if (performance.now() - lastRecovery <= RECOVERY_INTERVAL_MS) return false;
    lastRecovery = performance.now();
    hls.recoverMediaError();
    return true;
  };
  hls.on(Hls.Events.FRAG_BUFFERED, () => segments.onBuffered());
  hls.on(Hls.Events.ERROR, (_event, data) => {
    const skipped = segments.add(data);
    if (skipped !== null) {
      // As if the playlist had an EXT-X-GAP tag: hls.js then continues after the segment.
      skipped.gap = true;
      skipped.tagList.push(["GAP"]);
      options.onMissing?.({ start: skipped.start, end: skipped.end });
    }
    if (isGone(data)) {
      stop(options.onVideoReplaced);
      return;
    }
    if (!data.fatal) return;
    const isDecoderFailure = data.type === Hls.ErrorTypes.MEDIA_ERROR;
    if (!isDecoderFailure || !recover()) stop(() => options.onError(toPlayerError(data, options.src)));
  });
  watchMediaElement(hls, options.video, (error) => {
    if (!recover()) stop(() => options.onError(notPlayable(error)));
  });
}
