import type { Region, TileAsset } from "../../codec/internal.js";
import { windowOf } from "../dom.js";
import { fullRegion, sameRegion } from "../geometry/region.js";
import { type Size, sameSize } from "../geometry/size.js";
import { type DecodeWorkers, GroupDecodeError } from "./decode-workers.js";
import { DroppedFrames } from "./dropped-frames.js";
import { countSamples, type DecodeQuality, type DynamicResolution } from "./dynamic-resolution.js";
import { type DecodedFrame, FrameStore } from "./frame-store.js";
import { frameAt, groupOfFrame } from "./timeline.js";

/** Limits of decoding ahead: seconds of video, and bytes of RGBA. */
const AHEAD_SECONDS = 1;
const AHEAD_BYTES = 96 * 1024 * 1024;
/** Frames to decode ahead of a paused video, so that it starts immediately. */
const PAUSED_AHEAD_FRAMES = 3;
/** Frames by which a decoded frame may be late and still be shown. */
const MAX_LATE_FRAMES = 12;

export interface FrameSchedulerOptions {
  readonly asset: TileAsset;
  readonly workers: DecodeWorkers;
  readonly resolution: DynamicResolution;
  /** The clock. */
  readonly video: HTMLVideoElement;
  readonly canvas: HTMLCanvasElement;
  /** Returns whether a group has been fetched. */
  hasGroup(group: number): boolean;
  /** A frame of another size or region than the previous one is on the canvas. */
  onPainted(frame: DecodedFrame): void;
  /** A group cannot be decoded and is skipped; the frame before it stays visible. */
  onGroupError(error: GroupDecodeError): void;
  /** Decoding has failed permanently. */
  onError(error: unknown): void;
  /** Too many frames are dropped. */
  onTooSlow(): void;
}

/** Decodes frames ahead of the clock and shows each at its time. Late frames are dropped. */
export class FrameScheduler {
  readonly #options: FrameSchedulerOptions;
  readonly #frames: FrameStore;
  readonly #context: CanvasRenderingContext2D;
  readonly #fullRegion: Region;
  readonly #droppedFrames: DroppedFrames;
  /** Frames being decoded, with the version they were started for. */
  readonly #inFlight = new Map<number, number>();
  readonly #failedGroups = new Set<number>();
  #size: Size | null = null;
  #region: Region;
  /** Counts changes of size or region. */
  #version = 0;
  /** Counts changes of the region only. */
  #regionVersion = 0;
  #painted: DecodedFrame | null = null;
  /** Id of the requested animation frame, or 0. */
  #animationFrame = 0;
  #destroyed = false;

  constructor(options: FrameSchedulerOptions) {
    this.#options = options;
    const { asset, canvas, workers } = options;
    this.#fullRegion = fullRegion(asset);
    this.#region = this.#fullRegion;
    this.#frames = new FrameStore((pixels) => workers.recycle(pixels));
    this.#context = canvas.getContext("2d", { alpha: false })!;
    this.#droppedFrames = new DroppedFrames(() => options.onTooSlow());
  }

  /** For `getVideoPlaybackQuality()`. */
  get playbackQuality(): { readonly total: number; readonly dropped: number } {
    return this.#droppedFrames;
  }

  /** The frame on the canvas; null before the first one. */
  get painted(): DecodedFrame | null {
    return this.#painted;
  }

  /**
   * Changes the size and region to decode, starting with the visible frame.
   *
   * @param region in source pixels; null is the full frame
   */
  setViewport(size: Size, region: Region | null): void {
    const newRegion = region ?? this.#fullRegion;
    const regionChanged = !sameRegion(newRegion, this.#region);
    this.#size = size;
    this.#region = newRegion;
    this.#version++;
    if (regionChanged) this.#regionVersion++;
    this.tick();
  }

  /** Called after a seek: skipped frames do not count as dropped. */
  onSeek(): void {
    this.#droppedFrames.resetClock();
    this.tick();
  }

  /** Shows the frame that is due and decodes the next ones. Call it whenever anything has changed. */
  tick(): void {
    if (this.#destroyed) return;
    const { asset, video } = this.#options;
    const current = frameAt(asset, video.currentTime);
    const playing = !video.paused && !video.ended;
    if (playing && !video.seeking && !video.ownerDocument.hidden) this.#droppedFrames.advanceTo(current);
    else this.#droppedFrames.resetClock();
    this.#paintDue(current, playing && !video.seeking);
    this.#decodeAhead(current, playing);
    if (playing && this.#animationFrame === 0) {
      this.#animationFrame = windowOf(video).requestAnimationFrame(() => {
        this.#animationFrame = 0;
        this.tick();
      });
    }
  }

  destroy(): void {
    this.#destroyed = true;
    cancelAnimationFrame(this.#animationFrame);
  }

  /** Paints the newest decoded frame up to `current`. */
  #paintDue(current: number, playing: boolean): void {
    const painted = this.#painted;
    const earliest = playing ? Math.max(0, current - MAX_LATE_FRAMES) : current;
    for (let index = current; index >= earliest; index--) {
      const frame = this.#frames.get(index);
      if (frame === painted && frame !== undefined) return;
      // A frame before the painted one, or one of a previous region, would jump back.
      const isOlder =
        painted !== null && playing && index < current && painted.index >= index && painted.index <= current;
      if (isOlder) return;
      if (frame === undefined || (painted !== null && frame.regionVersion < painted.regionVersion)) continue;
      this.#paint(frame);
      return;
    }
  }

  #paint(frame: DecodedFrame): void {
    const { canvas } = this.#options;
    const { width, height, pixels, region } = frame;
    const previous = this.#painted;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    this.#context.putImageData(new ImageData(pixels, width, height), 0, 0);
    this.#painted = frame;
    if (previous?.index !== frame.index) this.#droppedFrames.countShown();
    if (!sameSize(previous, frame) || previous?.region !== region) this.#options.onPainted(frame);
  }

  #decodeAhead(current: number, playing: boolean): void {
    const { asset, workers, resolution, video } = this.#options;
    if (this.#size === null || video.ownerDocument.hidden) return;
    const framesPerSecond = this.#framesPerSecond(playing);
    if (playing) resolution.adapt(this.#size, this.#region, framesPerSecond, workers.count);
    const quality = playing ? resolution.quality(this.#size) : { ...this.#size, draft: false };
    const maxFrames = Math.max(2, Math.floor(AHEAD_BYTES / (4 * quality.width * quality.height)));
    const aheadFrames = Math.max(2, Math.ceil(AHEAD_SECONDS * framesPerSecond));
    const count = Math.min(maxFrames, playing ? aheadFrames : PAUSED_AHEAD_FRAMES, asset.frameCount);
    this.#frames.evictOutside(current, Math.min(maxFrames, aheadFrames), asset.frameCount);
    const isLate = playing && this.#frames.get(current) === undefined && this.#painted !== null;
    const lead = isLate ? this.#leadFrames(quality, framesPerSecond, count) : 0;
    for (let i = Math.max(0, lead); i < count && workers.idleCount > 0; i++) {
      const next = current + i;
      if (next >= asset.frameCount && !video.loop) return;
      const index = next % asset.frameCount;
      const group = groupOfFrame(asset, index);
      if (this.#failedGroups.has(group) || this.#isDone(index, playing || i > 0)) continue;
      if (!this.#options.hasGroup(group)) return;
      void this.#decode(index, group, quality);
    }
  }

  #framesPerSecond(playing: boolean): number {
    const { asset, video } = this.#options;
    const { num, den } = asset.frameRate;
    return (num / den) * (playing ? video.playbackRate : 1) || 1;
  }

  /** Returns how many frames to skip when decoding is late: they would be due before their decoding finishes. */
  #leadFrames(quality: DecodeQuality, framesPerSecond: number, count: number): number {
    const samples = countSamples({ ...quality, region: this.#region });
    const seconds = this.#options.resolution.expectedSeconds(samples);
    return Math.min(count - 1, Math.ceil(seconds * framesPerSecond) - 1);
  }

  /** Returns whether a frame is decoded or being decoded. With `anySize`, a reduced resolution also counts. */
  #isDone(index: number, anySize: boolean): boolean {
    if (this.#inFlight.get(index) === this.#version) return true;
    const frame = this.#frames.get(index);
    if (frame?.version !== this.#version) return false;
    return anySize || (!frame.draft && sameSize(frame, this.#size));
  }

  async #decode(index: number, group: number, { width, height, draft }: DecodeQuality): Promise<void> {
    const { asset, workers, resolution } = this.#options;
    const [version, regionVersion, region] = [this.#version, this.#regionVersion, this.#region];
    const viewport = { region, width, height };
    const frame = index - asset.groups[group]!.firstFrame;
    this.#inFlight.set(index, version);
    try {
      const { pixels, seconds } = await workers.decode({ group, frame, viewport, draft });
      if (this.#destroyed) return;
      resolution.addSample(countSamples({ ...viewport, draft }), seconds);
      this.#frames.put({ index, width, height, region, draft, pixels, version, regionVersion });
    } catch (error) {
      if (this.#destroyed) return;
      if (!(error instanceof GroupDecodeError)) {
        this.#options.onError(error);
        return;
      }
      if (!this.#failedGroups.has(group)) this.#options.onGroupError(error);
      this.#failedGroups.add(group);
    } finally {
      if (this.#inFlight.get(index) === version) this.#inFlight.delete(index);
    }
    this.tick();
  }
}
