import { fullRegion, type Region } from "../geometry/region.js";
import type { Size } from "../geometry/size.js";
import { cssTransform, shownRect, viewRect } from "./frame-transform.js";
import type { ShownRegion } from "./shown-region.js";

/** The elements of the shadow tree that are transformed. */
export interface ViewElements {
  /** Clips the enlarged video. */
  readonly videoContainer: HTMLElement;
  readonly video: HTMLVideoElement;
  readonly heldFrame: HTMLCanvasElement;
}

export interface ViewState {
  /** Size of the container in CSS pixels. */
  readonly box: Size;
  /** null before the size of the video is known. */
  readonly videoSize: Size | null;
  /** The visible region in source pixels; null is the full frame. */
  readonly view: Region | null;
  readonly shown: ShownRegion;
}

/** Transforms the video and the held frame so that the view fills the container. */
export function renderView(
  { videoContainer, video, heldFrame }: ViewElements,
  { box, videoSize, view, shown }: ViewState,
): void {
  const untransformed =
    view === null && shown.region === null && (heldFrame.hidden || shown.heldRegion === null);
  videoContainer.toggleAttribute("data-zoomed", !untransformed);
  if (untransformed || videoSize === null || box.width === 0) {
    for (const element of [video, heldFrame]) element.style.removeProperty("transform");
    videoContainer.style.removeProperty("clip-path");
    return;
  }
  const visible = view ?? fullRegion(videoSize);
  const transformFor = (region: Region | null) =>
    cssTransform(box, shownRect(box, visible, region ?? fullRegion(videoSize)));
  video.style.transform = transformFor(shown.region);
  heldFrame.style.transform = transformFor(shown.heldRegion);
  // Hides what lies beyond the view: the box has bars there if its aspect ratio differs from the view's.
  const { left, top } = viewRect(box, visible);
  videoContainer.style.clipPath = left === 0 && top === 0 ? "none" : `inset(${top}px ${left}px)`;
}
