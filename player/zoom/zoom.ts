import {
  centerOf,
  clampRegion,
  formatRegion,
  isWhole,
  type Point,
  parseRegionText,
  type Region,
  regionAround,
  regionHolding,
  regionOfText,
  sameRegion,
  snapRegion,
  wholeOf,
  zoomAt,
  zoomOf,
} from "../geometry/region.js";
import type { Size } from "../geometry/size.js";
import type { LoadedSegment } from "../hls/elastic-loader.js";
import { type Place, placeOfShown, placeOfView, pointInFrame, transformTo } from "./frame-transform.js";
import { type GestureTarget, watchGestures } from "./gestures.js";
import { ShownRegion } from "./shown-region.js";

/** What zooming needs of the shadow tree. */
export interface ZoomParts {
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
const GLIDE = 180;
/** A drawn rectangle smaller than this many CSS pixels a side was a slip of the hand. */
const SMALLEST_DRAWN = 8;

/**
 * Which part of the picture is looked at. A change shows at once, by scaling what is there; the region is
 * asked for when it has settled, and takes over with its first frame.
 */
export class Zoom implements GestureTarget {
  /** Drags draw a rectangle, clicks zoom in. */
  tool = false;
  readonly #parts: ZoomParts;
  readonly #options: ZoomOptions;
  readonly #shown: ShownRegion;
  #box: Size = { width: 0, height: 0 };
  #videoSize: Size | null = null;
  #view: Region | null = null;
  #asked: Region | null = null;
  /** What the attributes say, until the video is known. */
  #text: string | null = null;
  #factor = 1;
  #glide: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: ZoomParts, options: ZoomOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#shown = new ShownRegion(parts.video, parts.held, () => {
      this.#endGlide();
      this.#layout();
    });
  }

  /** The region asked for, in whole source pixels; null is the whole picture. */
  get asked(): Region | null {
    return this.#asked;
  }
  /** The region on screen, in source pixels; null is the whole picture. */
  get shown(): Region | null {
    return this.#shown.region;
  }
  /** What is looked at, in source pixels; null before the video is known. */
  get view(): Region | null {
    return this.#videoSize === null ? null : (this.#view ?? wholeOf(this.#videoSize));
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
      : zoomOf(this.#view, this.#videoSize);
  }
  get text(): string {
    return this.#videoSize === null ? (this.#text ?? "full") : formatRegion(this.#asked);
  }
  get ownsWheel(): boolean {
    return this.tool || this.zoomed || document.fullscreenElement !== null;
  }

  connect(signal: AbortSignal): void {
    const observer = new ResizeObserver((entries) => {
      const rect = entries.at(-1)?.contentRect;
      if (rect === undefined) return;
      this.#box = { width: rect.width, height: rect.height };
      this.#layout();
    });
    observer.observe(this.#parts.frame);
    this.#shown.connect(signal);
    watchGestures(this.#parts.frame, this, signal);
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
    this.#asked = null;
    this.#text = text;
    this.#factor = factor;
    this.#shown.reset();
    this.#layout();
  }

  infoKnown(videoSize: Size): void {
    const first = this.#videoSize === null;
    this.#videoSize = videoSize;
    if (!first) return;
    const text = parseRegionText(this.#text);
    const region = text ? regionOfText(text, videoSize) : null;
    if (region !== null) this.lookAt(region, false);
    else if (this.#factor > 1) this.zoomTo(this.#factor);
  }

  segmentArrived(arrival: LoadedSegment): void {
    this.#shown.add(arrival);
  }

  /** A picture of this region was painted over the video. */
  painted(region: Region): void {
    const whole = this.#videoSize === null || isWhole(region, this.#videoSize);
    this.#shown.painted(whole ? null : region);
  }

  /** Keeps the frame on screen while another playlist is loaded. */
  hold(): void {
    this.#shown.hold();
  }

  /** Looks at exactly this region, in whole source pixels; null is the whole picture. */
  lookAt(region: Region | null, glide = true): void {
    if (this.#videoSize === null) return;
    const view =
      region === null || isWhole(region, this.#videoSize) ? null : clampRegion(region, this.#videoSize);
    this.#view = view;
    if (glide) this.#startGlide();
    this.#layout();
    this.#ask(view);
  }

  /** A region as written: `full`, `x,y,w,h` or `pct:x,y,w,h`. False where it is none of these. */
  lookAtText(text: string | null): boolean {
    const parsed = parseRegionText(text);
    if (parsed === undefined) return false;
    this.#text = text;
    if (this.#videoSize !== null) this.lookAt(parsed === null ? null : regionOfText(parsed, this.#videoSize));
    return true;
  }

  /** Enlarges this many times around the middle of what is looked at. */
  zoomTo(factor: number): void {
    this.#factor = Math.max(1, factor);
    const view = this.view;
    if (this.#videoSize === null || view === null) return;
    const { x, y, width, height } = regionAround(centerOf(view), factor, this.#videoSize);
    this.lookAt({ x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) });
  }

  /** By keys: a step in or out of the middle. */
  step(factor: number): void {
    const { width, height } = this.#box;
    this.zoomBy(factor, { x: width / 2, y: height / 2 }, true);
    this.rest();
  }

  /** By keys: shares of what is looked at. */
  panByShare(across: number, down: number): void {
    const view = this.view;
    if (view === null || !this.zoomed) return;
    this.#move({ ...view, x: view.x + across * view.width, y: view.y + down * view.height }, true);
    this.rest();
  }

  zoomBy(factor: number, at: Point, glide = false): void {
    const view = this.view;
    if (this.#videoSize === null || view === null) return;
    this.#move(zoomAt(view, factor, pointInFrame(this.#box, view, at), this.#videoSize), glide);
  }

  panBy(dx: number, dy: number): void {
    const view = this.view;
    if (view === null || !this.zoomed) return;
    const place = placeOfView(this.#box, view);
    const across = view.width / place.width;
    const down = view.height / place.height;
    this.#move({ ...view, x: view.x - dx * across, y: view.y - dy * down });
  }

  draw(rectangle: Place | null): void {
    const { drawn } = this.#parts;
    drawn.hidden = rectangle === null;
    if (rectangle === null) return;
    for (const [side, length] of Object.entries(rectangle)) drawn.style.setProperty(side, `${length}px`);
  }

  chosen({ left, top, width, height }: Place): void {
    const view = this.view;
    if (this.#videoSize === null || view === null || Math.max(width, height) < SMALLEST_DRAWN) return;
    const from = pointInFrame(this.#box, view, { x: left, y: top });
    const to = pointInFrame(this.#box, view, { x: left + width, y: top + height });
    const rectangle = { x: from.x, y: from.y, width: to.x - from.x, height: to.y - from.y };
    this.#move(regionHolding(rectangle, this.#videoSize), true);
  }

  /** The center of what is looked at goes there, in source pixels: from the minimap. */
  centerOn(point: Point): void {
    const view = this.view;
    if (view === null || !this.zoomed) return;
    this.#move({ ...view, x: point.x - view.width / 2, y: point.y - view.height / 2 });
  }

  rest(): void {
    if (this.#videoSize === null) return;
    if (this.#view === null) this.#ask(null);
    else if (!sameRegion(this.#view, this.#asked)) this.lookAt(snapRegion(this.#view, this.#videoSize));
  }

  #move(view: Region, glide = false): void {
    const videoSize = this.#videoSize;
    if (videoSize === null) return;
    const clamped = clampRegion(view, videoSize);
    // A hair's breadth from the whole picture is the whole picture.
    this.#view = zoomOf(clamped, videoSize) < 1.02 ? null : clamped;
    if (glide) this.#startGlide();
    else this.#endGlide();
    this.#layout();
  }

  #ask(region: Region | null): void {
    this.#factor = this.#videoSize === null || region === null ? 1 : zoomOf(region, this.#videoSize);
    if (sameRegion(region, this.#asked)) return;
    this.#asked = region;
    this.#options.onRegion(region);
  }

  #startGlide(): void {
    clearTimeout(this.#glide);
    this.#parts.frame.dataset.gliding = "";
    this.#glide = setTimeout(() => this.#endGlide(), GLIDE);
  }

  #endGlide(): void {
    clearTimeout(this.#glide);
    delete this.#parts.frame.dataset.gliding;
  }

  #layout(): void {
    const { frame, video, held } = this.#parts;
    const [videoSize, box, view] = [this.#videoSize, this.#box, this.view];
    const plain =
      this.#view === null && this.#shown.region === null && (held.hidden || this.#shown.held === null);
    frame.toggleAttribute("data-zoomed", !plain);
    if (plain || videoSize === null || view === null || box.width === 0) {
      for (const element of [video, held]) element.style.removeProperty("transform");
      frame.style.removeProperty("clip-path");
    } else {
      const place = (region: Region | null) =>
        transformTo(box, placeOfShown(box, view, region ?? wholeOf(videoSize)));
      video.style.transform = place(this.#shown.region);
      held.style.transform = place(this.#shown.held);
      // Beyond what is looked at there would be more picture for a moment, where the frame has bars.
      const { left, top } = placeOfView(box, view);
      frame.style.clipPath = left === 0 && top === 0 ? "none" : `inset(${top}px ${left}px)`;
    }
    this.#options.onView();
  }
}
