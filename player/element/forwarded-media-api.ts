import { MediaTracksMixin } from "media-tracks";

/** Missing outside browsers, where importing the module must still work (server-side rendering). */
const ElementBase = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/**
 * The standard members that are forwarded to the inner video unchanged. Nonstandard members of the browser, such as
 * `captureStream` or `webkitPresentationMode`, are forwarded too, but have no types here.
 */
type ForwardedMembers = Pick<
  HTMLVideoElement,
  | "addTextTrack"
  | "buffered"
  | "cancelVideoFrameCallback"
  | "canPlayType"
  | "fastSeek"
  | "getVideoPlaybackQuality"
  | "HAVE_CURRENT_DATA"
  | "HAVE_ENOUGH_DATA"
  | "HAVE_FUTURE_DATA"
  | "HAVE_METADATA"
  | "HAVE_NOTHING"
  | "mediaKeys"
  | "muted"
  | "NETWORK_EMPTY"
  | "NETWORK_IDLE"
  | "NETWORK_LOADING"
  | "NETWORK_NO_SOURCE"
  | "networkState"
  | "played"
  | "preservesPitch"
  | "remote"
  | "requestPictureInPicture"
  | "requestVideoFrameCallback"
  | "setMediaKeys"
  | "setSinkId"
  | "sinkId"
  | "volume"
>;

/** The lists of tracks and renditions (media-tracks), in every browser. */
type Tracks = InstanceType<ReturnType<typeof MediaTracksMixin<new () => object>>>;

/** Members that are not forwarded: the element implements them, reflects an attribute, or leaves them to CSS. */
const NOT_FORWARDED = new Set([
  "constructor",
  "src",
  "srcObject",
  "currentSrc",
  "load",
  "error",
  "width",
  "height",
  "audioTracks",
  "videoTracks",
  "autoplay",
  "controls",
  "crossOrigin",
  "defaultMuted",
  "disablePictureInPicture",
  "disableRemotePlayback",
  "loop",
  "playsInline",
  "poster",
  "preload",
  "play",
  "pause",
  "paused",
  "currentTime",
  "ended",
  "seeking",
  "duration",
  "readyState",
  "seekable",
  "playbackRate",
  "defaultPlaybackRate",
  "videoWidth",
  "videoHeight",
  "textTracks",
]);

/** An element whose media members are those of the inner video. */
abstract class ForwardingBase extends ElementBase {
  /** The inner video. */
  protected abstract readonly video: HTMLVideoElement;

  /**
   * The inner video, under the name that media-tracks expects. Browsers with native track lists (WebKit) only read them from
   * a media element.
   */
  get nativeEl(): HTMLVideoElement {
    return this.video;
  }
}

/** Defines every member that the video element of this browser has. A hand-written list could miss some. */
function forwardMembers(prototype: object): void {
  const native = [globalThis.HTMLVideoElement?.prototype, globalThis.HTMLMediaElement?.prototype];
  for (const source of native) {
    for (const [name, { value, set }] of Object.entries(Object.getOwnPropertyDescriptors(source ?? {}))) {
      if (NOT_FORWARDED.has(name) || name.startsWith("on") || name in prototype) continue;
      const isMethod = typeof value === "function";
      Object.defineProperty(prototype, name, {
        configurable: true,
        enumerable: true,
        ...(isMethod
          ? { writable: true, value: callVideo(name) }
          : { get: readVideo(name), set: set && writeVideo(name) }),
      });
    }
  }
}

type Members = Record<string, unknown>;
const videoOf = (element: unknown) => (element as { video: Members }).video;

function callVideo(name: string) {
  return function (this: unknown, ...args: unknown[]): unknown {
    return (videoOf(this)[name] as (...args: unknown[]) => unknown)(...args);
  };
}

function readVideo(name: string) {
  return function (this: unknown): unknown {
    return videoOf(this)[name];
  };
}

function writeVideo(name: string) {
  return function (this: unknown, value: unknown): void {
    videoOf(this)[name] = value;
  };
}

forwardMembers(ForwardingBase.prototype);
MediaTracksMixin(ForwardingBase);

/** Base class of an element that forwards its media members to the inner video. */
export const ForwardingElement = ForwardingBase as unknown as abstract new () => ForwardingBase &
  ForwardedMembers &
  Tracks;
