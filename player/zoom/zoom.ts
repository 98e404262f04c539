import {
  centreOf,
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
  settleRegion,
  wholeOf,
  zoomAt,
  zoomOf,
} from "../geometry/region.js";
import type { Size } from "../geometry/size.js";
import type { SegmentArrival } from "../hls/elastic-loader.js";
import { type Place, placeOfShown, placeOfView, pointInPicture, transformTo } from "./frame-transform.js";
import { type GestureTarget, watchGestures } from "./gestures.js";
import { ShownRegion } from "./shown-region.js";

/** What zooming needs of the shadow tree. */
export interface ZoomParts {
  /** Clips what is enlarged. */
  readonly picture: HTMLElement;
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
  #film: Size | null = null;
  #view: Region | null = null;
  #asked: Region | null = null;
  /** What the attributes say, until the film is known. */
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
  /** What is looked at, in source pixels; null before the film is known. */
  get view(): Region | null {
    return this.#film === null ? null : (this.#view ?? wholeOf(this.#film));
  }
  get film(): Size | null {
    return this.#film;
  }
  get zoomed(): boolean {
    return this.#view !== null;
  }
  get factor(): number {
    return this.#film === null || this.#view === null ? this.#factor : zoomOf(this.#view, this.#film);
  }
  get text(): string {
    return this.#film === null ? (this.#text ?? "full") : formatRegion(this.#asked);
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
    observer.observe(this.#parts.picture);
    this.#shown.connect(signal);
    watchGestures(this.#parts.picture, this, signal);
    signal.addEventListener(
      "abort",
      () => {
        observer.disconnect();
        this.#endGlide();
      },
      { once: true },
    );
  }

  /** Before another film: back to what the attributes say. */
  reset(text: string | null, factor: number): void {
    this.#film = null;
    this.#view = null;
    this.#asked = null;
    this.#text = text;
    this.#factor = factor;
    this.#shown.reset();
    this.#layout();
  }

  filmKnown(film: Size): void {
    const first = this.#film === null;
    this.#film = film;
    if (!first) return;
    const text = parseRegionText(this.#text);
    const region = text ? regionOfText(text, film) : null;
    if (region !== null) this.lookAt(region, false);
    else if (this.#factor > 1) this.zoomTo(this.#factor);
  }

  segmentArrived(arrival: SegmentArrival): void {
    this.#shown.add(arrival);
  }

  /** A picture of this region was painted over the video. */
  painted(region: Region): void {
    const whole = this.#film === null || isWhole(region, this.#film);
    this.#shown.painted(whole ? null : region);
  }

  /** Keeps the frame on screen while another playlist is loaded. */
  hold(): void {
    this.#shown.hold();
  }

  /** Looks at exactly this region, in whole source pixels; null is the whole picture. */
  lookAt(region: Region | null, glide = true): void {
    if (this.#film === null) return;
    const view = region === null || isWhole(region, this.#film) ? null : clampRegion(region, this.#film);
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
    if (this.#film !== null) this.lookAt(parsed === null ? null : regionOfText(parsed, this.#film));
    return true;
  }

  /** Enlarges this many times around the middle of what is looked at. */
  zoomTo(factor: number): void {
    this.#factor = Math.max(1, factor);
    const view = this.view;
    if (this.#film === null || view === null) return;
    const { x, y, width, height } = regionAround(centreOf(view), factor, this.#film);
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
    if (this.#film === null || view === null) return;
    this.#move(zoomAt(view, factor, pointInPicture(this.#box, view, at), this.#film), glide);
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
    if (this.#film === null || view === null || Math.max(width, height) < SMALLEST_DRAWN) return;
    const from = pointInPicture(this.#box, view, { x: left, y: top });
    const to = pointInPicture(this.#box, view, { x: left + width, y: top + height });
    const rectangle = { x: from.x, y: from.y, width: to.x - from.x, height: to.y - from.y };
    this.#move(regionHolding(rectangle, this.#film), true);
  }

  /** The centre of what is looked at goes there, in source pixels: from the minimap. */
  centreOn(point: Point): void {
    const view = this.view;
    if (view === null || !this.zoomed) return;
    this.#move({ ...view, x: point.x - view.width / 2, y: point.y - view.height / 2 });
  }

  rest(): void {
    if (this.#film === null) return;
    if (this.#view === null) this.#ask(null);
    else if (!sameRegion(this.#view, this.#asked)) this.lookAt(settleRegion(this.#view, this.#film));
  }

  #move(view: Region, glide = false): void {
    const film = this.#film;
    if (film === null) return;
    const clamped = clampRegion(view, film);
    // A hair's breadth from the whole picture is the whole picture.
    this.#view = zoomOf(clamped, film) < 1.02 ? null : clamped;
    if (glide) this.#startGlide();
    else this.#endGlide();
    this.#layout();
  }

  #ask(region: Region | null): void {
    this.#factor = this.#film === null || region === null ? 1 : zoomOf(region, this.#film);
    if (sameRegion(region, this.#asked)) return;
    this.#asked = region;
    this.#options.onRegion(region);
  }

  #startGlide(): void {
    clearTimeout(this.#glide);
    this.#parts.picture.dataset.gliding = "";
    this.#glide = setTimeout(() => this.#endGlide(), GLIDE);
  }

  #endGlide(): void {
    clearTimeout(this.#glide);
    delete this.#parts.picture.dataset.gliding;
  }

  #layout(): void {
    const { picture, video, held } = this.#parts;
    const [film, box, view] = [this.#film, this.#box, this.view];
    const plain =
      this.#view === null && this.#shown.region === null && (held.hidden || this.#shown.held === null);
    picture.toggleAttribute("data-zoomed", !plain);
    if (plain || film === null || view === null || box.width === 0) {
      for (const element of [video, held]) element.style.removeProperty("transform");
      picture.style.removeProperty("clip-path");
    } else {
      const place = (region: Region | null) =>
        transformTo(box, placeOfShown(box, view, region ?? wholeOf(film)));
      video.style.transform = place(this.#shown.region);
      held.style.transform = place(this.#shown.held);
      // Beyond what is looked at there would be more picture for a moment, where the frame has bars.
      const { left, top } = placeOfView(box, view);
      picture.style.clipPath = left === 0 && top === 0 ? "none" : `inset(${top}px ${left}px)`;
    }
    this.#options.onView();
  }
}
