import { MediaTracksMixin } from "media-tracks";

/** Absent outside browsers, where the module may still be imported (rendering on a server). */
const ElementBase = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/**
 * What the standard gives a media element and the video inside can answer as it is. A browser's own additions
 * (`captureStream`, `webkitPresentationMode` and the like) are passed on as well, though not typed here.
 */
type ForwardedMembers = Pick<
  HTMLVideoElement,
  | "addTextTrack"
  | "buffered"
  | "cancelVideoFrameCallback"
  | "canPlayType"
  | "duration"
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
  | "readyState"
  | "remote"
  | "requestPictureInPicture"
  | "requestVideoFrameCallback"
  | "seekable"
  | "setMediaKeys"
  | "setSinkId"
  | "sinkId"
  | "textTracks"
  | "volume"
>;

/** Lists of tracks and renditions as all media elements have them (media-tracks), whatever the browser. */
type Tracks = InstanceType<ReturnType<typeof MediaTracksMixin<new () => object>>>;

/** Members that mean something else here: what is loaded is ours to say, attributes are reflected, CSS gives the box. */
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
  "playbackRate",
  "defaultPlaybackRate",
  "videoWidth",
  "videoHeight",
]);

/** An element whose media members are those of the video inside. */
abstract class ForwardingBase extends ElementBase {
  /** The video that plays. */
  protected abstract readonly video: HTMLVideoElement;

  /**
   * The same, by the name under which media-tracks looks for it: browsers with lists of tracks of their own (WebKit)
   * refuse to read them from anything but a media element.
   */
  get nativeEl(): HTMLVideoElement {
    return this.video;
  }
}

/**
 * Gives the class every member that this browser's video element has: members that are not listed anywhere
 * cannot be forgotten (as custom-media-element does, github.com/muxinc/media-elements).
 */
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
  return function (this: unknown, ...parameters: unknown[]): unknown {
    return (videoOf(this)[name] as (...all: unknown[]) => unknown)(...parameters);
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

/** Base of an element that answers as the video inside does. */
export const ForwardingElement = ForwardingBase as unknown as abstract new () => ForwardingBase &
  ForwardedMembers &
  Tracks;
