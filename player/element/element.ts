import Hls from "hls.js";
import type { PlayerError } from "../errors.js";
import type { Size } from "../geometry/size.js";
import { PausedFrame } from "../playback/paused-frame.js";
import type { Transport } from "../playback/transport.js";
import { Session } from "../session/session.js";
import type { PlayerVideoInfo } from "../source/video-info.js";
import { videoBaseUrl } from "../source/video-url.js";
import { Controls } from "../ui/controls.js";
import { buildLayout, type Layout } from "../ui/layout.js";
import type { SieddPlayerCustomEventMap, SieddPlayerEventMap } from "./events.js";
import { VIDEO_ATTRIBUTES } from "./media-element.js";
import { observeVisibility } from "./observe-visibility.js";
import { objectFit, observeFit, PlayerOptionsElement } from "./player-options.js";
import { SessionController } from "./session-controller.js";
import { EmbeddedTextTracks, TextTrackMirror } from "./text-tracks.js";
import { offerAudioTracks, offerRenditions } from "./tracks.js";

/**
 * `<siedd-player src=".../movie">`: plays a video at exactly the pixel size that it covers on screen, and adapts when
 * that changes. It has the members and events of a video element. docs/reference/element.md lists its attributes,
 * custom properties and parts.
 */
export class SieddPlayerElement extends PlayerOptionsElement {
  static readonly observedAttributes = [
    "src",
    "mode",
    "max-width",
    "max-height",
    "quality",
    "region",
    "zoom",
    "lang",
    "video-title",
    "nocontrols",
    ...VIDEO_ATTRIBUTES,
  ] as const;

  readonly #layout: Layout = buildLayout(this.attachShadow({ mode: "open" }));
  protected readonly video = this.#layout.video;
  // Only for hls.js: native HLS shows the last frame by itself, and direct mode draws it.
  protected readonly pausedFrame = new PausedFrame(this.video, () => (this.hls === null ? null : this.info));
  readonly #controls: Controls = new Controls(this, this.#layout, {
    onRegion: () => this.#onRegion(),
    onPipResize: () => this.#session?.updateSize(),
  });
  readonly #sessions = new SessionController((signal) => this.#createSession(signal));
  readonly #trackMirror = new TextTrackMirror(this, this.video);
  readonly #embeddedTracks = new EmbeddedTextTracks(this.video);
  #connection: AbortController | null = null;
  #error: PlayerError | null = null;
  /** Whether the element is on the screen. */
  #visible = false;
  /** Position at the last `timeupdate`, in seconds. */
  #lastPosition = 0;
  /** Whether playback continues once the element is connected in another document. */
  #resumes = false;

  get #session(): Session | null {
    return this.#sessions.session;
  }

  /** URL of the loaded video; empty while none is loaded. */
  get currentSrc(): string {
    return this.#session === null ? "" : this.src;
  }
  /** The requested region: `full`, or `x,y,w,h` in source pixels. Also accepts `pct:x,y,w,h`. */
  get region(): string {
    return this.#controls.zoom.regionText;
  }
  set region(region: string) {
    this.setAttribute("region", region);
  }
  /** Zoom factor, 1 to 32. Setting it keeps the center of the view. */
  get zoom(): number {
    return this.#controls.zoom.factor;
  }
  set zoom(factor: number) {
    this.setAttribute("zoom", String(factor));
  }
  /** Size, duration, frame rate and limits of the video; null before info.json has loaded. */
  get info(): PlayerVideoInfo | null {
    return this.#session?.info ?? null;
  }
  /** The requested size in output pixels; null before the video and the layout are known. */
  get requestedSize(): Size | null {
    return this.#session?.requestedSize ?? null;
  }
  /**
   * Width of the decoded frame on screen, in pixels. Before the first frame of the elastic rendition, whose metadata
   * contains the largest possible size, this is the requested width.
   */
  override get videoWidth(): number {
    return this.#shownSize.width;
  }
  /** Height of the frame on screen; see `videoWidth`. */
  override get videoHeight(): number {
    return this.#shownSize.height;
  }
  get #shownSize(): Size {
    const { readyState, videoWidth: width, videoHeight: height } = this.video;
    const isLargest = this.transport === "elastic" && readyState === this.HAVE_METADATA;
    if (width > 0 && !isLargest) return { width, height };
    return this.requestedSize ?? this.info ?? { width, height };
  }
  /** How the video is delivered; null before playback starts. */
  get transport(): Transport | null {
    return this.#session?.transport ?? null;
  }
  /** The hls.js instance; null before playback starts, and with native HLS or in direct mode. */
  get hls(): Hls | null {
    return this.#session?.hls ?? null;
  }
  /** Why the video does not play; null without an error. */
  get error(): PlayerError | null {
    return this.#error;
  }

  /** Playback position in seconds. It may be set before the video is loaded. */
  override get currentTime(): number {
    return this.#session?.started ? super.currentTime : this.#sessions.startAt;
  }
  override set currentTime(seconds: number) {
    if (this.#session?.started) super.currentTime = seconds;
    else {
      this.#sessions.startAt = Math.max(0, Number(seconds) || 0);
      if (this.info !== null) this.#session?.requestFrames();
    }
  }

  /** Starts playback, as on a video element. It may be called before the video is loaded. */
  override async play(): Promise<void> {
    await this.#sessions.waitUntilStarted();
    await this.#playVideo();
  }
  override pause(): void {
    this.#sessions.cancelPlay();
    this.video.pause();
  }

  /** The text tracks of the children, of `addTextTrack` and of the video. */
  get textTracks(): TextTrackList {
    this.#trackMirror.sync();
    return this.video.textTracks;
  }

  /** Reloads the video from the start, at the default playback rate. */
  load(): void {
    this.#embeddedTracks.clear();
    this.#sessions.startAt = 0;
    this.playbackRate = this.defaultPlaybackRate;
    this.#load();
  }

  override addEventListener<K extends keyof SieddPlayerEventMap>(
    type: K,
    listener: (this: SieddPlayerElement, event: SieddPlayerEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    // biome-ignore lint/suspicious/noExplicitAny: one implementation for both signatures above
    listener: any,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
  }

  connectedCallback(): void {
    // The element was moved: disconnectedCallback has not disposed of anything yet.
    if (this.#connection !== null) return;
    this.upgradeProperties();
    this.#connection = new AbortController();
    const { signal } = this.#connection;
    this.forwardEvents(signal);
    observeFit(this, () => this.#session?.updateSize(), signal);
    this.#trackMirror.connect(signal);
    this.#controls.connect(signal);
    observeVisibility(this, (visible) => this.#onVisibility(visible), signal);
    this.#layout.retryButton.addEventListener("click", () => this.#retry(), { signal });
    signal.addEventListener("abort", () => this.#sessions.close(), { once: true });
    const recordPosition = () => {
      this.#lastPosition = this.currentTime;
    };
    this.video.addEventListener("timeupdate", recordPosition, { signal });
    this.#load();
    if (this.#resumes) this.play().catch(() => undefined);
    this.#resumes = false;
  }

  /** Moves the player to another document: an iframe, a popup, document picture-in-picture. Playback continues there. */
  adoptedCallback(): void {
    this.#layout.adoptStyles();
    this.#resumes = this.#connection !== null && !this.paused;
    if (this.#connection === null) return;
    // Browsers reset a video when they move it.
    const position = this.currentTime || this.#lastPosition;
    this.#dispose();
    this.#sessions.startAt = position;
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (!this.isConnected) this.#dispose();
    });
  }

  attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    // The viewer can change region and zoom without the attributes, so setting the same value again must reset them.
    if (name === "region" || name === "zoom") {
      this.#controls.attributeChanged(name, value);
      return;
    }
    if (before === value) return;
    switch (name) {
      case "lang":
        this.#controls.updateLanguage();
        break;
      case "video-title":
        this.#controls.updateTitle();
        break;
      case "src":
        this.#controls.reset();
        this.load();
        break;
      case "mode":
        this.parseModeAttribute(value);
        if (this.#session !== null) this.#retry(false);
        break;
      case "max-width":
      case "max-height":
        this.parseMaxSide(name, value);
        this.#session?.updateSize();
        break;
      case "quality":
        this.parseQualityAttribute(value);
        this.#session?.updateSize();
        break;
      case "preload":
      case "autoplay":
        this.forwardAttribute(name, value);
        this.#session?.update();
        break;
      case "nocontrols":
        break;
      default:
        this.forwardAttribute(name, value);
    }
  }

  async #playVideo(): Promise<void> {
    try {
      await super.play();
    } catch (error) {
      // A new source of the same video aborts play(). Only pause() or another video cancels playback.
      if ((error as Error).name !== "AbortError" || this.video.paused) throw error;
      await this.#playVideo();
    }
  }

  #load(): void {
    this.#sessions.close();
    this.#setError(null);
    this.metadataAnnounced = false;
    // With preload="none", play() opens the session.
    if (this.preload !== "none" || this.autoplay) this.#sessions.open();
  }

  #createSession(signal: AbortSignal): Session | null {
    const { src } = this;
    if (this.#connection === null || src === "") return null;
    const { zoom } = this.#controls;
    return new Session(
      {
        src,
        mode: this.mode,
        video: this.video,
        pausedFrame: this.pausedFrame,
        container: this.video,
        objectFit: () => objectFit(this),
        pipWindowSize: () => this.#controls.pipWindowSize,
        startAt: () => this.#sessions.startAt,
        maxSize: () => this.maxSize,
        region: () => zoom.requestedRegion,
        fixedHeight: () => (this.quality === "auto" ? null : this.quality),
        isVisible: () => this.#visible,
        preloadsFrames: () => this.#preloadsFrames,
        buffersAhead: () => this.preload === "auto" || this.autoplay,
        onFillsContainer: (fills) => this.#layout.stage.toggleAttribute("data-fits", fills),
        onInfo: (info) => {
          this.#layout.setVideoSize(info);
          this.#controls.onInfoLoaded();
          // The browser itself shows those of the HLS that it plays.
          const tracks = Hls.isSupported() ? info.textTracks : [];
          this.#embeddedTracks.set(tracks, videoBaseUrl(src), signal);
          if (this.videoRenditions.length === 0) offerRenditions(this, info, signal);
        },
        onMetadata: () => this.announceMetadata(),
        onHls: (hls, playback) => offerAudioTracks(this, hls, playback),
        onRequestedSize: (size) => this.#dispatch("sizechange", size),
        onSegment: (segment) => {
          zoom.addSegment(segment);
          this.#dispatch("segment", segment);
        },
        onMissing: (range) => this.#dispatch("missing", range),
        onFramePainted: (region) => zoom.onFramePainted(region),
        onReload: (position, playing) => {
          this.#sessions.startAt = position;
          if (playing) this.play().catch(() => undefined);
        },
        onError: (error) => this.#setError(error),
      },
      signal,
    );
  }

  /** Muted autoplay waits until the element is visible, as in browsers. */
  get #preloadsFrames(): boolean {
    if (this.autoplay && !this.muted) return true;
    return this.#visible && (this.preload !== "none" || this.autoplay || this.#sessions.startAt > 0);
  }

  #onVisibility(visible: boolean): void {
    this.#visible = visible;
    this.#controls.poster.update(visible);
    this.#session?.update();
  }

  #onRegion(): void {
    // With native HLS, another region is another stream, and the video has no frame until that stream plays.
    if (this.transport === "native") this.#controls.zoom.holdFrame();
    this.#session?.updateSize();
    const { region, zoom } = this;
    this.#dispatch("regionchange", { region, zoom });
  }

  /** Reloads the video at the current position. */
  #retry(focus = true): void {
    const playing = !this.video.paused;
    this.#sessions.startAt = this.currentTime;
    this.#load();
    if (this.#session === null) this.#sessions.open();
    if (playing) this.play().catch(() => undefined);
    if (focus) this.#layout.stage.focus({ preventScroll: true });
  }

  /** Releases everything that connecting acquired: requests, timers, observers and listeners. */
  #dispose(): void {
    this.#sessions.startAt = this.currentTime;
    this.video.pause();
    this.#connection?.abort();
    this.#connection = null;
  }

  #setError(error: PlayerError | null): void {
    this.#error = error;
    this.#controls.updateError();
    if (error !== null) this.dispatchEvent(new Event("error"));
  }

  #dispatch<K extends keyof SieddPlayerCustomEventMap>(
    type: K,
    detail: SieddPlayerCustomEventMap[K]["detail"],
  ): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
