import { SieddError } from "../../codec/errors.js";
import { cannotDecode, damagedVideo, notPlayable, PlayerError } from "../errors.js";
import type { Playback, PlaybackOptions, SizeChange } from "../playback/transport.js";
import { AudioAppender, canPlayAudio } from "./audio-appender.js";
import { type CanvasOverlay, canvasOverlay } from "./canvas-overlay.js";
import { type DecodeBackend, openKernelBackend } from "./choose-backend.js";
import { FrameScheduler } from "./frame-scheduler.js";
import type { DirectAsset } from "./open-asset.js";
import { AssetReplacedError } from "./range-source.js";
import { frameAt, groupOfFrame, groupTimes } from "./timeline.js";

/** Seconds of groups to fetch ahead of the playhead. */
const FETCH_AHEAD_SECONDS = 8;
/** Concurrent requests. */
const MAX_REQUESTS = 2;

/** Events of the media element after which there may be something to fetch or to paint. */
const EVENTS = [
  "ended",
  "loadedmetadata",
  "pause",
  "play",
  "playing",
  "ratechange",
  "seeking",
  "timeupdate",
  "waiting",
] as const;

export interface DirectPlaybackOptions extends PlaybackOptions {
  /** The machine is too slow for this video. */
  onTooSlow?(): void;
}

/**
 * Plays an asset by decoding it in the browser. Groups are fetched by Range requests, decoded on workers and painted
 * on a canvas over the media element. The element plays the audio and is the clock. Audio is appended only as far as
 * groups are fetched, so the element's `buffered`, `waiting` and `ended` hold for the frames, too.
 */
export class DirectPlayback implements Playback {
  readonly transport = "direct";
  readonly hls = null;
  readonly #options: DirectPlaybackOptions;
  readonly #asset: DirectAsset;
  readonly #abort = new AbortController();
  readonly #audioAppender: AudioAppender;
  readonly #canvas = document.createElement("canvas");
  /** Groups whose audio has been appended. */
  readonly #appendedGroups = new Set<number>();
  readonly #overlay: CanvasOverlay;
  #backend: DecodeBackend | null = null;
  #scheduler: FrameScheduler | null = null;
  /** Whether an error was reported; nothing is fetched or appended after it. */
  #failed = false;

  /**
   * @param backend default: the kernel, without a measurement
   * @throws PlayerError `not-supported` if the browser has no media source for AAC
   */
  constructor(
    options: DirectPlaybackOptions,
    directAsset: DirectAsset,
    backend: DecodeBackend | null = null,
  ) {
    const { video, startAt } = options;
    const { asset, audio } = directAsset;
    this.#options = options;
    this.#asset = directAsset;
    if (!canPlayAudio(audio.mimeType)) throw cannotDecode();
    this.#overlay = canvasOverlay(video, this.#canvas, {
      size: () => this.#scheduler?.painted ?? { width: 0, height: 0 },
      quality: () => this.#scheduler?.playbackQuality ?? { total: 0, dropped: 0 },
    });
    const { mimeType, initSegment, encoderDelay } = audio;
    this.#audioAppender = new AudioAppender(video, {
      mimeType,
      initSegment,
      encoderDelay,
      duration: asset.duration,
      onError: (error) => this.#fail(error),
    });
    if (startAt > 0) video.currentTime = startAt;
    const { signal } = this.#abort;
    for (const event of EVENTS) {
      const handle = () => {
        this.#fetchAhead();
        if (event === "seeking") this.#scheduler?.onSeek();
        else this.#scheduler?.tick();
      };
      video.addEventListener(event, handle, { signal });
    }
    video.ownerDocument.addEventListener("visibilitychange", () => this.#scheduler?.tick(), { signal });
    this.#fetchAhead();
    if (backend === null) void this.#openBackend();
    else this.#attachBackend(backend);
  }

  /** Decodes at the new size or region. This needs no request. */
  onSizeChange({ size, region }: SizeChange): void {
    this.#scheduler?.setViewport(size, region);
  }

  onPreloadChange(): void {
    this.#fetchAhead();
  }

  destroy(): void {
    this.release();
    this.#canvas.remove();
  }

  /** Stops everything but keeps the last frame: returns the canvas, which covers the video until it is removed. */
  release(): HTMLCanvasElement {
    this.#abort.abort();
    this.#scheduler?.destroy();
    this.#backend?.workers.destroy();
    this.#asset.close();
    this.#audioAppender.destroy();
    this.#overlay.restoreVideo();
    return this.#canvas;
  }

  async #openBackend(): Promise<void> {
    const { signal } = this.#abort;
    try {
      const backend = await openKernelBackend(this.#asset, signal);
      if (signal.aborted) backend.workers.destroy();
      else this.#attachBackend(backend);
    } catch (error) {
      this.#fail(error);
    }
  }

  #attachBackend(backend: DecodeBackend): void {
    const { video, requestedSize, requestedRegion } = this.#options;
    const { asset, store } = this.#asset;
    this.#backend = backend;
    this.#scheduler = new FrameScheduler({
      asset,
      ...backend,
      video,
      canvas: this.#canvas,
      hasGroup: (group) => store.get(group) !== undefined,
      onPainted: ({ region }) => {
        this.#options.onFramePainted?.(region);
        this.#overlay.show();
        video.dispatchEvent(new Event("resize"));
      },
      onGroupError: ({ group, message }) =>
        console.warn(`<siedd-player>: skipping group ${group}, which cannot be decoded: ${message}`),
      onError: (error) => this.#fail(error),
      onTooSlow: () => this.#options.onTooSlow?.(),
    });
    this.#scheduler.setViewport(requestedSize(), requestedRegion());
  }

  /** Fetches missing groups from the playhead on, and appends the audio of the fetched ones. */
  #fetchAhead(): void {
    const { asset, store } = this.#asset;
    if (this.#failed || this.#abort.signal.aborted) return;
    const { video, buffersAhead } = this.#options;
    const { currentTime } = video;
    const isPlaying = !video.paused || video.played.length > 0;
    const ahead = isPlaying || buffersAhead() ? FETCH_AHEAD_SECONDS : 0;
    const playingGroup = groupOfFrame(asset, frameAt(asset, currentTime));
    for (let group = playingGroup; group < asset.groups.length; group++) {
      const { start, end } = groupTimes(asset, group);
      if (start > currentTime + ahead) return;
      if (store.get(group) !== undefined) this.#appendAudio(group, start, end);
      else if (!store.isLoading(group)) {
        if (store.loadingCount >= MAX_REQUESTS) return;
        void this.#fetch(group, playingGroup);
      }
    }
  }

  async #fetch(group: number, playingGroup: number): Promise<void> {
    const { asset, store } = this.#asset;
    const { start, end } = groupTimes(asset, group);
    const startedAt = performance.now();
    try {
      const { packets } = await store.fetch(group, playingGroup);
      if (this.#failed || this.#abort.signal.aborted) return;
      this.#options.onSegment({
        index: group,
        start,
        duration: end - start,
        size: this.#options.requestedSize(),
        region: this.#options.requestedRegion(),
        bytes: packets.reduce((sum, packet) => sum + packet.length, asset.groups[group]!.size),
        seconds: (performance.now() - startedAt) / 1000,
      });
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#appendAudio(group, start, end);
    this.#fetchAhead();
    this.#scheduler?.tick();
  }

  /** Appends the audio of a group once, and again if the browser has evicted it since. */
  #appendAudio(group: number, start: number, end: number): void {
    const appender = this.#audioAppender;
    if (this.#appendedGroups.has(group) && (!appender.isIdle || appender.isBuffered(start, end))) return;
    this.#appendedGroups.add(group);
    const { audio, store } = this.#asset;
    appender.append(audio.createFragment(group, store.get(group)!.packets));
  }

  #fail(error: unknown): void {
    if (this.#failed || this.#abort.signal.aborted) return;
    this.#failed = true;
    if (error instanceof AssetReplacedError) this.#options.onVideoReplaced();
    else if (error instanceof PlayerError) this.#options.onError(error);
    else if (error instanceof SieddError) this.#options.onError(damagedVideo(error));
    else this.#options.onError(notPlayable(error));
  }
}
