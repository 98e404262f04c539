import type { SieddPlayerElement } from "./element.js";
import type { SieddPlayerCustomEventMap } from "./events.js";

/** Describes an attribute for the table in docs/reference/element.md. */
export interface AttributeReference {
  /** The property that reflects it; null if there is none. */
  readonly property: keyof SieddPlayerElement | null;
  /** Accepted values, with unit and bounds. */
  readonly values: string;
  readonly default: string;
  readonly description: string;
}

type Attribute = (typeof SieddPlayerElement.observedAttributes)[number];

const AS_ON_VIDEO = "As on `<video>`.";

/** All attributes. The compiler reports missing ones. */
export const ATTRIBUTES = {
  src: {
    property: "src",
    values: "URL of a video on a siedd server, or of a `.siedd` file",
    default: "nothing is loaded",
    description: "The video to play. A new value loads it from the start, at `defaultPlaybackRate`.",
  },
  mode: {
    property: "mode",
    values: "`server`, `direct`, `auto`",
    default: "`server`",
    description:
      "Where the video is decoded: on the server or in the browser. See [Direct mode](../guide/embed.md#direct-mode).",
  },
  "max-width": {
    property: "maxWidth",
    values: "integer >= 16, in output pixels",
    default: "the server's limit",
    description: "Largest width to request. The height follows the aspect ratio.",
  },
  "max-height": {
    property: "maxHeight",
    values: "integer >= 16, in output pixels",
    default: "the server's limit",
    description: "Largest height to request. The width follows the aspect ratio.",
  },
  quality: {
    property: "quality",
    values: "`auto`, or an integer >= 16, in output pixels",
    default: "`auto`",
    description:
      "Height to request. `auto` follows the size on screen and requests fewer pixels on a slow connection. A number is requested regardless of the size on screen and the connection.",
  },
  region: {
    property: "region",
    values: "`full`, `x,y,w,h` in source pixels, or `pct:x,y,w,h`",
    default: "`full`",
    description: "Region of the frame to show. See [Zoom and region](../guide/embed.md#zoom-and-region).",
  },
  zoom: {
    property: "zoom",
    values: "number from 1 to 32",
    default: "1",
    description: "Zoom factor around the center of the frame.",
  },
  lang: {
    property: "lang",
    values: "BCP 47 language tag",
    default: "the language of the page",
    description: "Language of the controls.",
  },
  "video-title": {
    property: null,
    values: "text",
    default: "no title; the system's media controls show the last path segment of `src`",
    description: "Title of the video, over the video and in the system's media controls.",
  },
  nocontrols: {
    property: "controls",
    values: "present or absent",
    default: "the controls are shown",
    description:
      'Hides the controls. They are also hidden in `slot="media"` of another player. The property `controls` is the opposite.',
  },
  autoplay: {
    property: "autoplay",
    values: "present or absent",
    default: "playback waits for `play()`",
    description: AS_ON_VIDEO,
  },
  controlslist: {
    property: null,
    values: "as on `<video>`",
    default: "not set",
    description: "Copied to the inner video.",
  },
  crossorigin: {
    property: "crossOrigin",
    values: "`anonymous`, `use-credentials`",
    default: "not set",
    description: AS_ON_VIDEO,
  },
  disablepictureinpicture: {
    property: "disablePictureInPicture",
    values: "present or absent",
    default: "picture-in-picture is allowed",
    description: AS_ON_VIDEO,
  },
  disableremoteplayback: {
    property: "disableRemotePlayback",
    values: "present or absent",
    default: "remote playback is allowed",
    description: AS_ON_VIDEO,
  },
  loop: {
    property: "loop",
    values: "present or absent",
    default: "playback stops at the end",
    description: AS_ON_VIDEO,
  },
  muted: {
    property: "defaultMuted",
    values: "present or absent",
    default: "audio is on",
    description: "As on `<video>`. The property `muted` is the current state.",
  },
  playsinline: {
    property: "playsInline",
    values: "present or absent",
    default: "the video always plays inline",
    description: AS_ON_VIDEO,
  },
  poster: {
    property: "poster",
    values: "URL of an image",
    default:
      'the cover art or the frame that info.json names as the poster; `poster=""` shows the first frame',
    description: "Image to show until playback starts.",
  },
  preload: {
    property: "preload",
    values: "`none`, `metadata`, `auto`",
    default: "`metadata`",
    description:
      "What to load before playback. `none` loads nothing until `play()`. `metadata` loads the duration and size, and, once the player is on the screen, the poster and the first segment. `auto` then buffers four seconds ahead. A player that is neither on the screen nor playing never loads frames.",
  },
} satisfies Record<Attribute, AttributeReference>;

/** The element's own events. It also dispatches those of a media element. */
export const EVENTS = {
  sizechange: "The requested size has changed. `detail` is `{ width, height }` in output pixels.",
  segment:
    "A video segment has loaded. `detail` has `index`, `start`, `duration`, `size`, `region`, `bytes`, `seconds`, `waiting`, and, if the server reports it, `server` (`seconds`, `cached`).",
  missing: "A part of the video is unavailable and is skipped. `detail` is `{ start, end }` in seconds.",
  regionchange: "The requested region has changed. `detail` is `{ region, zoom }`.",
} satisfies Record<keyof SieddPlayerCustomEventMap, string>;

/** Properties without an attribute, in addition to those of a media element. */
export const PROPERTIES = {
  requestedSize: "The requested size in output pixels; null before the video and the layout are known.",
  videoWidth: "Width of the decoded frame on screen, in pixels. `videoHeight` is its height.",
  transport: "`elastic`, `levels`, `native` or `direct`; null before playback starts.",
  hls: "The hls.js instance; null if there is none.",
  info: "Size, duration, frame rate and limits of the video; null before they are known.",
  error:
    "Why the video does not play; null without an error. `message` is for people, `reason` for programs, and `code` is that of a `MediaError`.",
  videoRenditions: "Heights to select from (media-tracks). Selecting one sets `quality`.",
  audioTracks: "Audio tracks. Enabling one switches to it.",
} satisfies Partial<Record<keyof SieddPlayerElement, string>>;
