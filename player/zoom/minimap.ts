import { coversFrame } from "../geometry/region.js";
import type { Storyboard } from "../source/storyboard.js";
import type { Zoom } from "./zoom.js";

export interface MinimapElements {
  readonly minimap: HTMLElement;
  /** Shows the whole picture. */
  readonly thumbnail: HTMLElement;
  /** What is looked at. */
  readonly lens: HTMLElement;
  readonly fullFrame: HTMLButtonElement;
}

/** CSS pixels of the map, as many as a storyboard's thumbnail has. */
const MINIMAP_LONGER_SIDE = 160;

/** Shows where in the picture one is, and goes where it is pressed or dragged. */
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
    const { minimap, fullFrame } = this.#elements;
    let dragging = false;
    const go = ({ clientX, clientY }: PointerEvent) => {
      const { videoSize } = this.#zoom;
      if (videoSize === null) return;
      const { left, top, width, height } = minimap.getBoundingClientRect();
      this.#zoom.centerOn({
        x: ((clientX - left) / width) * videoSize.width,
        y: ((clientY - top) / height) * videoSize.height,
      });
    };
    minimap.addEventListener(
      "pointerdown",
      (event) => {
        if (event.button !== 0) return;
        dragging = true;
        minimap.setPointerCapture(event.pointerId);
        go(event);
      },
      { signal },
    );
    minimap.addEventListener("pointermove", (event) => dragging && go(event), { signal });
    minimap.addEventListener(
      "lostpointercapture",
      () => {
        dragging = false;
        this.#zoom.settle();
      },
      { signal },
    );
    fullFrame.addEventListener("click", () => this.#zoom.setView(null), { signal });
    this.#video.addEventListener("timeupdate", () => void this.#showThumbnail(), { signal });
  }

  /** After a change of what is looked at. */
  show(): void {
    const { minimap, lens, fullFrame } = this.#elements;
    const { videoSize, view, factor } = this.#zoom;
    const hidden = videoSize === null || view === null || coversFrame(view, videoSize);
    if (minimap.hidden && !hidden) void this.#showThumbnail();
    minimap.hidden = hidden;
    fullFrame.hidden = hidden;
    if (hidden) return;
    const share = (part: number, all: number) => `${((100 * part) / all).toFixed(3)}%`;
    const scale = MINIMAP_LONGER_SIDE / Math.max(videoSize.width, videoSize.height);
    minimap.style.width = `${Math.round(videoSize.width * scale)}px`;
    minimap.style.height = `${Math.round(videoSize.height * scale)}px`;
    lens.style.left = share(view.x, videoSize.width);
    lens.style.top = share(view.y, videoSize.height);
    lens.style.width = share(view.width, videoSize.width);
    lens.style.height = share(view.height, videoSize.height);
    fullFrame.firstChild!.textContent = `${factor.toFixed(factor < 10 ? 1 : 0)}×`;
  }

  async #showThumbnail(): Promise<void> {
    if (!this.#zoom.zoomed) return;
    const thumbnail = await this.#storyboard.thumbnailAt(this.#video.currentTime);
    if (thumbnail !== null) this.#storyboard.showThumbnail(this.#elements.thumbnail, thumbnail);
  }
}
