import type { Point, Region } from "../geometry/region.js";
import { containSize, fillsBox, type Size } from "../geometry/size.js";

/** A rectangle in the video container, in CSS pixels from its upper left corner. */
export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Returns where a view of this size is drawn: contained in the box, or filling it if they differ only by rounding. */
export function viewRect(box: Size, view: Size): Rect {
  if (fillsBox(box, view)) return { left: 0, top: 0, ...box };
  const { width, height } = containSize(box, view);
  return { left: (box.width - width) / 2, top: (box.height - height) / 2, width, height };
}

/**
 * Returns where to draw the current frame so that the view appears at its `viewRect`.
 *
 * @param view the region the viewer looks at, in source pixels
 * @param shown the region that the frame contains, in source pixels
 */
export function shownRect(box: Size, view: Region, shown: Region): Rect {
  const rect = viewRect(box, view);
  const scaleX = rect.width / view.width;
  const scaleY = rect.height / view.height;
  return {
    left: rect.left + (shown.x - view.x) * scaleX,
    top: rect.top + (shown.y - view.y) * scaleY,
    width: shown.width * scaleX,
    height: shown.height * scaleY,
  };
}

/** Returns the CSS transform, with its origin at the upper left, that moves an element that fills the box to a rectangle. */
export function cssTransform(box: Size, { left, top, width, height }: Rect): string {
  const round = (value: number) => Number(value.toFixed(4));
  const [scaleX, scaleY] = [round(width / box.width), round(height / box.height)];
  const [dx, dy] = [round(left), round(top)];
  if (scaleX === 1 && scaleY === 1 && dx === 0 && dy === 0) return "none";
  return `matrix(${scaleX}, 0, 0, ${scaleY}, ${dx}, ${dy})`;
}

/** Converts a position in the box, in CSS pixels, to source pixels. */
export function sourcePointAt(box: Size, view: Region, position: Point): Point {
  const rect = viewRect(box, view);
  return {
    x: view.x + ((position.x - rect.left) * view.width) / rect.width,
    y: view.y + ((position.y - rect.top) * view.height) / rect.height,
  };
}
