import type { Size } from "../geometry/size.js";
import { Localizer, languageOf } from "../i18n/localizer.js";
import { Storyboard } from "../source/storyboard.js";
import { videoFolder } from "../source/video-url.js";
import { Minimap } from "../zoom/minimap.js";
import { Zoom } from "../zoom/zoom.js";
import { driveAutoHide } from "./auto-hide.js";
import { driveCaptions } from "./captions.js";
import { type ControlContext, label } from "./control-context.js";
import { showError } from "./error-panel.js";
import { driveHelp } from "./help.js";
import { driveKeys } from "./keys.js";
import type { Skin } from "./layout.js";
import { driveMediaSession } from "./media-session.js";
import { drivePlayButton } from "./play-button.js";
import type { PlayerHost } from "./player-host.js";
import { driveScreens } from "./screens.js";
import { driveSeekBar } from "./seek-bar.js";
import { driveSettings } from "./settings.js";
import { driveStatistics } from "./statistics.js";
import { toaster } from "./toast.js";
import { driveVolume } from "./volume.js";

export interface ControlsOptions {
  /** Another region is asked for. */
  onRegion(): void;
  /** The window of picture in picture has come, changed or gone. */
  onWindow(): void;
}

/** Everything that the viewer's hands reach, and the zoom; made once an element. */
export class Controls {
  readonly zoom: Zoom;
  /** The window of picture in picture in device pixels; null where there is none. */
  window: Size | null = null;
  readonly #options: ControlsOptions;
  readonly #host: PlayerHost;
  readonly #skin: Skin;
  readonly #words: Localizer;
  readonly #storyboard = new Storyboard();
  readonly #minimap: Minimap;

  constructor(host: PlayerHost, skin: Skin, options: ControlsOptions) {
    this.#options = options;
    this.#host = host;
    this.#skin = skin;
    this.#words = new Localizer(skin.stage);
    this.zoom = new Zoom(skin, {
      onRegion: () => options.onRegion(),
      onView: () => this.#showZoom(),
    });
    this.#minimap = new Minimap(skin, this.zoom, this.#storyboard, skin.video);
  }

  /** Begins to listen, until the signal aborts. */
  connect(signal: AbortSignal): void {
    const skin = this.#skin;
    const deck: ControlContext = {
      host: this.#host,
      skin,
      words: this.#words,
      zoom: this.zoom,
      storyboard: this.#storyboard,
      signal,
      on(target, types, handle) {
        for (const type of types.split(" ")) target.addEventListener(type, handle, { signal });
      },
      say: toaster(skin.toast, signal),
    };
    this.speak();
    this.zoom.connect(signal);
    this.#minimap.connect(signal);
    const playing = drivePlayButton(deck);
    const seekBar = driveSeekBar(deck, playing);
    const volume = driveVolume(deck);
    const screens = driveScreens(deck, (size) => {
      this.window = size;
      this.#options.onWindow();
    });
    const captions = driveCaptions(deck);
    const statistics = driveStatistics(deck);
    const menu = driveSettings(deck, captions, statistics, screens);
    const help = driveHelp(deck);
    driveKeys(deck, { playing, volume, screens, captions, statistics, menu, help });
    driveAutoHide(deck, playing, screens, () => seekBar.scrubbing || menu.open || help.open);
    driveMediaSession(deck, playing);
    this.#words.onChange(() => this.showError(), signal);
    deck.on(this.#host, "missing", () => deck.say(this.#words.text.missing));
    deck.on(skin.zoomTool, "click", () => {
      this.zoom.tool = !this.zoom.tool;
      this.#showTool();
    });
    signal.addEventListener("abort", () => this.#storyboard.use(null), { once: true });
  }

  /** Takes the words of the language around the element. */
  speak(): void {
    this.#words.use(languageOf(this.#host));
  }

  /** The host's error has changed. */
  showError(): void {
    showError(this.#skin, this.#words, this.#host.error);
  }

  /** Another video: what the attributes say holds again. */
  reset(): void {
    const factor = Number(this.#host.getAttribute("zoom") ?? 1);
    this.zoom.reset(this.#host.getAttribute("region"), factor > 1 ? factor : 1);
  }

  /** `region` or `zoom`; a bad value warns and changes nothing. */
  attributeChanged(name: "region" | "zoom", value: string | null): void {
    const factor = Number(value ?? 1);
    const good = name === "region" ? this.zoom.lookAtText(value) : factor > 0;
    if (name === "zoom" && good) this.zoom.zoomTo(factor);
    if (good) return;
    const rule = name === "region" ? "must be full, x,y,w,h or pct:x,y,w,h" : "must be a number from 1";
    console.warn(`<siedd-player ${name}="${value}">: ${rule}; the picture stays as it is.`);
  }

  /** The video's info.json has come. */
  infoKnown(): void {
    const { info, src } = this.#host;
    if (info === null) return;
    const { storyboard } = info.links;
    this.#storyboard.use(storyboard === undefined ? null : new URL(storyboard, videoFolder(src)).href);
    this.zoom.infoKnown(info);
  }

  #showZoom(): void {
    // A rectangle has been drawn: the next drag moves it.
    if (this.zoom.tool && this.zoom.zoomed) {
      this.zoom.tool = false;
      this.#showTool();
    }
    this.#skin.frame.toggleAttribute("data-pannable", this.zoom.zoomed);
    this.#minimap.show();
  }

  #showTool(): void {
    const { zoomTool, frame } = this.#skin;
    zoomTool.setAttribute("aria-pressed", String(this.zoom.tool));
    frame.toggleAttribute("data-tool", this.zoom.tool);
    label(zoomTool, this.zoom.tool ? "on" : "off", this.#words.text.zoomTool);
  }
}
