import type Hls from "hls.js";
import type { PlayerError } from "../errors.js";
import type { Size } from "../geometry/size.js";
import { PausedFrame } from "../playback/paused-frame.js";
import type { LoadedSegment } from "../playback/segment.js";
import type { MissingRange, Transport } from "../playback/transport.js";
import type { PlayerMode } from "../session/open-video.js";
import { Session } from "../session/session.js";
import type { PlayerVideoInfo } from "../source/video-info.js";
import { Controls } from "../ui/controls.js";
import { buildLayout, type Layout } from "../ui/layout.js";
import { parseCap, parseMode, parseQuality, parseSource } from "./attributes.js";
import { MediaElement, VIDEO_ATTRIBUTES } from "./media-element.js";
import { objectFit, observeFit } from "./object-fit.js";
import { mirrorTextTracks, offerAudioTracks, offerRenditions } from "./tracks.js";

/** Events that the element adds to those of a media element. */
export interface SieddPlayerCustomEventMap {
  /** The size to ask for has changed: output pixels. */
  sizechange: CustomEvent<Size>;
  /** A segment of the picture has arrived. */
  segment: CustomEvent<LoadedSegment>;
  /** A part of the video cannot be had, and is left out: from and to in seconds. */
  missing: CustomEvent<MissingRange>;
  /** Another part of the picture is asked for: as in the attribute `region`, and how many times enlarged. */
  regionchange: CustomEvent<{ readonly region: string; readonly zoom: number }>;
}

/** Events of the element: those of a media element, and its own. */
export interface SieddPlayerEventMap extends HTMLVideoElementEventMap, SieddPlayerCustomEventMap {}

/**
 * `<siedd-player src=".../movie">`: plays a video at exactly the pixels it takes up on the screen, and follows
 * when they change. It has the members and events of a video; docs/player.md lists its attributes, custom
 * properties and parts.
 */
export class SieddPlayerElement extends MediaElement {
  static readonly observedAttributes = [
    "src",
    "mode",
    "max-width",
    "max-height",
    "quality",
    "region",
    "zoom",
    "lang",
    "nocontrols",
    ...VIDEO_ATTRIBUTES,
  ] as const;

  readonly #layout: Layout = buildLayout(this.attachShadow({ mode: "open" }));
  protected readonly video = this.#layout.video;
  // Who plays HLS by itself shows the last frame by itself, and in direct mode it is painted.
  protected readonly pausedFrame = new PausedFrame(this.video, () => (this.hls === null ? null : this.info));
  readonly #controls = new Controls(this, this.#layout, {
    onRegion: () => {
      // There another region is another stream, and until it plays the video has no picture.
      if (this.transport === "native") this.#controls.zoom.holdFrame();
      this.#session?.updateSize();
      const { region, zoom } = this;
      this.#dispatch("regionchange", { region, zoom });
    },
    onPipResize: () => this.#session?.updateSize(),
  });
  #connection: AbortController | null = null;
  #loading: AbortController | null = null;
  #session: Session | null = null;
  #error: PlayerError | null = null;
  #cap: Size = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };
  #mode: PlayerMode = "server";
  #quality: number | "auto" = "auto";
  #playOnStart = false;
  /** Where the video begins once it plays, in seconds: where it was when the element left the document. */
  #startAt = 0;

  /** Address of the video: the folder that holds its info.json. */
  get src(): string {
    return parseSource(this.getAttribute("src"), document.baseURI) ?? "";
  }
  set src(address: string) {
    this.setAttribute("src", address);
  }
  /** Address of the video that is loaded; empty where none is. */
  get currentSrc(): string {
    return this.#session === null ? "" : this.src;
  }
  get mode(): PlayerMode {
    return this.#mode;
  }
  set mode(mode: PlayerMode) {
    this.setAttribute("mode", mode);
  }
  /** Output pixels; `Infinity` is no cap. */
  get maxWidth(): number {
    return this.#cap.width;
  }
  set maxWidth(pixels: number) {
    this.#setCap("max-width", pixels);
  }
  get maxHeight(): number {
    return this.#cap.height;
  }
  set maxHeight(pixels: number) {
    this.#setCap("max-height", pixels);
  }
  /** Rows of output pixels to compute, whatever the screen shows; `auto` follows the screen. */
  get quality(): number | "auto" {
    return this.#quality;
  }
  set quality(quality: number | "auto") {
    if (quality === "auto") this.removeAttribute("quality");
    else this.setAttribute("quality", String(quality));
  }
  /** The part of the picture asked for: `full`, or `x,y,w,h` in source pixels; `pct:x,y,w,h` may be set too. */
  get region(): string {
    return this.#controls.zoom.regionText;
  }
  set region(region: string) {
    this.setAttribute("region", region);
  }
  /** How many times the picture is enlarged, from 1 to 32; setting it keeps the middle of what is looked at. */
  get zoom(): number {
    return this.#controls.zoom.factor;
  }
  set zoom(factor: number) {
    this.setAttribute("zoom", String(factor));
  }
  /** What is known of the video; null before its info.json has come. */
  get info(): PlayerVideoInfo | null {
    return this.#session?.info ?? null;
  }
  /** Whether its own controls are there; not so as the medium of another player, in its slot `media`. */
  get controls(): boolean {
    return !this.hasAttribute("nocontrols") && this.slot !== "media";
  }
  set controls(shown: boolean) {
    this.toggleAttribute("nocontrols", !shown);
  }
  /** The size being asked for, in output pixels; null before the video and the layout are known. */
  get requestedSize(): Size | null {
    return this.#session?.requestedSize ?? null;
  }
  /**
   * Pixels of the picture on screen, as they were computed. Before the first one is there, the elastic
   * rendition's video names the largest size that there could be: that asked for is the honest answer.
   */
  override get videoWidth(): number {
    return this.#shownSize.width;
  }
  override get videoHeight(): number {
    return this.#shownSize.height;
  }
  get #shownSize(): Size {
    const { readyState, videoWidth: width, videoHeight: height } = this.video;
    const known = this.transport !== "elastic" || readyState !== HTMLMediaElement.HAVE_METADATA;
    return known ? { width, height } : (this.requestedSize ?? { width, height });
  }
  /** How the video reaches the video; null before it plays. */
  get transport(): Transport | null {
    return this.#session?.transport ?? null;
  }
  /** The hls.js underneath; null before it plays, and where the browser plays HLS itself. */
  get hls(): Hls | null {
    return this.#session?.hls ?? null;
  }
  /** Why nothing plays; null while all is well. */
  get error(): PlayerError | null {
    return this.#error;
  }

  /** Seconds; may be set before the video is known. */
  override get currentTime(): number {
    return this.#session?.started ? super.currentTime : this.#startAt;
  }
  override set currentTime(seconds: number) {
    if (this.#session?.started) super.currentTime = seconds;
    else this.#startAt = Math.max(0, Number(seconds) || 0);
  }

  /** As on a video; may be called before the video is known. */
  override async play(): Promise<void> {
    if (this.#session === null) this.#open();
    const session = this.#session as Session | null;
    if (session !== null && !session.started) {
      this.#playOnStart = true;
      const failure = await session.whenStarted;
      if (failure !== null) throw failure;
      if (session !== this.#session || !this.#playOnStart) {
        throw new DOMException("Playing was interrupted by pause() or by another video.", "AbortError");
      }
    }
    await this.#playVideo();
  }
  override pause(): void {
    this.#playOnStart = false;
    this.video.pause();
  }

  /** Loads the video again, from the start and at the default rate. */
  load(): void {
    this.#startAt = 0;
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
    // Moved within the document: the callback for leaving has not ended anything yet.
    if (this.#connection !== null) return;
    this.upgradeProperties();
    this.#connection = new AbortController();
    const { signal } = this.#connection;
    this.forwardEvents(signal);
    observeFit(this, () => this.#session?.updateSize(), signal);
    mirrorTextTracks(this, this.video, signal);
    this.#controls.connect(signal);
    this.#layout.retryButton.addEventListener("click", () => this.#retry(), { signal });
    signal.addEventListener("abort", () => this.#loading?.abort(), { once: true });
    this.#load();
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (!this.isConnected) this.#dispose();
    });
  }

  attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    // Zooming by hand does not change the attributes: the same value set again means it.
    if (name === "region" || name === "zoom") {
      this.#controls.attributeChanged(name, value);
      return;
    }
    if (before === value) return;
    if (name === "lang") {
      this.#controls.updateLanguage();
    } else if (name === "src") {
      this.#controls.reset();
      this.load();
    } else if (name === "mode") {
      this.#mode = parseMode(value);
      if (this.#session !== null) this.#retry(false);
    } else if (name === "max-width" || name === "max-height") {
      const pixels = parseCap(name, value);
      this.#cap = name === "max-width" ? { ...this.#cap, width: pixels } : { ...this.#cap, height: pixels };
      this.#session?.updateSize();
    } else if (name === "quality") {
      this.#quality = parseQuality(value);
      for (const rendition of this.videoRenditions) rendition.selected = rendition.height === this.#quality;
      this.#session?.updateSize();
    } else if (name !== "nocontrols") {
      if (name === "muted") this.video.muted = value !== null;
      if (value === null) this.video.removeAttribute(name);
      else this.video.setAttribute(name, value);
    }
  }

  async #playVideo(): Promise<void> {
    try {
      await super.play();
    } catch (error) {
      // Another source has taken over and plays on: only a pause or another video ends what was asked for.
      if ((error as Error).name !== "AbortError" || this.video.paused) throw error;
      await this.#playVideo();
    }
  }

  #setCap(attribute: string, pixels: number): void {
    if (Number.isFinite(pixels)) this.setAttribute(attribute, String(pixels));
    else this.removeAttribute(attribute);
  }

  #load(): void {
    this.#loading?.abort();
    this.#loading = null;
    this.#session = null;
    this.#showError(null);
    // Who asks for nothing to be loaded ahead has it loaded by play().
    if (this.preload !== "none" || this.autoplay) this.#open();
  }

  #open(): void {
    const { src } = this;
    if (this.#connection === null || src === "") return;
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    this.#session = new Session(
      {
        src,
        mode: this.#mode,
        video: this.video,
        pausedFrame: this.pausedFrame,
        container: this.video,
        objectFit: () => objectFit(this),
        pipWindowSize: () => this.#controls.pipWindowSize,
        startAt: () => this.#startAt,
        maxSize: () => this.#cap,
        region: () => this.#controls.zoom.requestedRegion,
        fixedHeight: () => (this.#quality === "auto" ? null : this.#quality),
        onFillsContainer: (fills) => this.#layout.stage.toggleAttribute("data-fits", fills),
        onInfo: (info) => {
          this.#layout.setAspectRatio(info);
          this.#controls.onInfoLoaded();
          if (this.videoRenditions.length === 0) offerRenditions(this, info, signal);
        },
        onHls: (hls, playing) => offerAudioTracks(this, hls, playing),
        onRequestedSize: (size) => this.#dispatch("sizechange", size),
        onSegment: (arrival) => {
          this.#controls.zoom.addSegment(arrival);
          this.#dispatch("segment", arrival);
        },
        onMissing: (part) => this.#dispatch("missing", part),
        onFramePainted: (region) => this.#controls.zoom.onFramePainted(region),
        onReload: (position, playing) => {
          // From here on as before the video was first known: what is chosen meanwhile holds.
          this.#startAt = position;
          if (playing) this.play().catch(() => undefined);
        },
        onError: (error) => this.#showError(error),
      },
      signal,
    );
  }

  /** Loads the video again where it is. */
  #retry(focus = true): void {
    const { video } = this;
    this.#startAt = this.currentTime;
    const playing = !video.paused;
    this.#load();
    if (this.#session === null) this.#open();
    if (playing) this.play().catch(() => undefined);
    if (focus) this.#layout.stage.focus({ preventScroll: true });
  }

  /** Undoes all that connecting did: requests, timers, observers and listeners. */
  #dispose(): void {
    this.#startAt = this.currentTime;
    this.video.pause();
    this.#connection?.abort();
    this.#connection = null;
    this.#loading = null;
    this.#session = null;
  }

  #showError(error: PlayerError | null): void {
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
