import { windowOf } from "../dom.js";
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
import type { LoadedSegment } from "../playback/segment.js";
import { type Rect, sourcePointAt, viewRect } from "./frame-transform.js";
import { type GestureTarget, watchGestures } from "./gestures.js";
import { renderView, type ViewElements } from "./render-view.js";
import { ShownRegion } from "./shown-region.js";

/** The elements of the shadow tree that the zoom uses. */
export interface ZoomElements extends ViewElements {
  readonly selection: HTMLElement;
}

export interface ZoomOptions {
  /** The requested region has changed; null is the full frame. */
  onRegion(region: Region | null): void;
  /** The view has changed, also during a gesture. */
  onView(): void;
}

/** Duration of the animation to a snapped region; the same as that of `data-gliding` in the style sheet. */
const GLIDE_MS = 180;
/** Smaller selections, in CSS pixels, are ignored as accidental. */
const MIN_SELECTION_SIDE = 8;
/** A smaller zoom factor counts as the full frame. */
const MIN_ZOOM = 1.02;

/**
 * Controls which region of the frame is visible. A change scales the current frame at once. The region is requested
 * when the gesture ends, and replaces the scaled frame once its first frame is presented.
 */
export class Zoom implements GestureTarget {
  /** Whether drags draw a selection and clicks zoom in. */
  zoomToolActive = false;
  readonly #elements: ZoomElements;
  readonly #options: ZoomOptions;
  readonly #shownRegion: ShownRegion;
  #box: Size = { width: 0, height: 0 };
  #videoSize: Size | null = null;
  #view: Region | null = null;
  #requestedRegion: Region | null = null;
  /** The `region` attribute, until the size of the video is known. */
  #initialRegion: string | null = null;
  #factor = 1;
  #glideTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(elements: ZoomElements, options: ZoomOptions) {
    this.#elements = elements;
    this.#options = options;
    this.#shownRegion = new ShownRegion(elements.video, elements.heldFrame, () => {
      this.#endGlide();
      this.#render();
    });
  }

  /** The requested region in integer source pixels; null is the full frame. */
  get requestedRegion(): Region | null {
    return this.#requestedRegion;
  }
  /** The region of the frame on screen in source pixels; null is the full frame. */
  get shownRegion(): Region | null {
    return this.#shownRegion.region;
  }
  /** The visible region in source pixels; null before the size of the video is known. */
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
    return (
      this.zoomToolActive || this.zoomed || this.#elements.video.ownerDocument.fullscreenElement !== null
    );
  }

  connect(signal: AbortSignal): void {
    const observer = new (windowOf(this.#elements.video).ResizeObserver)((entries) => {
      const rect = entries.at(-1)?.contentRect;
      if (rect === undefined) return;
      this.#box = { width: rect.width, height: rect.height };
      this.#render();
    });
    observer.observe(this.#elements.videoContainer);
    this.#shownRegion.connect(signal);
    watchGestures(this.#elements.videoContainer, this, signal);
    signal.addEventListener(
      "abort",
      () => {
        observer.disconnect();
        this.#endGlide();
      },
      { once: true },
    );
  }

  /** Prepares for another video, with the values of the `region` and `zoom` attributes. */
  reset(regionText: string | null, factor: number): void {
    this.#videoSize = null;
    this.#view = null;
    this.#requestedRegion = null;
    this.#initialRegion = regionText;
    this.#factor = factor;
    this.#shownRegion.reset();
    this.#render();
  }

  /** Sets the size of the video in source pixels. The first call applies the initial region or zoom factor. */
  setVideoSize(videoSize: Size): void {
    const isFirst = this.#videoSize === null;
    this.#videoSize = videoSize;
    if (!isFirst) return;
    const parsed = parseRegion(this.#initialRegion);
    const region = parsed ? resolveRegion(parsed, videoSize) : null;
    if (region !== null) this.setView(region, false);
    else if (this.#factor > 1) this.zoomTo(this.#factor);
  }

  addSegment(segment: LoadedSegment): void {
    this.#shownRegion.addSegment(segment);
  }

  /** Called when a frame of this region was drawn over the video. */
  onFramePainted(region: Region): void {
    const full = this.#videoSize === null || coversFrame(region, this.#videoSize);
    this.#shownRegion.onFramePainted(full ? null : region);
  }

  /** Keeps the current frame on screen while another playlist loads. */
  holdFrame(): void {
    this.#shownRegion.hold();
  }

  /** Shows and requests exactly this region, in integer source pixels; null is the full frame. */
  setView(region: Region | null, animate = true): void {
    if (this.#videoSize === null) return;
    const full = region === null || coversFrame(region, this.#videoSize);
    const view = full ? null : clampRegion(region, this.#videoSize);
    this.#view = view;
    if (animate) this.#startGlide();
    this.#render();
    this.#requestRegion(view);
  }

  /**
   * Sets the view from `full`, `x,y,w,h` or `pct:x,y,w,h`.
   *
   * @returns false if the text is not a region
   */
  setRegionText(text: string | null): boolean {
    const parsed = parseRegion(text);
    if (parsed === undefined) return false;
    this.#initialRegion = text;
    if (this.#videoSize !== null)
      this.setView(parsed === null ? null : resolveRegion(parsed, this.#videoSize));
    return true;
  }

  /** Sets the zoom factor and keeps the center of the view. */
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

  /** Zooms in or out of the center by a factor, for a key press. */
  zoomStep(factor: number): void {
    const { width, height } = this.#box;
    this.zoomBy(factor, { x: width / 2, y: height / 2 }, true);
    this.onGestureEnd();
  }

  /** Pans by fractions of the view, for a key press. */
  panByFraction(dx: number, dy: number): void {
    const view = this.view;
    if (view === null || !this.zoomed) return;
    this.#moveTo({ ...view, x: view.x + dx * view.width, y: view.y + dy * view.height }, true);
    this.onGestureEnd();
  }

  zoomBy(factor: number, position: Point, animate = false): void {
    const view = this.view;
    if (this.#videoSize === null || view === null) return;
    const point = sourcePointAt(this.#box, view, position);
    this.#moveTo(zoomAt(view, factor, point, this.#videoSize), animate);
  }

  panBy(dx: number, dy: number): void {
    const view = this.view;
    if (view === null || !this.zoomed) return;
    const rect = viewRect(this.#box, view);
    const x = view.x - (dx * view.width) / rect.width;
    const y = view.y - (dy * view.height) / rect.height;
    this.#moveTo({ ...view, x, y });
  }

  drawSelection(rectangle: Rect | null): void {
    const { selection } = this.#elements;
    selection.hidden = rectangle === null;
    if (rectangle === null) return;
    for (const [property, length] of Object.entries(rectangle))
      selection.style.setProperty(property, `${length}px`);
  }

  zoomToSelection({ left, top, width, height }: Rect): void {
    const view = this.view;
    if (this.#videoSize === null || view === null || Math.max(width, height) < MIN_SELECTION_SIDE) return;
    const from = sourcePointAt(this.#box, view, { x: left, y: top });
    const to = sourcePointAt(this.#box, view, { x: left + width, y: top + height });
    const rectangle = { x: from.x, y: from.y, width: to.x - from.x, height: to.y - from.y };
    this.#moveTo(regionContaining(rectangle, this.#videoSize), true);
  }

  /** Centers the view on a point in source pixels, for the minimap. */
  centerOn(point: Point): void {
    const view = this.view;
    if (view === null || !this.zoomed) return;
    this.#moveTo({ ...view, x: point.x - view.width / 2, y: point.y - view.height / 2 });
  }

  /** Snaps the view to the grid and requests it. */
  onGestureEnd(): void {
    if (this.#videoSize === null) return;
    if (this.#view === null) this.#requestRegion(null);
    else if (!sameRegion(this.#view, this.#requestedRegion))
      this.setView(snapRegion(this.#view, this.#videoSize));
  }

  /** Shows a region without requesting it. */
  #moveTo(region: Region, animate = false): void {
    const videoSize = this.#videoSize;
    if (videoSize === null) return;
    const clamped = clampRegion(region, videoSize);
    this.#view = zoomFactor(clamped, videoSize) < MIN_ZOOM ? null : clamped;
    if (animate) this.#startGlide();
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
    this.#elements.videoContainer.dataset.gliding = "";
    this.#glideTimer = setTimeout(() => this.#endGlide(), GLIDE_MS);
  }

  #endGlide(): void {
    clearTimeout(this.#glideTimer);
    delete this.#elements.videoContainer.dataset.gliding;
  }

  #render(): void {
    renderView(this.#elements, {
      box: this.#box,
      videoSize: this.#videoSize,
      view: this.#view,
      shown: this.#shownRegion,
    });
    this.#options.onView();
  }
}
