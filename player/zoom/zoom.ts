import {
  clampRegion,
  coversFrame,
  formatRegion,
  fullRegion,
  type Point,
  parseRegion,
  type Region,
  regionAround,
  regionCenter,
  regionContaining,
  resolveRegion,
  sameRegion,
  snapRegion,
  zoomAt,
  zoomFactor,
} from "../geometry/region.js";
import type { Size } from "../geometry/size.js";
import type { LoadedSegment } from "../hls/elastic-loader.js";
import { cssTransform, type Rect, shownRect, sourcePointAt, viewRect } from "./frame-transform.js";
import { type GestureTarget, watchGestures } from "./gestures.js";
import { ShownRegion } from "./shown-region.js";

/** What zooming needs of the shadow tree. */
export interface ZoomElements {
  /** Clips what is enlarged. */
  readonly frame: HTMLElement;
  readonly video: HTMLVideoElement;
  readonly held: HTMLCanvasElement;
  readonly drawn: HTMLElement;
}

export interface ZoomOptions {
  /** Another region is asked for; null is the whole picture. */
  onRegion(region: Region | null): void;
  /** What is looked at moves, as with a hand on it. */
  onView(): void;
}

/** Milliseconds of the glide to where a region settles; the style sheet's `data-gliding`. */
const GLIDE_MS = 180;
/** A drawn rectangle smaller than this many CSS pixels a side was a slip of the hand. */
const MIN_SELECTION_SIDE = 8;

/**
 * Which part of the picture is looked at. A change shows at once, by scaling what is there; the region is
 * asked for when it has settled, and takes over with its first frame.
 */
export class Zoom implements GestureTarget {
  /** Drags draw a rectangle, clicks zoom in. */
  zoomToolActive = false;
  readonly #elements: ZoomElements;
  readonly #options: ZoomOptions;
  readonly #shownRegion: ShownRegion;
  #box: Size = { width: 0, height: 0 };
  #videoSize: Size | null = null;
  #view: Region | null = null;
  #requestedRegion: Region | null = null;
  /** What the attributes say, until the video is known. */
  #initialRegion: string | null = null;
  #factor = 1;
  #glideTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(elements: ZoomElements, options: ZoomOptions) {
    this.#elements = elements;
    this.#options = options;
    this.#shownRegion = new ShownRegion(elements.video, elements.held, () => {
      this.#endGlide();
      this.#render();
    });
  }

  /** The region asked for, in whole source pixels; null is the whole picture. */
  get requestedRegion(): Region | null {
    return this.#requestedRegion;
  }
  /** The region on screen, in source pixels; null is the whole picture. */
  get shownRegion(): Region | null {
    return this.#shownRegion.region;
  }
  /** What is looked at, in source pixels; null before the video is known. */
  get view(): Region | null {
    return this.#videoSize === null ? null : (this.#view ?? fullRegion(this.#videoSize));
  }
  get videoSize(): Size | null {
    return this.#videoSize;
  }
  get zoomed(): boolean {
    return this.#view !== null;
  }
  get factor(): number {
    return this.#videoSize === null || this.#view === null
      ? this.#factor
      : zoomFactor(this.#view, this.#videoSize);
  }
  get regionText(): string {
    return this.#videoSize === null ? (this.#initialRegion ?? "full") : formatRegion(this.#requestedRegion);
  }
  get capturesWheel(): boolean {
    return this.zoomToolActive || this.zoomed || document.fullscreenElement !== null;
  }

  connect(signal: AbortSignal): void {
    const observer = new ResizeObserver((entries) => {
      const rect = entries.at(-1)?.contentRect;
      if (rect === undefined) return;
      this.#box = { width: rect.width, height: rect.height };
      this.#render();
    });
    observer.observe(this.#elements.frame);
    this.#shownRegion.connect(signal);
    watchGestures(this.#elements.frame, this, signal);
    signal.addEventListener(
      "abort",
      () => {
        observer.disconnect();
        this.#endGlide();
      },
      { once: true },
    );
  }

  /** Before another video: back to what the attributes say. */
  reset(text: string | null, factor: number): void {
    this.#videoSize = null;
    this.#view = null;
    this.#requestedRegion = null;
    this.#initialRegion = text;
    this.#factor = factor;
    this.#shownRegion.reset();
    this.#render();
  }

  setVideoSize(videoSize: Size): void {
    const first = this.#videoSize === null;
    this.#videoSize = videoSize;
    if (!first) return;
    const text = parseRegion(this.#initialRegion);
    const region = text ? resolveRegion(text, videoSize) : null;
    if (region !== null) this.setView(region, false);
    else if (this.#factor > 1) this.zoomTo(this.#factor);
  }

  addSegment(segment: LoadedSegment): void {
    this.#shownRegion.addSegment(segment);
  }

  /** A picture of this region was painted over the video. */
  onFramePainted(region: Region): void {
    const whole = this.#videoSize === null || coversFrame(region, this.#videoSize);
    this.#shownRegion.onFramePainted(whole ? null : region);
  }

  /** Keeps the frame on screen while another playlist is loaded. */
  holdFrame(): void {
    this.#shownRegion.hold();
  }

  /** Looks at exactly this region, in whole source pixels; null is the whole picture. */
  setView(region: Region | null, glide = true): void {
    if (this.#videoSize === null) return;
    const view =
      region === null || coversFrame(region, this.#videoSize) ? null : clampRegion(region, this.#videoSize);
    this.#view = view;
    if (glide) this.#startGlide();
    this.#render();
    this.#requestRegion(view);
  }

  /** A region as written: `full`, `x,y,w,h` or `pct:x,y,w,h`. False where it is none of these. */
  setRegionText(text: string | null): boolean {
    const parsed = parseRegion(text);
    if (parsed === undefined) return false;
    this.#initialRegion = text;
    if (this.#videoSize !== null)
      this.setView(parsed === null ? null : resolveRegion(parsed, this.#videoSize));
    return true;
  }

  /** Enlarges this many times around the middle of what is looked at. */
  zoomTo(factor: number): void {
    this.#factor = Math.max(1, factor);
    const view = this.view;
    if (this.#videoSize === null || view === null) return;
    const { x, y, width, height } = regionAround(regionCenter(view), factor, this.#videoSize);
    this.setView({
      x: Math.round(x),
      y: Math.round(y),
      width: Math.round(width),
      height: Math.round(height),
    });
  }

  /** By keys: a step in or out of the middle. */
  zoomStep(factor: number): void {
    const { width, height } = this.#box;
    this.zoomBy(factor, { x: width / 2, y: height / 2 }, true);
    this.settle();
  }

  /** By keys: shares of what is looked at. */
  panByShare(across: number, down: number): void {
    const view = this.view;
    if (view === null || !this.zoomed) return;
    this.#move({ ...view, x: view.x + across * view.width, y: view.y + down * view.height }, true);
    this.settle();
  }

  zoomBy(factor: number, at: Point, glide = false): void {
    const view = this.view;
    if (this.#videoSize === null || view === null) return;
    this.#move(zoomAt(view, factor, sourcePointAt(this.#box, view, at), this.#videoSize), glide);
  }

  panBy(dx: number, dy: number): void {
    const view = this.view;
    if (view === null || !this.zoomed) return;
    const place = viewRect(this.#box, view);
    const across = view.width / place.width;
    const down = view.height / place.height;
    this.#move({ ...view, x: view.x - dx * across, y: view.y - dy * down });
  }

  drawSelection(rectangle: Rect | null): void {
    const { drawn } = this.#elements;
    drawn.hidden = rectangle === null;
    if (rectangle === null) return;
    for (const [side, length] of Object.entries(rectangle)) drawn.style.setProperty(side, `${length}px`);
  }

  zoomToSelection({ left, top, width, height }: Rect): void {
    const view = this.view;
    if (this.#videoSize === null || view === null || Math.max(width, height) < MIN_SELECTION_SIDE) return;
    const from = sourcePointAt(this.#box, view, { x: left, y: top });
    const to = sourcePointAt(this.#box, view, { x: left + width, y: top + height });
    const rectangle = { x: from.x, y: from.y, width: to.x - from.x, height: to.y - from.y };
    this.#move(regionContaining(rectangle, this.#videoSize), true);
  }

  /** The center of what is looked at goes there, in source pixels: from the minimap. */
  centerOn(point: Point): void {
    const view = this.view;
    if (view === null || !this.zoomed) return;
    this.#move({ ...view, x: point.x - view.width / 2, y: point.y - view.height / 2 });
  }

  settle(): void {
    if (this.#videoSize === null) return;
    if (this.#view === null) this.#requestRegion(null);
    else if (!sameRegion(this.#view, this.#requestedRegion))
      this.setView(snapRegion(this.#view, this.#videoSize));
  }

  #move(view: Region, glide = false): void {
    const videoSize = this.#videoSize;
    if (videoSize === null) return;
    const clamped = clampRegion(view, videoSize);
    // A hair's breadth from the whole picture is the whole picture.
    this.#view = zoomFactor(clamped, videoSize) < 1.02 ? null : clamped;
    if (glide) this.#startGlide();
    else this.#endGlide();
    this.#render();
  }

  #requestRegion(region: Region | null): void {
    this.#factor = this.#videoSize === null || region === null ? 1 : zoomFactor(region, this.#videoSize);
    if (sameRegion(region, this.#requestedRegion)) return;
    this.#requestedRegion = region;
    this.#options.onRegion(region);
  }

  #startGlide(): void {
    clearTimeout(this.#glideTimer);
    this.#elements.frame.dataset.gliding = "";
    this.#glideTimer = setTimeout(() => this.#endGlide(), GLIDE_MS);
  }

  #endGlide(): void {
    clearTimeout(this.#glideTimer);
    delete this.#elements.frame.dataset.gliding;
  }

  #render(): void {
    const { frame, video, held } = this.#elements;
    const [videoSize, box, view] = [this.#videoSize, this.#box, this.view];
    const plain =
      this.#view === null &&
      this.#shownRegion.region === null &&
      (held.hidden || this.#shownRegion.heldRegion === null);
    frame.toggleAttribute("data-zoomed", !plain);
    if (plain || videoSize === null || view === null || box.width === 0) {
      for (const element of [video, held]) element.style.removeProperty("transform");
      frame.style.removeProperty("clip-path");
    } else {
      const place = (region: Region | null) =>
        cssTransform(box, shownRect(box, view, region ?? fullRegion(videoSize)));
      video.style.transform = place(this.#shownRegion.region);
      held.style.transform = place(this.#shownRegion.heldRegion);
      // Beyond what is looked at there would be more picture for a moment, where the frame has bars.
      const { left, top } = viewRect(box, view);
      frame.style.clipPath = left === 0 && top === 0 ? "none" : `inset(${top}px ${left}px)`;
    }
    this.#options.onView();
  }
}
