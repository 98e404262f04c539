import { type Region, sameRegion } from "../geometry/region.js";
import type { LoadedSegment } from "../hls/elastic-loader.js";

/** Seconds before a change of region from which on each frame is held, in case the next is not told in time. */
const HOLD_LEAD_SECONDS = 0.2;
/** A frame's time may be this much before the start of its segment, in seconds: a rounded time stamp. */
const TIMESTAMP_TOLERANCE_SECONDS = 0.006;

/** Calls for each frame that is presented, with its time in the video in seconds, until the signal aborts. */
function watchFrames(video: HTMLVideoElement, onFrame: (time: number) => void, signal: AbortSignal): void {
  if (!("requestVideoFrameCallback" in video)) {
    const tell = () => onFrame((video as HTMLVideoElement).currentTime);
    for (const type of ["timeupdate", "seeked", "loadeddata"])
      (video as HTMLVideoElement).addEventListener(type, tell, { signal });
    return;
  }
  let handle = 0;
  const next = () => {
    handle = video.requestVideoFrameCallback((_now, { mediaTime }) => {
      next();
      onFrame(mediaTime);
    });
  };
  next();
  signal.addEventListener("abort", () => video.cancelVideoFrameCallback(handle), { once: true });
}

/**
 * Which part of the picture the frame on screen shows: known from the frame's time and the segments as they
 * came. Over a change of region the last frame of the old one is held on a canvas until the first of the new
 * one is known to be there, so that no frame is ever seen in a place that is not its own.
 */
export class ShownRegion {
  readonly #video: HTMLVideoElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #onChange: () => void;
  readonly #segments = new Map<number, LoadedSegment>();
  #region: Region | null = null;
  #heldRegion: Region | null = null;
  /** The picture is not the video's. */
  #framePainted = false;

  constructor(video: HTMLVideoElement, canvas: HTMLCanvasElement, onChange: () => void) {
    this.#video = video;
    this.#canvas = canvas;
    this.#onChange = onChange;
    canvas.hidden = true;
  }

  /** What the video shows; null is the whole picture. */
  get region(): Region | null {
    return this.#region;
  }
  /** What the canvas shows. */
  get heldRegion(): Region | null {
    return this.#heldRegion;
  }

  connect(signal: AbortSignal): void {
    watchFrames(this.#video, (time) => this.#onFrame(time), signal);
    const listen = (type: string, handle: () => void) =>
      this.#video.addEventListener(type, handle, { signal });
    listen("seeking", () => this.#holdIfRegions());
    listen("emptied", () => this.#segments.clear());
    signal.addEventListener("abort", () => this.reset(), { once: true });
  }

  /** Another video: nothing is held of the old one. */
  reset(): void {
    this.#segments.clear();
    this.#region = null;
    this.#framePainted = false;
    this.release();
  }

  addSegment(segment: LoadedSegment): void {
    this.#segments.set(segment.index, segment);
  }

  /** A picture of this region has been painted over the video, which has none itself. */
  onFramePainted(region: Region | null): void {
    this.#framePainted = true;
    const changes = !sameRegion(region, this.#region);
    this.#region = region;
    this.release();
    if (changes) this.#onChange();
  }

  /** Holds the frame on screen until the next one is presented. */
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

  #holdIfRegions(): void {
    const regions = [...this.#segments.values()].some(({ region }) => !sameRegion(region, this.#region));
    // While held, the canvas has the last frame whose place is known.
    if (regions && this.#canvas.hidden) this.hold();
  }

  #onFrame(time: number): void {
    this.#framePainted = false;
    const at = time + TIMESTAMP_TOLERANCE_SECONDS;
    const covers = ({ start, duration }: LoadedSegment) => start <= at && at < start + duration;
    const segment = [...this.#segments.values()].find(covers);
    if (segment !== undefined && !sameRegion(segment.region, this.#region)) {
      this.#region = segment.region;
      this.#onChange();
    }
    this.release();
    if (segment === undefined) return;
    const next = this.#segments.get(segment.index + 1);
    const soon = segment.start + segment.duration - time < HOLD_LEAD_SECONDS * this.#video.playbackRate;
    if (soon && next !== undefined && !sameRegion(next.region, segment.region)) this.hold();
  }
}
