import type { Region, TileAsset } from "../../codec/internal.js";
import type { Size } from "../geometry/size.js";
import { type DecodeWorkers, GroupFailure } from "./decode-workers.js";
import { DroppedFrames } from "./dropped-frames.js";
import { type DecodeQuality, type DynamicResolution, samplesOf } from "./dynamic-resolution.js";
import { type Frame, FrameStore } from "./frame-store.js";
import { frameAt, groupOfFrame } from "./timeline.js";

/** Decoded ahead at most: seconds, and bytes. */
const AHEAD_SECONDS = 1;
const AHEAD_BYTES = 96 * 1024 * 1024;
/** Frames decoded ahead of a video that rests, so that it starts at once. */
const AHEAD_RESTING = 3;
/** Frames by which a picture may be late and still be shown. */
const LATE_FRAMES = 12;

export interface FrameSchedulerOptions {
  readonly asset: TileAsset;
  readonly decoders: DecodeWorkers;
  readonly video: HTMLVideoElement;
  readonly canvas: HTMLCanvasElement;
  readonly pace: DynamicResolution;
  hasGroup(group: number): boolean;
  /** A picture of another size or region than the last one is on the canvas. */
  onPainted(frame: Frame): void;
  /** A group cannot be decoded; the picture before it stays. */
  onGroupFailure(failure: GroupFailure): void;
  /** Nothing can be decoded any more. */
  onFailure(error: unknown): void;
  /** Too many frames are not shown. */
  onStruggle(): void;
}

/** Decodes ahead of the clock and shows each picture at its time; what comes too late is left out. */
export class FrameScheduler {
  readonly #options: FrameSchedulerOptions;
  readonly #frames: FrameStore;
  readonly #context: CanvasRenderingContext2D;
  readonly #whole: Region;
  readonly #tally: DroppedFrames;
  /** Frames being decoded, with the version that was asked for. */
  readonly #decoding = new Map<number, number>();
  readonly #failed = new Set<number>();
  #size: Size | null = null;
  #region: Region;
  #version = 0;
  #view = 0;
  #painted: Frame | null = null;
  #tick = 0;
  #ended = false;

  constructor(options: FrameSchedulerOptions) {
    this.#options = options;
    const { asset, canvas, decoders } = options;
    this.#whole = { x: 0, y: 0, width: asset.width, height: asset.height };
    this.#region = this.#whole;
    this.#frames = new FrameStore((pixels) => decoders.recycle(pixels));
    this.#context = canvas.getContext("2d", { alpha: false })!;
    this.#tally = new DroppedFrames(() => options.onStruggle());
  }

  get quality(): { readonly total: number; readonly dropped: number } {
    return this.#tally;
  }

  /** What is on the canvas; null before the first picture. */
  get painted(): Frame | null {
    return this.#painted;
  }

  /** Other pixels are wanted from now on: the frame on screen first. null is the whole picture. */
  ask(size: Size, region: Region | null): void {
    const next = region ?? this.#whole;
    const { x, y, width, height } = this.#region;
    const moved = next.x !== x || next.y !== y || next.width !== width || next.height !== height;
    this.#size = size;
    this.#region = next;
    this.#version++;
    if (moved) this.#view++;
    this.advance();
  }

  /** The clock was set: what lies between is not missed. */
  jump(): void {
    this.#tally.rest();
    this.advance();
  }

  /** Shows what is due and decodes what comes next; to be called whenever something has changed. */
  advance(): void {
    if (this.#ended) return;
    const { asset, video } = this.#options;
    const now = frameAt(asset, video.currentTime);
    const playing = !video.paused && !video.ended;
    if (playing && !video.seeking && !document.hidden) this.#tally.pass(now);
    else this.#tally.rest();
    this.#show(now, playing && !video.seeking);
    this.#decodeAhead(now, playing);
    if (playing && this.#tick === 0) {
      this.#tick = requestAnimationFrame(() => {
        this.#tick = 0;
        this.advance();
      });
    }
  }

  destroy(): void {
    this.#ended = true;
    cancelAnimationFrame(this.#tick);
  }

  #show(now: number, playing: boolean): void {
    const painted = this.#painted;
    const earliest = playing ? Math.max(0, now - LATE_FRAMES) : now;
    for (let index = now; index >= earliest; index--) {
      const frame = this.#frames.get(index);
      if (frame === painted && frame !== undefined) return;
      // A picture behind the one on screen, or of a region that is not looked at any more, would jump back.
      const older =
        painted !== null && playing && index < now && painted.index >= index && painted.index <= now;
      if (older) return;
      if (frame === undefined || (painted !== null && frame.view < painted.view)) continue;
      this.#paint(frame);
      return;
    }
  }

  #paint(frame: Frame): void {
    const { canvas } = this.#options;
    const { width, height, pixels, region } = frame;
    const before = this.#painted;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    this.#context.putImageData(new ImageData(pixels, width, height), 0, 0);
    this.#painted = frame;
    if (before?.index !== frame.index) this.#tally.show();
    if (before?.width !== width || before.height !== height || before.region !== region)
      this.#options.onPainted(frame);
  }

  #decodeAhead(now: number, playing: boolean): void {
    const { asset, decoders, pace, video } = this.#options;
    if (this.#size === null || document.hidden) return;
    const { num, den } = asset.frameRate;
    const framesPerSecond = (num / den) * (playing ? video.playbackRate : 1) || 1;
    if (playing) pace.adapt(this.#size, this.#region, framesPerSecond, decoders.count);
    const effort = playing ? pace.effort(this.#size) : { ...this.#size, draft: false };
    const room = Math.max(2, Math.floor(AHEAD_BYTES / (4 * effort.width * effort.height)));
    const ahead = playing ? Math.max(2, Math.ceil(AHEAD_SECONDS * framesPerSecond)) : AHEAD_RESTING;
    const count = Math.min(room, ahead, asset.frameCount);
    this.#frames.keep(
      now,
      Math.min(room, Math.max(2, Math.ceil(AHEAD_SECONDS * framesPerSecond))),
      asset.frameCount,
    );
    // A picture that is begun now is there so many frames later.
    const late = playing && this.#frames.get(now) === undefined && this.#painted !== null;
    const lead = late
      ? Math.min(
          count - 1,
          Math.ceil(pace.expected(samplesOf({ ...effort, region: this.#region })) * framesPerSecond) - 1,
        )
      : 0;
    for (let i = Math.max(0, lead); i < count && decoders.idle > 0; i++) {
      const next = now + i;
      if (next >= asset.frameCount && !video.loop) return;
      const index = next % asset.frameCount;
      const group = groupOfFrame(asset, index);
      if (this.#failed.has(group) || this.#isDone(index, playing || i > 0)) continue;
      if (!this.#options.hasGroup(group)) return;
      void this.#decode(index, group, effort);
    }
  }

  #isDone(index: number, anySize: boolean): boolean {
    if (this.#decoding.get(index) === this.#version) return true;
    const frame = this.#frames.get(index);
    if (frame?.version !== this.#version) return false;
    return (
      anySize || (!frame.draft && frame.width === this.#size?.width && frame.height === this.#size.height)
    );
  }

  async #decode(index: number, group: number, { width, height, draft }: DecodeQuality): Promise<void> {
    const { asset, decoders, pace } = this.#options;
    const [version, view, region] = [this.#version, this.#view, this.#region];
    const frame = index - asset.groups[group]!.firstFrame;
    this.#decoding.set(index, version);
    try {
      const { pixels, seconds } = await decoders.decode({
        group,
        frame,
        request: { region, width, height },
        draft,
      });
      if (this.#ended) return;
      pace.add(samplesOf({ region, width, height, draft }), seconds);
      this.#frames.put({ index, width, height, region, draft, pixels, version, view });
    } catch (error) {
      if (this.#ended) return;
      if (!(error instanceof GroupFailure)) {
        this.#options.onFailure(error);
        return;
      }
      if (!this.#failed.has(group)) this.#options.onGroupFailure(error);
      this.#failed.add(group);
    } finally {
      if (this.#decoding.get(index) === version) this.#decoding.delete(index);
    }
    this.advance();
  }
}
