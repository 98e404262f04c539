import type { Point } from "../geometry/region.js";
import type { Rect } from "./frame-transform.js";

/** Receives the gestures. Positions are CSS pixels within the video container. */
export interface GestureTarget {
  readonly zoomed: boolean;
  /** Whether a drag draws a selection without Shift, and a click zooms in. */
  readonly zoomToolActive: boolean;
  /** Whether the wheel zooms without Ctrl, which otherwise scrolls the page. */
  readonly capturesWheel: boolean;
  zoomBy(factor: number, position: Point): void;
  panBy(dx: number, dy: number): void;
  /** Draws the selection during the drag; null removes it. */
  drawSelection(rectangle: Rect | null): void;
  zoomToSelection(rectangle: Rect): void;
  /** The pointer was released, or the wheel has stopped. */
  onGestureEnd(): void;
}

/** A press that moves at least this far, in CSS pixels, is a drag. */
const DRAG_THRESHOLD = 4;
/** The wheel has stopped after this time without an event. */
const WHEEL_END_MS = 180;
/** Exponent of the zoom factor per pixel of the wheel. */
const WHEEL_ZOOM = 0.0016;
/** The same for a pinch on a touchpad, which browsers report as wheel events with Ctrl and small steps. */
const PINCH_ZOOM = 0.012;
/** With Ctrl, a step of this many pixels or more comes from a wheel, not from a pinch. */
const MAX_PINCH_STEP = 50;
/** Larger steps, in pixels, are clamped. */
const MAX_WHEEL_STEP = 300;
const PIXELS_PER_LINE = 16;
/** Zoom factor of a click with the zoom tool. */
const CLICK_ZOOM = 2;

/** Handles wheel, pinch, pan and selection on the container until the signal aborts. */
export function watchGestures(container: HTMLElement, target: GestureTarget, signal: AbortSignal): void {
  watchPointers(container, target, signal);
  watchWheel(container, target, signal);
  // One finger scrolls the page, as usual over a video. Two fingers pinch and must not scroll.
  const preventScroll = (event: TouchEvent) => {
    if (event.touches.length > 1 && event.cancelable) event.preventDefault();
  };
  container.addEventListener("touchstart", preventScroll, { signal, passive: false });
  container.addEventListener("touchmove", preventScroll, { signal, passive: false });
  // A native drag of the image would end the pan.
  container.addEventListener("dragstart", (event) => event.preventDefault(), { signal });
}

function positionIn(container: HTMLElement, { clientX, clientY }: MouseEvent): Point {
  const { left, top } = container.getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}

function watchPointers(container: HTMLElement, target: GestureTarget, signal: AbortSignal): void {
  const recognizer = new PointerGestures(container, target);
  container.addEventListener("pointerdown", (event) => recognizer.onPointerDown(event), { signal });
  container.addEventListener("pointermove", (event) => recognizer.onPointerMove(event), { signal });
  container.addEventListener("pointerup", (event) => recognizer.onPointerEnd(event), { signal });
  container.addEventListener("pointercancel", (event) => recognizer.onPointerEnd(event), { signal });
  // In the capture phase, before the player's own handler: the click after a drag does nothing.
  container.addEventListener("click", (event) => recognizer.onClick(event), { signal, capture: true });
}

/** Recognizes pan, selection and pinch from pointer events. */
class PointerGestures {
  readonly #container: HTMLElement;
  readonly #target: GestureTarget;
  readonly #pointers = new Map<number, Point>();
  #mode: "none" | "pan" | "select" | "pinch" = "none";
  #start: Point = { x: 0, y: 0 };
  #moved = false;

  constructor(container: HTMLElement, target: GestureTarget) {
    this.#container = container;
    this.#target = target;
  }

  onPointerDown(event: PointerEvent): void {
    const pointers = this.#pointers;
    if (event.button !== 0 || pointers.size === 2) return;
    const position = positionIn(this.#container, event);
    pointers.set(event.pointerId, position);
    if (pointers.size === 2) {
      if (this.#mode === "select") this.#target.drawSelection(null);
      this.#mode = "pinch";
      this.#moved = true;
      for (const id of pointers.keys()) this.#container.setPointerCapture(id);
      return;
    }
    this.#start = position;
    this.#moved = false;
    if (this.#target.zoomToolActive || event.shiftKey) this.#mode = "select";
    else this.#mode = this.#target.zoomed ? "pan" : "none";
  }

  onPointerMove(event: PointerEvent): void {
    const previous = this.#pointers.get(event.pointerId);
    if (previous === undefined) return;
    const position = positionIn(this.#container, event);
    if (this.#mode === "pinch") {
      this.#pinch(event.pointerId, position);
      return;
    }
    if (this.#mode === "none") return;
    if (!this.#moved) {
      const distance = Math.hypot(position.x - this.#start.x, position.y - this.#start.y);
      if (distance < DRAG_THRESHOLD) return;
      this.#moved = true;
      // Not earlier: a captured press would not click the element below.
      this.#container.setPointerCapture(event.pointerId);
    }
    this.#pointers.set(event.pointerId, position);
    if (this.#mode === "pan") this.#target.panBy(position.x - previous.x, position.y - previous.y);
    else this.#target.drawSelection(this.#selectionTo(position));
  }

  onPointerEnd(event: PointerEvent): void {
    const pointers = this.#pointers;
    if (!pointers.delete(event.pointerId)) return;
    const canceled = event.type === "pointercancel";
    const selecting = this.#mode === "select";
    const toolActive = this.#target.zoomToolActive;
    if (selecting) this.#endSelection(positionIn(this.#container, event), canceled);
    if (pointers.size === 1 && this.#mode === "pinch") {
      // The remaining finger continues as a pan.
      this.#start = [...pointers.values()][0]!;
      this.#mode = this.#target.zoomed ? "pan" : "none";
      return;
    }
    if (pointers.size > 0) return;
    const zoomedByClick = selecting && toolActive;
    if ((this.#moved || zoomedByClick) && !canceled) this.#target.onGestureEnd();
    if (zoomedByClick) this.#moved = true;
    this.#mode = "none";
  }

  onClick(event: MouseEvent): void {
    if (!this.#moved) return;
    this.#moved = false;
    event.stopImmediatePropagation();
  }

  #endSelection(position: Point, canceled: boolean): void {
    this.#target.drawSelection(null);
    if (canceled) return;
    if (this.#moved) this.#target.zoomToSelection(this.#selectionTo(position));
    else if (this.#target.zoomToolActive) this.#target.zoomBy(CLICK_ZOOM, position);
  }

  #pinch(pointerId: number, position: Point): void {
    const before = this.#pinchGeometry();
    this.#pointers.set(pointerId, position);
    const after = this.#pinchGeometry();
    if (before.span > 0 && after.span > 0) this.#target.zoomBy(after.span / before.span, after.center);
    this.#target.panBy(after.center.x - before.center.x, after.center.y - before.center.y);
  }

  #pinchGeometry(): { readonly center: Point; readonly span: number } {
    const [a, b] = [...this.#pointers.values()] as [Point, Point];
    return { center: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, span: Math.hypot(a.x - b.x, a.y - b.y) };
  }

  #selectionTo(end: Point): Rect {
    const start = this.#start;
    return {
      left: Math.min(start.x, end.x),
      top: Math.min(start.y, end.y),
      width: Math.abs(end.x - start.x),
      height: Math.abs(end.y - start.y),
    };
  }
}

function watchWheel(container: HTMLElement, target: GestureTarget, signal: AbortSignal): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onWheel = (event: WheelEvent) => {
    const withModifier = event.ctrlKey || event.metaKey;
    if (!withModifier && !target.capturesWheel) return;
    // Once fully zoomed out, the page scrolls again.
    if (!withModifier && event.deltaY > 0 && !target.zoomed) return;
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? PIXELS_PER_LINE : 1);
    const step = Math.min(MAX_WHEEL_STEP, Math.max(-MAX_WHEEL_STEP, pixels));
    const isPinch = withModifier && Math.abs(step) < MAX_PINCH_STEP;
    target.zoomBy(Math.exp(-step * (isPinch ? PINCH_ZOOM : WHEEL_ZOOM)), positionIn(container, event));
    clearTimeout(timer);
    timer = setTimeout(() => target.onGestureEnd(), WHEEL_END_MS);
  };
  container.addEventListener("wheel", onWheel, { signal, passive: false });
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}
