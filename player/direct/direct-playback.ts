import { SieddError } from "../../codec/errors.js";
import type { SizeChange } from "../abr/requested-size.js";
import { cannotDecode, damagedVideo, notPlayable, PlayerError } from "../errors.js";
import type { Playback, PlaybackOptions } from "../playback/transport.js";
import { type CanvasOverlay, canvasOverlay } from "./canvas-overlay.js";
import { type DecodeBackend, openBackend } from "./choose-backend.js";
import { FrameScheduler } from "./frame-scheduler.js";
import { canFeed, MediaFeed } from "./media-feed.js";
import type { DirectAsset } from "./open-asset.js";
import { AssetReplacedError } from "./range-source.js";
import { frameAt, groupOfFrame, timesOfGroup } from "./timeline.js";

/** Seconds fetched ahead, coded. */
const AHEAD_SECONDS = 8;
/** Requests at a time. */
const MAX_REQUESTS = 2;

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

export interface DirectOptions extends PlaybackOptions {
  /** The machine is too slow for this video. */
  onStruggle?(): void;
}

/**
 * Plays an asset where it lies: groups come by Range, are decoded here and painted on a canvas over the video, which
 * plays the sound and so is the clock. Sound is fed as far as groups have come: what the video says of its buffer, of
 * waiting and of its end holds for the picture too.
 */
export class DirectPlayback implements Playback {
  readonly transport = "direct";
  readonly hls = null;
  readonly #options: DirectOptions;
  readonly #asset: DirectAsset;
  readonly #life = new AbortController();
  readonly #feed: MediaFeed;
  readonly #canvas = document.createElement("canvas");
  readonly #fed = new Set<number>();
  readonly #standIn: CanvasOverlay;
  #workshop: DecodeBackend | null = null;
  #scheduler: FrameScheduler | null = null;
  /** Told once: what has failed neither fetches nor feeds any more. */
  #failed = false;

  /** Throws PlayerError `not-supported` where there is no media source for AAC. */
  constructor(options: DirectOptions, opened: DirectAsset, workshop: DecodeBackend | null = null) {
    const { video, startAt } = options;
    const { asset, audio } = opened;
    this.#options = options;
    this.#asset = opened;
    if (!canFeed(audio.type)) throw cannotDecode();
    this.#standIn = canvasOverlay(video, this.#canvas, {
      size: () => this.#scheduler?.painted ?? { width: 0, height: 0 },
      quality: () => this.#scheduler?.quality ?? { total: 0, dropped: 0 },
    });
    const { type, init, delay } = audio;
    const onError = (error: Error) => this.#fail(error);
    this.#feed = new MediaFeed(video, { type, init, delay, duration: asset.duration, onError });
    if (startAt > 0) video.currentTime = startAt;
    const { signal } = this.#life;
    for (const event of EVENTS) {
      const handle = () => {
        this.#fetchAhead();
        if (event === "seeking") this.#scheduler?.jump();
        else this.#scheduler?.advance();
      };
      video.addEventListener(event, handle, { signal });
    }
    document.addEventListener("visibilitychange", () => this.#scheduler?.advance(), { signal });
    this.#fetchAhead();
    if (workshop === null) void this.#openWorkshop();
    else this.#show(workshop);
  }

  /** Nothing is fetched: all that is wanted lies here already. */
  onSizeChange({ size, region }: SizeChange): void {
    this.#scheduler?.ask(size, region);
  }

  destroy(): void {
    this.release();
    this.#canvas.remove();
  }

  /** Ends everything but the last picture, which covers the video until the canvas is removed. */
  release(): HTMLCanvasElement {
    this.#life.abort();
    this.#scheduler?.destroy();
    this.#workshop?.decoders.destroy();
    this.#asset.close();
    this.#feed.destroy();
    this.#standIn.withdraw();
    return this.#canvas;
  }

  async #openWorkshop(): Promise<void> {
    const { signal } = this.#life;
    try {
      const workshop = await openBackend(this.#asset, signal);
      if (signal.aborted) workshop.decoders.destroy();
      else this.#show(workshop);
    } catch (error) {
      this.#fail(error);
    }
  }

  #show(workshop: DecodeBackend): void {
    const { video, wantedSize, wantedRegion } = this.#options;
    const { asset, store } = this.#asset;
    this.#workshop = workshop;
    this.#scheduler = new FrameScheduler({
      asset,
      ...workshop,
      video,
      canvas: this.#canvas,
      hasGroup: (group) => store.get(group) !== undefined,
      onPainted: ({ region }) => {
        this.#options.onPainted?.(region);
        this.#standIn.show();
        video.dispatchEvent(new Event("resize"));
      },
      onGroupFailure: ({ group, message }) =>
        console.warn(`<siedd-player>: ${message}; group ${group} is left out.`),
      onFailure: (error) => this.#fail(error),
      onStruggle: () => this.#options.onStruggle?.(),
    });
    this.#scheduler.ask(wantedSize(), wantedRegion());
  }

  /** Fetches what is missing from the clock on, and feeds the sound of what is there. */
  #fetchAhead(): void {
    const { video } = this.#options;
    const { asset, store } = this.#asset;
    if (this.#failed || this.#life.signal.aborted) return;
    const { currentTime } = video;
    const playing = groupOfFrame(asset, frameAt(asset, currentTime));
    for (let group = playing; group < asset.groups.length; group++) {
      const { start, end } = timesOfGroup(asset, group);
      if (start > currentTime + AHEAD_SECONDS) return;
      if (store.get(group) !== undefined) this.#feedAudio(group, start, end);
      else if (!store.isComing(group)) {
        if (store.fetching >= MAX_REQUESTS) return;
        void this.#fetch(group, playing);
      }
    }
  }

  async #fetch(group: number, playing: number): Promise<void> {
    const { asset, store } = this.#asset;
    const { start, end } = timesOfGroup(asset, group);
    const began = performance.now();
    try {
      const { payload, packets } = await store.fetch(group, playing);
      if (this.#failed || this.#life.signal.aborted) return;
      this.#options.onSegment({
        index: group,
        start,
        duration: end - start,
        size: this.#options.wantedSize(),
        region: this.#options.wantedRegion(),
        bytes: packets.reduce((sum, packet) => sum + packet.length, payload.length),
        seconds: (performance.now() - began) / 1000,
      });
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#feedAudio(group, start, end);
    this.#fetchAhead();
    this.#scheduler?.advance();
  }

  /** Once; and again where the browser has thrown it away since. */
  #feedAudio(group: number, start: number, end: number): void {
    if (this.#fed.has(group) && (!this.#feed.settled || this.#feed.holds(start, end))) return;
    this.#fed.add(group);
    const { audio, store } = this.#asset;
    this.#feed.append(audio.fragment(group, store.get(group)!.packets));
  }

  #fail(error: unknown): void {
    if (this.#failed || this.#life.signal.aborted) return;
    this.#failed = true;
    if (error instanceof AssetReplacedError) this.#options.onStale();
    else if (error instanceof PlayerError) this.#options.onError(error);
    else if (error instanceof SieddError) this.#options.onError(damagedVideo(error));
    else this.#options.onError(notPlayable(error));
  }
}
