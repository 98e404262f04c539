import type { SieddPlayerCustomEventMap, SieddPlayerElement } from "./element.js";

/** What an attribute does, for the tables of docs/player.md. */
export interface AttributeReference {
  /** The property that reflects it; null where there is none. */
  readonly property: keyof SieddPlayerElement | null;
  /** Its values, with unit and bounds. */
  readonly values: string;
  /** What holds where it is absent. */
  readonly default: string;
  readonly description: string;
}

type Attribute = (typeof SieddPlayerElement.observedAttributes)[number] | "video-title";

/** Every attribute: the compiler asks for those that are missing here. */
export const ATTRIBUTES = {
  src: {
    property: "src",
    values: "URL of a video on a siedd server, or of a `.siedd` file",
    default: "nothing is loaded",
    description: "what is played; set anew, it is loaded from the start, and at `defaultPlaybackRate`",
  },
  mode: {
    property: "mode",
    values: "`server`, `direct`, `auto`",
    default: "`server`",
    description: "who decodes: [Direct mode](#direct-mode)",
  },
  "max-width": {
    property: "maxWidth",
    values: "whole number from 16, output pixels",
    default: "the server's limit",
    description: "most pixels across that are asked for; the height follows",
  },
  "max-height": {
    property: "maxHeight",
    values: "whole number from 16, output pixels",
    default: "the server's limit",
    description: "most pixels down that are asked for; the width follows",
  },
  quality: {
    property: "quality",
    values: "`auto`, or a whole number of rows from 16",
    default: "`auto`: the screen's pixels, fewer on a slow link",
    description:
      "rows of pixels that a viewer has chosen; they are asked for whatever the screen and the link",
  },
  region: {
    property: "region",
    values: "`full`, `x,y,w,h` in source pixels, `pct:x,y,w,h`",
    default: "`full`",
    description: "the part of the picture to show: [Zoom and region](#zoom-and-region)",
  },
  zoom: {
    property: "zoom",
    values: "1 to 32",
    default: "1",
    description: "how many times the middle of the picture is enlarged",
  },
  lang: {
    property: "lang",
    values: "language tag",
    default: "the page's",
    description: "language of the controls",
  },
  "video-title": {
    property: null,
    values: "text",
    default: "the last part of `src`",
    description: "name of the video on lock screens and the like",
  },
  nocontrols: {
    property: "controls",
    values: "present or not",
    default: "controls are shown",
    description: "no controls of its own; they are away too in a slot `media`. The property is its opposite",
  },
  autoplay: {
    property: "autoplay",
    values: "present or not",
    default: "waits",
    description: "as on a video",
  },
  controlslist: {
    property: null,
    values: "as on a video",
    default: "",
    description: "handed to the video inside",
  },
  crossorigin: {
    property: "crossOrigin",
    values: "`anonymous`, `use-credentials`",
    default: "not set",
    description: "as on a video",
  },
  disablepictureinpicture: {
    property: "disablePictureInPicture",
    values: "present or not",
    default: "allowed",
    description: "as on a video",
  },
  disableremoteplayback: {
    property: "disableRemotePlayback",
    values: "present or not",
    default: "allowed",
    description: "as on a video",
  },
  loop: {
    property: "loop",
    values: "present or not",
    default: "stops at the end",
    description: "as on a video",
  },
  muted: {
    property: "defaultMuted",
    values: "present or not",
    default: "with sound",
    description: "as on a video; the property `muted` is the state",
  },
  playsinline: {
    property: "playsInline",
    values: "present or not",
    default: "plays inline all the same",
    description: "as on a video",
  },
  poster: {
    property: "poster",
    values: "URL of a picture",
    default: "the first picture",
    description: "as on a video",
  },
  preload: {
    property: "preload",
    values: "`none`, `metadata`, `auto`",
    default: "`auto`",
    description: "with `none` nothing is asked for before `play()`; the others load four seconds ahead",
  },
} satisfies Record<Attribute, AttributeReference>;

/** The element's own events; those of a media element come as well. */
export const EVENTS = {
  sizechange: "another size is wanted: `detail` is `{ width, height }` in output pixels",
  segment:
    "a segment of the picture has arrived: `detail` has index, start, duration, size, region, bytes, seconds, waiting, and server (seconds, cached) where the server says them",
  missing: "a part of the video cannot be had and is left out: `detail` is `{ start, end }` in seconds",
  regionchange: "another part of the picture is asked for: `detail` is `{ region, zoom }`",
} satisfies Record<keyof SieddPlayerCustomEventMap, string>;

/** Properties that no attribute reflects, beside those of a media element. */
export const PROPERTIES = {
  requestedSize: "the size that the screen has room for, in output pixels; null before it is known",
  videoWidth: "pixels across of the picture on screen, as they were computed; `videoHeight` likewise",
  transport: "`elastic`, `levels`, `native` or `direct`; null before it plays",
  hls: "the instance of hls.js underneath; null where there is none",
  info: "size, duration, frame rate and limits of the video; null before they are known",
  error: "null, or why nothing plays: `message` for people, `reason` for programs, `code` as of a MediaError",
  videoRenditions: "heights to choose from (media-tracks); choosing one sets `quality`",
  audioTracks: "the languages of the sound; enabling one switches to it",
} satisfies Partial<Record<keyof SieddPlayerElement, string>>;
