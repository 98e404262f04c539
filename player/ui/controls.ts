import type { Size } from "../geometry/size.js";
import { Localizer, resolveLanguage } from "../i18n/localizer.js";
import { Storyboard } from "../source/storyboard.js";
import { videoBaseUrl } from "../source/video-url.js";
import { Minimap } from "../zoom/minimap.js";
import { Zoom } from "../zoom/zoom.js";
import { setupAutoHide } from "./auto-hide.js";
import { setupCaptions } from "./captions.js";
import { type ControlContext, setButtonState } from "./control-context.js";
import { showError } from "./error-panel.js";
import { setupHelp } from "./help.js";
import { setupKeys } from "./keys.js";
import type { Layout } from "./layout.js";
import { setupMediaSession } from "./media-session.js";
import { setupPlayButton } from "./play-button.js";
import type { PlayerHost } from "./player-host.js";
import { setupScreens } from "./screens.js";
import { setupSeekBar } from "./seek-bar.js";
import { setupSettings } from "./settings.js";
import { setupStatistics } from "./statistics.js";
import { createToast } from "./toast.js";
import { setupVolume } from "./volume.js";

export interface ControlsOptions {
  /** Another region is asked for. */
  onRegion(): void;
  /** The window of picture in picture has come, changed or gone. */
  onPipResize(): void;
}

/** Everything that the viewer's hands reach, and the zoom; made once an element. */
export class Controls {
  readonly zoom: Zoom;
  /** The window of picture in picture in device pixels; null where there is none. */
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
      onView: () => this.#showZoom(),
    });
    this.#minimap = new Minimap(layout, this.zoom, this.#storyboard, layout.video);
  }

  /** Begins to listen, until the signal aborts. */
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
    const playing = setupPlayButton(context);
    const seekBar = setupSeekBar(context, playing);
    const volume = setupVolume(context);
    const screens = setupScreens(context, (size) => {
      this.pipWindowSize = size;
      this.#options.onPipResize();
    });
    const captions = setupCaptions(context);
    const statistics = setupStatistics(context);
    const menu = setupSettings(context, captions, statistics, screens);
    const help = setupHelp(context);
    setupKeys(context, { playing, volume, screens, captions, statistics, menu, help });
    setupAutoHide(context, playing, screens, () => seekBar.scrubbing || menu.open || help.open);
    setupMediaSession(context, playing);
    this.#localizer.onChange(() => this.showError(), signal);
    context.on(this.#host, "missing", () => context.showToast(this.#localizer.strings.missing));
    context.on(layout.zoomTool, "click", () => {
      this.zoom.zoomToolActive = !this.zoom.zoomToolActive;
      this.#showTool();
    });
    signal.addEventListener("abort", () => this.#storyboard.setUrl(null), { once: true });
  }

  /** Takes the words of the language around the element. */
  updateLanguage(): void {
    this.#localizer.setLanguage(resolveLanguage(this.#host));
  }

  /** The host's error has changed. */
  showError(): void {
    showError(this.#layout, this.#localizer, this.#host.error);
  }

  /** Another video: what the attributes say holds again. */
  reset(): void {
    const factor = Number(this.#host.getAttribute("zoom") ?? 1);
    this.zoom.reset(this.#host.getAttribute("region"), factor > 1 ? factor : 1);
  }

  /** `region` or `zoom`; a bad value warns and changes nothing. */
  attributeChanged(name: "region" | "zoom", value: string | null): void {
    const factor = Number(value ?? 1);
    const good = name === "region" ? this.zoom.setRegionText(value) : factor > 0;
    if (name === "zoom" && good) this.zoom.zoomTo(factor);
    if (good) return;
    const rule = name === "region" ? "must be full, x,y,w,h or pct:x,y,w,h" : "must be a number from 1";
    console.warn(`<siedd-player ${name}="${value}">: ${rule}; the picture stays as it is.`);
  }

  /** The video's info.json has come. */
  onInfoLoaded(): void {
    const { info, src } = this.#host;
    if (info === null) return;
    const { storyboard } = info.links;
    this.#storyboard.setUrl(storyboard === undefined ? null : new URL(storyboard, videoBaseUrl(src)).href);
    this.zoom.setVideoSize(info);
  }

  #showZoom(): void {
    // A rectangle has been drawn: the next drag moves it.
    if (this.zoom.zoomToolActive && this.zoom.zoomed) {
      this.zoom.zoomToolActive = false;
      this.#showTool();
    }
    this.#layout.frame.toggleAttribute("data-pannable", this.zoom.zoomed);
    this.#minimap.show();
  }

  #showTool(): void {
    const { zoomTool, frame } = this.#layout;
    zoomTool.setAttribute("aria-pressed", String(this.zoom.zoomToolActive));
    frame.toggleAttribute("data-tool", this.zoom.zoomToolActive);
    setButtonState(zoomTool, this.zoom.zoomToolActive ? "on" : "off", this.#localizer.strings.zoomTool);
  }
}
