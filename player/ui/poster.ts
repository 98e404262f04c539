import { videoBaseUrl } from "../source/video-url.js";
import type { ControlContext } from "./control-context.js";

/**
 * The image over the video until playback or the first seek: the cover art or the frame that info.json prefers. It is shared by players of
 * all sizes, so the server decodes it once. Not the `poster` attribute of the inner video, because redrawing a paused
 * frame seeks, after which a browser hides its own poster.
 */
export class Poster {
  /** Whether playback has started or a seek has shown another frame. */
  #revealed = false;
  #visible = false;
  #context: ControlContext | null = null;

  /** Connects the poster until the signal of the context aborts. */
  connect(context: ControlContext): void {
    this.#context = context;
    const { host, on } = context;
    const reveal = () => {
      this.#revealed = true;
      this.update();
    };
    on(host, "playing seeking", reveal);
    on(host, "loadedmetadata loadeddata regionchange", () => this.update());
  }

  /** Shows the poster again, for another video. */
  reset(): void {
    this.#revealed = false;
    this.update();
  }

  /**
   * Shows or hides the poster. Call it when the video, the zoom or the `poster` attribute has changed.
   *
   * @param visible whether the player is on the screen: only then the server has to decode the poster
   */
  update(visible: boolean = this.#visible): void {
    this.#visible = visible;
    if (this.#context === null) return;
    const { host, layout, zoom } = this.#context;
    const path = host.info?.links.poster;
    const isCovered = this.#revealed || zoom.zoomed || host.hasAttribute("poster") || host.currentTime > 0;
    if (isCovered || path === undefined) {
      layout.poster.hidden = true;
      layout.poster.removeAttribute("src");
    } else if (visible) {
      layout.poster.src = new URL(path, videoBaseUrl(host.src)).href;
      layout.poster.hidden = false;
    }
  }
}
