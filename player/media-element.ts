/** Absent outside browsers, where the module may still be imported (rendering on a server). */
const ElementBase = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/** Events of a media element, sent again by the element around it, since they do not bubble. */
export const MEDIA_EVENTS = [
  "abort",
  "canplay",
  "canplaythrough",
  "durationchange",
  "emptied",
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
] as const;

/** Attributes that the inner video takes over as they are. */
export const VIDEO_ATTRIBUTES = [
  "autoplay",
  "crossorigin",
  "loop",
  "muted",
  "playsinline",
  "poster",
  "preload",
] as const;

/** The API of a media element, answered by the video inside. */
export abstract class MediaElement extends ElementBase {
  protected abstract readonly video: HTMLVideoElement;

  play(): Promise<void> {
    return this.video.play();
  }
  pause(): void {
    this.video.pause();
  }
  canPlayType(type: string): CanPlayTypeResult {
    return this.video.canPlayType(type);
  }
  getVideoPlaybackQuality(): VideoPlaybackQuality {
    return this.video.getVideoPlaybackQuality();
  }

  /** Seconds. */
  get currentTime(): number {
    return this.video.currentTime;
  }
  set currentTime(seconds: number) {
    this.video.currentTime = seconds;
  }
  /** Seconds; NaN until known. */
  get duration(): number {
    return this.video.duration;
  }
  get paused(): boolean {
    return this.video.paused;
  }
  get ended(): boolean {
    return this.video.ended;
  }
  get seeking(): boolean {
    return this.video.seeking;
  }
  get readyState(): number {
    return this.video.readyState;
  }
  get networkState(): number {
    return this.video.networkState;
  }
  get buffered(): TimeRanges {
    return this.video.buffered;
  }
  get played(): TimeRanges {
    return this.video.played;
  }
  get seekable(): TimeRanges {
    return this.video.seekable;
  }
  /** Pixels of the picture on screen, as they were computed. */
  get videoWidth(): number {
    return this.video.videoWidth;
  }
  get videoHeight(): number {
    return this.video.videoHeight;
  }
  get muted(): boolean {
    return this.video.muted;
  }
  set muted(muted: boolean) {
    this.video.muted = muted;
  }
  get defaultMuted(): boolean {
    return this.hasAttribute("muted");
  }
  set defaultMuted(muted: boolean) {
    this.toggleAttribute("muted", muted);
  }
  /** From 0 to 1. */
  get volume(): number {
    return this.video.volume;
  }
  set volume(volume: number) {
    this.video.volume = volume;
  }
  get playbackRate(): number {
    return this.video.playbackRate;
  }
  set playbackRate(rate: number) {
    this.video.playbackRate = rate;
  }
  get defaultPlaybackRate(): number {
    return this.video.defaultPlaybackRate;
  }
  set defaultPlaybackRate(rate: number) {
    this.video.defaultPlaybackRate = rate;
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
  get poster(): string {
    return this.video.poster;
  }
  set poster(url: string) {
    this.setAttribute("poster", url);
  }
  get preload(): string {
    return this.video.preload;
  }
  set preload(preload: string) {
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
