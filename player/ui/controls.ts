import type { PlayerError } from "../errors.js";
import type { Size } from "../geometry/size.js";
import { Localizer, resolveLanguage } from "../i18n/localizer.js";
import { Storyboard } from "../source/storyboard.js";
import { videoBaseUrl } from "../source/video-url.js";
import { Minimap } from "../zoom/minimap.js";
import { Zoom } from "../zoom/zoom.js";
import { setupAutoHide } from "./auto-hide.js";
import { setupCaptions } from "./captions.js";
import { setupCasting } from "./casting.js";
import { type ControlContext, createToast, setButtonState } from "./control-context.js";
import { setupFullscreen } from "./fullscreen.js";
import { setupHelp } from "./help.js";
import { setupKeyboard } from "./keyboard.js";
import type { Layout } from "./layout.js";
import { setupMediaSession } from "./media-session.js";
import { setupPictureInPicture } from "./picture-in-picture.js";
import { setupPlayButton } from "./play-button.js";
import type { PlayerHost } from "./player-host.js";
import { setupResolutionBadge } from "./resolution-badge.js";
import { setupSeekBar } from "./seek-bar.js";
import { setupSettings } from "./settings.js";
import { setupSpinner } from "./spinner.js";
import { setupStatistics } from "./statistics.js";
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
  /** Size of the picture-in-picture window in device pixels; null while there is none. */
  pipWindowSize: Size | null = null;
  readonly #options: ControlsOptions;
  readonly #host: PlayerHost;
  readonly #layout: Layout;
  readonly #localizer: Localizer;
  readonly #storyboard = new Storyboard();
  readonly #minimap: Minimap;

  constructor(host: PlayerHost, layout: Layout, options: ControlsOptions) {
    this.#options = options;
    this.#host = host;
    this.#layout = layout;
    this.#localizer = new Localizer(layout.stage);
    this.zoom = new Zoom(layout, {
      onRegion: () => options.onRegion(),
      onView: () => this.#onView(),
    });
    this.#minimap = new Minimap(layout, this.zoom, this.#storyboard, layout.video);
  }

  /** Adds all listeners, until the signal aborts. */
  connect(signal: AbortSignal): void {
    const layout = this.#layout;
    const context: ControlContext = {
      host: this.#host,
      layout,
      localizer: this.#localizer,
      zoom: this.zoom,
      storyboard: this.#storyboard,
      signal,
      on(target, types, handle) {
        for (const type of types.split(" ")) target.addEventListener(type, handle, { signal });
      },
      showToast: createToast(layout.toast, signal),
    };
    this.updateLanguage();
    this.zoom.connect(signal);
    this.#minimap.connect(signal);
    this.#setupControls(context);
    this.#localizer.onChange(() => this.updateError(), signal);
    context.on(this.#host, "missing", () => context.showToast(this.#localizer.strings.partUnavailable));
    context.on(layout.zoomToolButton, "click", () => {
      this.zoom.zoomToolActive = !this.zoom.zoomToolActive;
      this.#updateZoomTool();
    });
    signal.addEventListener("abort", () => this.#storyboard.setUrl(null), { once: true });
  }

  #setupControls(context: ControlContext): void {
    const playControl = setupPlayButton(context);
    setupResolutionBadge(context);
    setupSpinner(context);
    const seekBar = setupSeekBar(context, playControl);
    const volume = setupVolume(context);
    const fullscreen = setupFullscreen(context);
    const pictureInPicture = setupPictureInPicture(context, (size) => {
      this.pipWindowSize = size;
      this.#options.onPipResize();
    });
    setupCasting(context);
    const captions = setupCaptions(context);
    const statistics = setupStatistics(context);
    const menu = setupSettings(context, { captions, statistics, pictureInPicture });
    const help = setupHelp(context);
    setupKeyboard(context, { playControl, volume, fullscreen, pictureInPicture, captions, statistics, help });
    const autoHide = setupAutoHide(context, () => seekBar.scrubbing || menu.open || help.open);
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

  /** Applies the info.json of the video. */
  onInfoLoaded(): void {
    const { info, src } = this.#host;
    if (info === null) return;
    const { storyboard } = info.links;
    this.#storyboard.setUrl(storyboard === undefined ? null : new URL(storyboard, videoBaseUrl(src)).href);
    this.zoom.setVideoSize(info);
  }

  #onView(): void {
    // A drawn selection turns the zoom tool off, so that the next drag pans.
    if (this.zoom.zoomToolActive && this.zoom.zoomed) {
      this.zoom.zoomToolActive = false;
      this.#updateZoomTool();
    }
    this.#layout.videoContainer.toggleAttribute("data-pannable", this.zoom.zoomed);
    this.#minimap.update();
  }

  #updateZoomTool(): void {
    const { zoomToolButton, videoContainer } = this.#layout;
    const active = this.zoom.zoomToolActive;
    zoomToolButton.setAttribute("aria-pressed", String(active));
    videoContainer.toggleAttribute("data-tool", active);
    setButtonState(zoomToolButton, active ? "on" : "off", this.#localizer.strings.zoomTool);
  }
}
