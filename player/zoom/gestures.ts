import type { Point } from "../geometry/region.js";
import type { Rect } from "./frame-transform.js";

/** What hands do to the picture; positions are CSS pixels within the frame. */
export interface GestureTarget {
  readonly zoomed: boolean;
  /** Whether a drag draws a rectangle without a modifier, and a click zooms in. */
  readonly zoomToolActive: boolean;
  /** Whether the wheel is ours without a modifier, where it could also scroll the page. */
  readonly capturesWheel: boolean;
  zoomBy(factor: number, at: Point): void;
  panBy(dx: number, dy: number): void;
  /** The rectangle as it is drawn; null where it is given up. */
  drawSelection(rectangle: Rect | null): void;
  zoomToSelection(rectangle: Rect): void;
  /** The hand has come to rest. */
  settle(): void;
}

/** CSS pixels before a press is a drag. */
const DRAG_THRESHOLD = 4;
/** Milliseconds without a turn of the wheel after which it rests. */
const WHEEL_END_MS = 180;
/** Zoom for one pixel of the wheel; a pinch on a touch pad comes as a wheel with Ctrl and small steps. */
const WHEEL_ZOOM = 0.0016;
const PINCH_ZOOM = 0.012;
const PIXELS_PER_LINE = 16;

/** Wheel, pinch, pan and rectangle on the frame, until the signal aborts. */
export function watchGestures(frame: HTMLElement, target: GestureTarget, signal: AbortSignal): void {
  const pointers = new Map<number, Point>();
  let mode: "none" | "pan" | "draw" | "pinch" = "none";
  let start: Point = { x: 0, y: 0 };
  let moved = false;
  let wheelTimer: ReturnType<typeof setTimeout> | undefined;

  const positionOf = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top } = frame.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const rectangleTo = (end: Point): Rect => ({
    left: Math.min(start.x, end.x),
    top: Math.min(start.y, end.y),
    width: Math.abs(end.x - start.x),
    height: Math.abs(end.y - start.y),
  });
  const pinchOf = () => {
    const [a, b] = [...pointers.values()] as [Point, Point];
    return { center: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, span: Math.hypot(a.x - b.x, a.y - b.y) };
  };

  const press = (event: PointerEvent) => {
    if (event.button !== 0 || pointers.size === 2) return;
    const position = positionOf(event);
    pointers.set(event.pointerId, position);
    if (pointers.size === 2) {
      if (mode === "draw") target.drawSelection(null);
      mode = "pinch";
      moved = true;
      for (const id of pointers.keys()) frame.setPointerCapture(id);
      return;
    }
    start = position;
    moved = false;
    mode = target.zoomToolActive || event.shiftKey ? "draw" : target.zoomed ? "pan" : "none";
  };
  const move = (event: PointerEvent) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    const position = positionOf(event);
    if (mode === "pinch") {
      const old = pinchOf();
      pointers.set(event.pointerId, position);
      const now = pinchOf();
      if (old.span > 0 && now.span > 0) target.zoomBy(now.span / old.span, now.center);
      target.panBy(now.center.x - old.center.x, now.center.y - old.center.y);
      return;
    }
    if (mode === "none") return;
    if (!moved && Math.hypot(position.x - start.x, position.y - start.y) < DRAG_THRESHOLD) return;
    if (!moved) {
      moved = true;
      // Only now, since a captured press is not a click on what lies below.
      frame.setPointerCapture(event.pointerId);
    }
    pointers.set(event.pointerId, position);
    if (mode === "pan") target.panBy(position.x - before.x, position.y - before.y);
    else target.drawSelection(rectangleTo(position));
  };
  const release = (event: PointerEvent) => {
    if (!pointers.has(event.pointerId)) return;
    const given = event.type !== "pointercancel";
    const last = positionOf(event);
    pointers.delete(event.pointerId);
    if (mode === "draw") {
      target.drawSelection(null);
      if (moved && given) target.zoomToSelection(rectangleTo(last));
      else if (given && target.zoomToolActive) target.zoomBy(2, last);
    }
    if (pointers.size === 1 && mode === "pinch") {
      // The finger that stays goes on panning.
      start = [...pointers.values()][0]!;
      mode = target.zoomed ? "pan" : "none";
      return;
    }
    if (pointers.size > 0) return;
    if ((moved || (mode === "draw" && target.zoomToolActive)) && given) target.settle();
    if (mode === "draw" && target.zoomToolActive) moved = true;
    mode = "none";
  };
  // Ahead of the player's own click: a drag is none.
  const click = (event: MouseEvent) => {
    if (!moved) return;
    moved = false;
    event.stopImmediatePropagation();
  };
  const wheel = (event: WheelEvent) => {
    const pinch = event.ctrlKey || event.metaKey;
    if (!pinch && !target.capturesWheel) return;
    // The page scrolls on where there is nothing left to zoom out of.
    if (!pinch && event.deltaY > 0 && !target.zoomed) return;
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? PIXELS_PER_LINE : 1);
    const turn = Math.min(300, Math.max(-300, pixels));
    target.zoomBy(
      Math.exp(-turn * (pinch && Math.abs(turn) < 50 ? PINCH_ZOOM : WHEEL_ZOOM)),
      positionOf(event),
    );
    clearTimeout(wheelTimer);
    wheelTimer = setTimeout(() => target.settle(), WHEEL_END_MS);
  };

  frame.addEventListener("pointerdown", press, { signal });
  frame.addEventListener("pointermove", move, { signal });
  for (const type of ["pointerup", "pointercancel"] as const)
    frame.addEventListener(type, release, { signal });
  frame.addEventListener("click", click, { signal, capture: true });
  frame.addEventListener("wheel", wheel, { signal, passive: false });
  // With one finger the page scrolls, as it should over a video; two are a pinch of ours and no scroll.
  for (const type of ["touchstart", "touchmove"] as const) {
    const pinch = (event: TouchEvent) => {
      if (event.touches.length > 1 && event.cancelable) event.preventDefault();
    };
    frame.addEventListener(type, pinch, { signal, passive: false });
  }
  // An image that is dragged out of the page would end the pan.
  frame.addEventListener("dragstart", (event) => event.preventDefault(), { signal });
  signal.addEventListener("abort", () => clearTimeout(wheelTimer), { once: true });
}
