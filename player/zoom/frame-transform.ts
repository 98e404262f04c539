import type { Point, Region } from "../geometry/region.js";
import { containSize, fillsBox, type Size } from "../geometry/size.js";

/** Where something lies in the frame, in CSS pixels from its upper left corner. */
export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Where the region being looked at lies in the frame: contained, or all of it where that is a pixel off. */
export function viewRect(box: Size, view: Size): Rect {
  if (fillsBox(box, view)) return { left: 0, top: 0, ...box };
  const { width, height } = containSize(box, view);
  return { left: (box.width - width) / 2, top: (box.height - height) / 2, width, height };
}

/** Where the region that the frames show has to lie, so that what is looked at is in its place. */
export function shownRect(box: Size, view: Region, shown: Region): Rect {
  const place = viewRect(box, view);
  const across = place.width / view.width;
  const down = place.height / view.height;
  return {
    left: place.left + (shown.x - view.x) * across,
    top: place.top + (shown.y - view.y) * down,
    width: shown.width * across,
    height: shown.height * down,
  };
}

/** The CSS transform, from the upper left corner, that puts what fills the frame into this place. */
export function cssTransform(box: Size, { left, top, width, height }: Rect): string {
  const tidy = (value: number) => Number(value.toFixed(4));
  const [x, y] = [tidy(width / box.width), tidy(height / box.height)];
  const [dx, dy] = [tidy(left), tidy(top)];
  return x === 1 && y === 1 && dx === 0 && dy === 0 ? "none" : `matrix(${x}, 0, 0, ${y}, ${dx}, ${dy})`;
}

/** The source pixel under a position in the frame. */
export function sourcePointAt(box: Size, view: Region, position: Point): Point {
  const place = viewRect(box, view);
  return {
    x: view.x + ((position.x - place.left) * view.width) / place.width,
    y: view.y + ((position.y - place.top) * view.height) / place.height,
  };
}
