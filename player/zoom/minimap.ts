import { coversFrame } from "../geometry/region.js";
import type { Storyboard } from "../source/storyboard.js";
import type { Zoom } from "./zoom.js";

export interface MinimapElements {
  readonly minimap: HTMLElement;
  /** Shows the full frame. */
  readonly thumbnail: HTMLElement;
  /** Outlines the visible region. */
  readonly minimapViewport: HTMLElement;
  readonly zoomFactor: HTMLElement;
  readonly resetZoomButton: HTMLButtonElement;
}

/** Longer side of the minimap in CSS pixels, the same as that of a storyboard thumbnail. */
const MINIMAP_LONGER_SIDE = 160;

const percentOf = (part: number, total: number) => `${((100 * part) / total).toFixed(3)}%`;

/** Shows the visible region within the full frame, and pans when it is pressed or dragged. */
export class Minimap {
  readonly #elements: MinimapElements;
  readonly #zoom: Zoom;
  readonly #storyboard: Storyboard;
  readonly #video: HTMLVideoElement;

  constructor(elements: MinimapElements, zoom: Zoom, storyboard: Storyboard, video: HTMLVideoElement) {
    this.#elements = elements;
    this.#zoom = zoom;
    this.#storyboard = storyboard;
    this.#video = video;
  }

  connect(signal: AbortSignal): void {
    const { minimap, resetZoomButton } = this.#elements;
    let dragging = false;
    const panTo = ({ clientX, clientY }: PointerEvent) => {
      const { videoSize } = this.#zoom;
      if (videoSize === null) return;
      const { left, top, width, height } = minimap.getBoundingClientRect();
      this.#zoom.centerOn({
        x: ((clientX - left) / width) * videoSize.width,
        y: ((clientY - top) / height) * videoSize.height,
      });
    };
    const onPress = (event: PointerEvent) => {
      if (event.button !== 0) return;
      dragging = true;
      minimap.setPointerCapture(event.pointerId);
      panTo(event);
    };
    const onRelease = () => {
      dragging = false;
      this.#zoom.onGestureEnd();
    };
    minimap.addEventListener("pointerdown", onPress, { signal });
    minimap.addEventListener("pointermove", (event) => dragging && panTo(event), { signal });
    minimap.addEventListener("lostpointercapture", onRelease, { signal });
    resetZoomButton.addEventListener("click", () => this.#zoom.setView(null), { signal });
    this.#video.addEventListener("timeupdate", () => void this.#updateThumbnail(), { signal });
  }

  /** Follows the view of the zoom. Hides the minimap while the full frame is visible. */
  update(): void {
    const { minimap, minimapViewport, zoomFactor, resetZoomButton } = this.#elements;
    const { videoSize, view, factor } = this.#zoom;
    const hidden = videoSize === null || view === null || coversFrame(view, videoSize);
    if (minimap.hidden && !hidden) void this.#updateThumbnail();
    minimap.hidden = hidden;
    resetZoomButton.hidden = hidden;
    if (hidden) return;
    const scale = MINIMAP_LONGER_SIDE / Math.max(videoSize.width, videoSize.height);
    minimap.style.width = `${Math.round(videoSize.width * scale)}px`;
    minimap.style.height = `${Math.round(videoSize.height * scale)}px`;
    minimapViewport.style.left = percentOf(view.x, videoSize.width);
    minimapViewport.style.top = percentOf(view.y, videoSize.height);
    minimapViewport.style.width = percentOf(view.width, videoSize.width);
    minimapViewport.style.height = percentOf(view.height, videoSize.height);
    zoomFactor.textContent = `${factor.toFixed(factor < 10 ? 1 : 0)}×`;
  }

  async #updateThumbnail(): Promise<void> {
    if (!this.#zoom.zoomed) return;
    const thumbnail = await this.#storyboard.thumbnailAt(this.#video.currentTime);
    if (thumbnail !== null) this.#storyboard.showThumbnail(this.#elements.thumbnail, thumbnail);
  }
}
