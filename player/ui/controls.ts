import type { PlayerError } from "../errors.js";
import type { Size } from "../geometry/size.js";
import { Localizer, resolveLanguage } from "../i18n/localizer.js";
import { Zoom } from "../zoom/zoom.js";
import { setupAutoHide } from "./auto-hide.js";
import { setupCaptions } from "./captions.js";
import { setupCasting } from "./casting.js";
import { type ControlContext, createToast, setButtonState } from "./control-context.js";
import { setupFullscreen } from "./fullscreen.js";
import { setupKeyboard } from "./keyboard.js";
import type { Layout } from "./layout.js";
import { type LazyPanels, setupLazyPanels } from "./lazy-panels.js";
import { setupMediaSession } from "./media-session.js";
import { setupPictureInPicture } from "./picture-in-picture.js";
import { setupPlayButton } from "./play-button.js";
import type { PlayerHost } from "./player-host.js";
import { Poster } from "./poster.js";
import { setupResolutionBadge } from "./resolution-badge.js";
import { setupSeekBar } from "./seek-bar.js";
import { setupSpinner } from "./spinner.js";
import { setupTapGestures } from "./tap-gestures.js";
import { setupVolume } from "./volume.js";

export interface ControlsOptions {
  /** The requested region has changed. */
  onRegion(): void;
  /** The picture-in-picture window has opened, closed or changed its size. */
  onPipResize(): void;
}

/** Wraps text in a first-strong isolate (FSI ... PDI, unicode.org/reports/tr9): a URL keeps its order in Arabic. */
const isolate = (text: string) => `\u2068${text}\u2069`;

/** The controls, the zoom and the error message of one player element. */
export class Controls {
  readonly zoom: Zoom;
  readonly poster = new Poster();
  /** Size of the picture-in-picture window in device pixels; null while there is none. */
  pipWindowSize: Size | null = null;
  readonly #options: ControlsOptions;
  readonly #host: PlayerHost;
  readonly #layout: Layout;
  readonly #localizer: Localizer;
  #panels: LazyPanels | null = null;

  constructor(host: PlayerHost, layout: Layout, options: ControlsOptions) {
    this.#options = options;
    this.#host = host;
    this.#layout = layout;
    this.#localizer = new Localizer(layout.stage);
    this.zoom = new Zoom(layout, {
      onRegion: () => options.onRegion(),
      onView: () => this.#onView(),
    });
  }

  /** Adds all listeners, until the signal aborts. */
  connect(signal: AbortSignal): void {
    const layout = this.#layout;
    const context: ControlContext = {
      host: this.#host,
      layout,
      localizer: this.#localizer,
      zoom: this.zoom,
      signal,
      on(target, types, handle) {
        for (const type of types.split(" ")) target.addEventListener(type, handle, { signal });
      },
      showToast: createToast(layout.toast, signal),
    };
    this.updateLanguage();
    this.zoom.connect(signal);
    this.#setupControls(context);
    this.#onView();
    this.#localizer.onChange(() => this.updateError(), signal);
    context.on(this.#host, "missing", () => context.showToast(this.#localizer.strings.partUnavailable));
    context.on(layout.zoomToolButton, "click", () => {
      this.zoom.zoomToolActive = !this.zoom.zoomToolActive;
      this.#updateZoomTool();
    });
  }

  #setupControls(context: ControlContext): void {
    this.poster.connect(context);
    const playControl = setupPlayButton(context);
    setupResolutionBadge(context);
    setupSpinner(context);
    const volume = setupVolume(context);
    const fullscreen = setupFullscreen(context);
    const pictureInPicture = setupPictureInPicture(context, (size) => {
      this.pipWindowSize = size;
      this.#options.onPipResize();
    });
    setupCasting(context);
    const captions = setupCaptions(context);
    const panels = setupLazyPanels(context, { captions, pictureInPicture });
    this.#panels = panels;
    const seekBar = setupSeekBar(context, playControl, panels);
    setupKeyboard(context, { playControl, volume, fullscreen, pictureInPicture, captions, panels });
    const autoHide = setupAutoHide(context, () => seekBar.scrubbing || panels.open);
    setupTapGestures(context, { playControl, fullscreen, autoHide });
    setupMediaSession(context, playControl);
  }

  /** Switches to the language of the element. */
  updateLanguage(): void {
    this.#localizer.setLanguage(resolveLanguage(this.#host));
  }

  /** Shows the error of the host in the viewer's language, or hides the message if there is none. */
  updateError(): void {
    const { errorPanel, errorMessage, spinner, bigPlayButton, stage } = this.#layout;
    const error: PlayerError | null = this.#host.error;
    errorPanel.hidden = error === null;
    errorMessage.textContent =
      error?.localizedMessage(this.#localizer.strings, stage.dir === "rtl" ? isolate : undefined) ?? "";
    if (error === null) return;
    spinner.hidden = true;
    bigPlayButton.hidden = true;
    delete stage.dataset.idle;
  }

  /** Resets the zoom to the attributes, for another video. */
  reset(): void {
    const factor = Number(this.#host.getAttribute("zoom") ?? 1);
    this.zoom.reset(this.#host.getAttribute("region"), factor > 1 ? factor : 1);
    this.poster.reset();
  }

  /** Applies the `region` or `zoom` attribute. An invalid value warns and changes nothing. */
  attributeChanged(name: "region" | "zoom", value: string | null): void {
    const factor = Number(value ?? 1);
    const valid = name === "region" ? this.zoom.setRegionText(value) : factor > 0;
    if (name === "zoom" && valid) this.zoom.zoomTo(factor);
    if (valid) return;
    const rule = name === "region" ? "must be full, x,y,w,h or pct:x,y,w,h" : "must be a number >= 1";
    console.warn(`<siedd-player ${name}="${value}">: ${rule}; ignored.`);
  }

  /** Shows the `video-title` attribute. */
  updateTitle(): void {
    this.#layout.title.textContent = this.#host.getAttribute("video-title");
  }

  /** Applies the info.json of the video. */
  onInfoLoaded(): void {
    const { info } = this.#host;
    if (info !== null) this.zoom.setVideoSize(info);
    this.poster.update();
  }

  #onView(): void {
    // A drawn selection turns the zoom tool off, so that the next drag pans.
    if (this.zoom.zoomToolActive && this.zoom.zoomed) {
      this.zoom.zoomToolActive = false;
      this.#updateZoomTool();
    }
    this.#layout.videoContainer.toggleAttribute("data-pannable", this.zoom.zoomed);
    // Without controls the minimap is hidden.
    if (this.#host.controls && (this.zoom.zoomed || !this.#layout.minimap.hidden))
      this.#panels?.enhance(({ minimap }) => minimap.update());
  }

  #updateZoomTool(): void {
    const { zoomToolButton, videoContainer } = this.#layout;
    const active = this.zoom.zoomToolActive;
    zoomToolButton.setAttribute("aria-pressed", String(active));
    videoContainer.toggleAttribute("data-tool", active);
    setButtonState(zoomToolButton, active ? "on" : "off", this.#localizer.strings.zoomTool);
  }
}
