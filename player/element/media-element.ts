import type { PausedFrame } from "../playback/paused-frame.js";
import { ForwardingElement } from "./forwarded-media-api.js";

/** Events of the inner video that the element dispatches again, because they do not bubble. */
export const MEDIA_EVENTS = [
  "abort",
  "canplay",
  "canplaythrough",
  "durationchange",
  "emptied",
  "encrypted",
  "ended",
  "enterpictureinpicture",
  "leavepictureinpicture",
  "loadeddata",
  "loadedmetadata",
  "loadstart",
  "pause",
  "play",
  "playing",
  "progress",
  "ratechange",
  "resize",
  "seeked",
  "seeking",
  "stalled",
  "suspend",
  "timeupdate",
  "volumechange",
  "waiting",
  "waitingforkey",
  // Safari only: AirPlay and the native full screen.
  "webkitbeginfullscreen",
  "webkitcurrentplaybacktargetiswirelesschanged",
  "webkitendfullscreen",
  "webkitplaybacktargetavailabilitychanged",
  "webkitpresentationmodechanged",
] as const;

/** Attributes that are copied to the inner video. */
export const VIDEO_ATTRIBUTES = [
  "autoplay",
  "controlslist",
  "crossorigin",
  "disablepictureinpicture",
  "disableremoteplayback",
  "loop",
  "muted",
  "playsinline",
  "poster",
  "preload",
] as const;

/** Returns a copy of the event for another target, of the same class if that class can be constructed. */
function cloneEvent(event: Event): Event {
  const Class = event.constructor as new (type: string, init: Event) => Event;
  try {
    return new Class(event.type, event);
  } catch {
    return new Event(event.type);
  }
}

/** A media element whose members are those of an inner video, and whose attributes are reflected. */
export abstract class MediaElement extends ForwardingElement {
  protected abstract readonly pausedFrame: PausedFrame;
  /** The metadata of the video, which are known before the inner video has them; null while they are unknown. */
  abstract readonly info: { readonly duration: number } | null;
  /** Whether `loadedmetadata` was dispatched before the inner video dispatches it. */
  protected metadataAnnounced = false;
  /** Properties that the page set before the element was defined, as name and value. */
  #earlyProperties: readonly (readonly [string, unknown])[] = Object.entries(this);
  #defaultPlaybackRate = 1;
  /** The rate of the last `ratechange` event; NaN if the page may have missed a change. */
  #dispatchedRate = Number.NaN;

  constructor() {
    super();
    // Own properties would shadow the accessors of the class.
    for (const [name] of this.#earlyProperties) delete (this as unknown as Record<string, unknown>)[name];
  }

  /**
   * Sets the properties that the page set before the element was defined. Not called by the constructor: attribute
   * changes are not reported there.
   */
  protected upgradeProperties(): void {
    for (const [name, value] of this.#earlyProperties)
      (this as unknown as Record<string, unknown>)[name] = value;
    this.#earlyProperties = [];
  }

  /** Dispatches the events of the inner video until the signal aborts. */
  protected forwardEvents(signal: AbortSignal): void {
    const { video, pausedFrame } = this;
    this.#dispatchedRate = Number.NaN;
    for (const type of MEDIA_EVENTS) {
      if (type === "ratechange") continue;
      const dispatch = (event: Event) => {
        if (pausedFrame.suppresses(type)) return;
        if (type === "loadedmetadata" && this.metadataAnnounced) this.metadataAnnounced = false;
        else this.dispatchEvent(cloneEvent(event));
      };
      video.addEventListener(type, dispatch, { signal });
    }
    pausedFrame.connect(signal);
    video.addEventListener("ratechange", () => this.#onRateChange(), { signal });
  }

  /** Dispatches the events of metadata that the inner video does not have yet. */
  protected announceMetadata(): void {
    this.metadataAnnounced = true;
    for (const type of ["durationchange", "loadedmetadata"]) this.dispatchEvent(new Event(type));
  }

  /** Copies an attribute to the inner video. */
  protected forwardAttribute(name: string, value: string | null): void {
    // The `muted` attribute of a video element has no effect once it is created.
    if (name === "muted") this.video.muted = value !== null;
    if (value === null) this.video.removeAttribute(name);
    else this.video.setAttribute(name, value);
  }

  #onRateChange(): void {
    // The page may not have set the rate: the viewer can use the browser's menu.
    this.#preserveRate();
    const { playbackRate } = this.video;
    if (playbackRate === this.#dispatchedRate) return;
    this.#dispatchedRate = playbackRate;
    this.dispatchEvent(new Event("ratechange"));
  }

  /**
   * Makes the current rate the default of the inner video. Each new source resets the rate to the default, and one video
   * has several sources: other regions, transports, or a replaced asset. A field of this class holds the page's default.
   */
  #preserveRate(): void {
    const { video } = this;
    if (video.defaultPlaybackRate !== video.playbackRate) video.defaultPlaybackRate = video.playbackRate;
  }

  play(): Promise<void> {
    this.pausedFrame.restorePosition();
    return this.video.play();
  }
  pause(): void {
    this.video.pause();
  }
  get paused(): boolean {
    return this.video.paused;
  }
  /** Duration in seconds; NaN while it is unknown. */
  get duration(): number {
    const { duration } = this.video;
    return Number.isNaN(duration) ? (this.info?.duration ?? duration) : duration;
  }
  get readyState(): number {
    return Math.max(this.video.readyState, this.info === null ? this.HAVE_NOTHING : this.HAVE_METADATA);
  }
  get seekable(): TimeRanges {
    const { seekable } = this.video;
    const { info } = this;
    if (seekable.length > 0 || info === null) return seekable;
    return { length: 1, start: () => 0, end: () => info.duration };
  }
  /** Playback position in seconds. */
  get currentTime(): number {
    return this.pausedFrame.position ?? this.video.currentTime;
  }
  set currentTime(seconds: number) {
    this.pausedFrame.restorePosition();
    this.video.currentTime = seconds;
  }
  get ended(): boolean {
    // Chromium reports a video of one frame as ended before it has been played.
    return this.pausedFrame.ended || (this.video.ended && this.video.currentTime > 0);
  }
  get seeking(): boolean {
    return this.pausedFrame.position === null && this.video.seeking;
  }
  /** Playback rate. It is kept when the source changes, and can be set before the video is loaded. */
  get playbackRate(): number {
    return this.video.playbackRate;
  }
  set playbackRate(rate: number) {
    this.video.playbackRate = rate;
    this.#preserveRate();
  }
  /** The rate at which `load()` and another video start. */
  get defaultPlaybackRate(): number {
    return this.#defaultPlaybackRate;
  }
  set defaultPlaybackRate(rate: number) {
    const value = Number(rate);
    if (!Number.isFinite(value))
      throw new TypeError(`defaultPlaybackRate must be a finite number, got ${rate}`);
    if (value === this.#defaultPlaybackRate) return;
    this.#defaultPlaybackRate = value;
    queueMicrotask(() => this.dispatchEvent(new Event("ratechange")));
  }
  /** Width of the decoded frame on screen, in pixels. */
  get videoWidth(): number {
    return this.video.videoWidth;
  }
  get videoHeight(): number {
    return this.video.videoHeight;
  }
  get defaultMuted(): boolean {
    return this.hasAttribute("muted");
  }
  set defaultMuted(muted: boolean) {
    this.toggleAttribute("muted", muted);
  }
  get loop(): boolean {
    return this.hasAttribute("loop");
  }
  set loop(loop: boolean) {
    this.toggleAttribute("loop", loop);
  }
  get autoplay(): boolean {
    return this.hasAttribute("autoplay");
  }
  set autoplay(autoplay: boolean) {
    this.toggleAttribute("autoplay", autoplay);
  }
  /** The video always plays inline: the native full screen of a phone would hide the controls. */
  get playsInline(): boolean {
    return this.hasAttribute("playsinline");
  }
  set playsInline(inline: boolean) {
    this.toggleAttribute("playsinline", inline);
  }
  get disablePictureInPicture(): boolean {
    return this.hasAttribute("disablepictureinpicture");
  }
  set disablePictureInPicture(disabled: boolean) {
    this.toggleAttribute("disablepictureinpicture", disabled);
  }
  get disableRemotePlayback(): boolean {
    return this.hasAttribute("disableremoteplayback");
  }
  set disableRemotePlayback(disabled: boolean) {
    this.toggleAttribute("disableremoteplayback", disabled);
  }
  get poster(): string {
    const url = this.getAttribute("poster") ?? "";
    return url === "" ? "" : new URL(url, this.baseURI).href;
  }
  set poster(url: string) {
    this.setAttribute("poster", url);
  }
  /** What to load before playback; the default is `metadata`. */
  get preload(): "" | "none" | "metadata" | "auto" {
    const value = this.getAttribute("preload")?.toLowerCase();
    if (value === "") return "auto";
    return value === "none" || value === "auto" ? value : "metadata";
  }
  set preload(preload: "" | "none" | "metadata" | "auto") {
    this.setAttribute("preload", preload);
  }
  get crossOrigin(): string | null {
    return this.getAttribute("crossorigin");
  }
  set crossOrigin(value: string | null) {
    if (value === null) this.removeAttribute("crossorigin");
    else this.setAttribute("crossorigin", value);
  }
}
