import { type Region, sameRegion } from "../geometry/region.js";
import type { LoadedSegment } from "../playback/segment.js";

/** Seconds before a change of region from which each frame is held, in case the next one is not reported in time. */
const HOLD_LEAD_SECONDS = 0.2;
/** Rounding may place a frame's timestamp up to this many seconds before its segment. */
const TIMESTAMP_TOLERANCE_SECONDS = 0.006;

/** Calls `onFrame` with the media time, in seconds, of each presented frame until the signal aborts. */
function watchFrames(video: HTMLVideoElement, onFrame: (time: number) => void, signal: AbortSignal): void {
  if (!("requestVideoFrameCallback" in video)) {
    const element = video as HTMLVideoElement;
    for (const type of ["timeupdate", "seeked", "loadeddata"])
      element.addEventListener(type, () => onFrame(element.currentTime), { signal });
    return;
  }
  let handle = 0;
  const request = () => {
    handle = video.requestVideoFrameCallback((_now, { mediaTime }) => {
      request();
      onFrame(mediaTime);
    });
  };
  request();
  signal.addEventListener("abort", () => video.cancelVideoFrameCallback(handle), { once: true });
}

/**
 * Tracks which region the frame on screen shows, from its timestamp and the loaded segments. At a change of region, the
 * last frame of the old one stays on a canvas until the first frame of the new one has been presented. So no frame is
 * ever drawn in the wrong place.
 */
export class ShownRegion {
  readonly #video: HTMLVideoElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #onChange: () => void;
  readonly #segments = new Map<number, LoadedSegment>();
  #region: Region | null = null;
  #heldRegion: Region | null = null;
  /** Whether the frame on screen was drawn on another canvas, not by the video. */
  #framePainted = false;

  constructor(video: HTMLVideoElement, canvas: HTMLCanvasElement, onChange: () => void) {
    this.#video = video;
    this.#canvas = canvas;
    this.#onChange = onChange;
    canvas.hidden = true;
  }

  /** The region that the video shows; null is the full frame. */
  get region(): Region | null {
    return this.#region;
  }
  /** The region that the canvas shows; null is the full frame. */
  get heldRegion(): Region | null {
    return this.#heldRegion;
  }

  connect(signal: AbortSignal): void {
    watchFrames(this.#video, (time) => this.#onFrame(time), signal);
    this.#video.addEventListener("seeking", () => this.#holdIfRegionsDiffer(), { signal });
    this.#video.addEventListener("emptied", () => this.#segments.clear(), { signal });
    signal.addEventListener("abort", () => this.reset(), { once: true });
  }

  /** Discards everything known of the current video. */
  reset(): void {
    this.#segments.clear();
    this.#region = null;
    this.#framePainted = false;
    this.release();
  }

  addSegment(segment: LoadedSegment): void {
    this.#segments.set(segment.index, segment);
  }

  /** Called when a frame of this region was drawn over the video, which has no frames itself. */
  onFramePainted(region: Region | null): void {
    this.#framePainted = true;
    const changed = !sameRegion(region, this.#region);
    this.#region = region;
    this.release();
    if (changed) this.#onChange();
  }

  /** Keeps the current frame on screen until the next one is presented. */
  hold(): void {
    const { videoWidth, videoHeight, readyState } = this.#video;
    if (this.#framePainted || readyState < HTMLMediaElement.HAVE_CURRENT_DATA || videoWidth === 0) return;
    const canvas = this.#canvas;
    if (canvas.width !== videoWidth) canvas.width = videoWidth;
    if (canvas.height !== videoHeight) canvas.height = videoHeight;
    canvas.getContext("2d")?.drawImage(this.#video, 0, 0);
    this.#heldRegion = this.#region;
    if (canvas.hidden) {
      canvas.hidden = false;
      this.#onChange();
    }
  }

  release(): void {
    if (this.#canvas.hidden) return;
    this.#canvas.hidden = true;
    this.#onChange();
  }

  #holdIfRegionsDiffer(): void {
    const differ = [...this.#segments.values()].some(({ region }) => !sameRegion(region, this.#region));
    // A visible canvas already has the last frame whose region is known.
    if (differ && this.#canvas.hidden) this.hold();
  }

  #onFrame(mediaTime: number): void {
    this.#framePainted = false;
    const time = mediaTime + TIMESTAMP_TOLERANCE_SECONDS;
    const segment = [...this.#segments.values()].find(
      ({ start, duration }) => start <= time && time < start + duration,
    );
    if (segment !== undefined && !sameRegion(segment.region, this.#region)) {
      this.#region = segment.region;
      this.#onChange();
    }
    this.release();
    if (segment === undefined) return;
    const next = this.#segments.get(segment.index + 1);
    const remaining = segment.start + segment.duration - mediaTime;
    const endsSoon = remaining < HOLD_LEAD_SECONDS * this.#video.playbackRate;
    if (endsSoon && next !== undefined && !sameRegion(next.region, segment.region)) this.hold();
  }
}
