import type { PausedFrame } from "../playback/paused-frame.js";
import { ForwardingElement } from "./forwarded-media-api.js";

/** Events of a media element, sent again by the element around it, since they do not bubble. */
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
  // Safari's own, by which players find AirPlay and its full screen.
  "webkitbeginfullscreen",
  "webkitcurrentplaybacktargetiswirelesschanged",
  "webkitendfullscreen",
  "webkitplaybacktargetavailabilitychanged",
  "webkitpresentationmodechanged",
] as const;

/** Attributes that the inner video takes over as they are. */
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

/** The event once more, for another target: with what it carries, where its class can be made anew. */
export function cloneEvent(event: Event): Event {
  const Class = event.constructor as new (type: string, init: Event) => Event;
  try {
    return new Class(event.type, event);
  } catch {
    return new Event(event.type);
  }
}

/** The API of a media element, answered by the video inside; its attributes are reflected. */
export abstract class MediaElement extends ForwardingElement {
  protected abstract readonly pausedFrame: PausedFrame;
  /** Names of properties that were set before the tag was defined, with their values. */
  #earlyProperties: readonly (readonly [string, unknown])[] = Object.entries(this);
  #defaultPlaybackRate = 1;
  /** The rate that the page was last told of; NaN where it may have missed a change. */
  #dispatchedRate = Number.NaN;

  constructor() {
    super();
    // They would hide the accessors of the class.
    for (const [name] of this.#earlyProperties) delete (this as unknown as Record<string, unknown>)[name];
  }

  /**
   * Sets again, once, what a page has set while the tag was an unknown element. Not for the constructor: attributes
   * that change there are not told.
   */
  protected upgradeProperties(): void {
    for (const [name, value] of this.#earlyProperties)
      (this as unknown as Record<string, unknown>)[name] = value;
    this.#earlyProperties = [];
  }

  /** Sends the video's events again, until the signal. */
  protected forwardEvents(signal: AbortSignal): void {
    const { video, pausedFrame } = this;
    this.#dispatchedRate = Number.NaN;
    for (const type of MEDIA_EVENTS) {
      if (type === "ratechange") continue;
      const tell = (event: Event) => {
        if (!pausedFrame.suppresses(type)) this.dispatchEvent(cloneEvent(event));
      };
      video.addEventListener(type, tell, { signal });
    }
    pausedFrame.connect(signal);
    video.addEventListener("ratechange", () => this.#rateChanged(), { signal });
  }

  #rateChanged(): void {
    // Chosen past this element, as in a browser's own menu.
    this.#keepRate();
    const { playbackRate } = this.video;
    if (playbackRate === this.#dispatchedRate) return;
    this.#dispatchedRate = playbackRate;
    this.dispatchEvent(new Event("ratechange"));
  }

  /**
   * A video goes back to its default rate with each source, and one video has several: another region, another way
   * of streaming, a video that was replaced. So the video's default is what was chosen, and that of the page is kept here.
   */
  #keepRate(): void {
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
  /** Seconds. */
  get currentTime(): number {
    return this.pausedFrame.position ?? this.video.currentTime;
  }
  set currentTime(seconds: number) {
    this.pausedFrame.restorePosition();
    this.video.currentTime = seconds;
  }
  get ended(): boolean {
    return this.pausedFrame.ended || this.video.ended;
  }
  get seeking(): boolean {
    return this.pausedFrame.position === null && this.video.seeking;
  }
  /** Stays with the video, also when it is set before there is anything to play. */
  get playbackRate(): number {
    return this.video.playbackRate;
  }
  set playbackRate(rate: number) {
    this.video.playbackRate = rate;
    this.#keepRate();
  }
  /** The rate at which `load()` and another video begin. */
  get defaultPlaybackRate(): number {
    return this.#defaultPlaybackRate;
  }
  set defaultPlaybackRate(rate: number) {
    const given = Number(rate);
    if (!Number.isFinite(given))
      throw new TypeError(`defaultPlaybackRate is ${rate}: it must be a finite number.`);
    if (given === this.#defaultPlaybackRate) return;
    this.#defaultPlaybackRate = given;
    queueMicrotask(() => this.dispatchEvent(new Event("ratechange")));
  }
  /** Pixels of the picture on screen, as they were computed. */
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
  /** Always true in effect: a phone's own full screen would hide the controls. */
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
    return this.video.poster;
  }
  set poster(url: string) {
    this.setAttribute("poster", url);
  }
  get preload(): "" | "none" | "metadata" | "auto" {
    return this.video.preload;
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
