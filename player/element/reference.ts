import type { SieddPlayerElement, SieddPlayerOwnEventMap } from "./element.js";

/** What an attribute does, for the tables of docs/player.md. */
export interface AttributeReference {
  /** The property that reflects it; null where there is none. */
  readonly property: keyof SieddPlayerElement | null;
  /** Its values, with unit and bounds. */
  readonly values: string;
  /** What holds where it is absent. */
  readonly absent: string;
  readonly about: string;
}

type Attribute = (typeof SieddPlayerElement.observedAttributes)[number] | "video-title";

/** Every attribute: the compiler asks for those that are missing here. */
export const ATTRIBUTES = {
  src: {
    property: "src",
    values: "URL of a video on a siedd server, or of a `.siedd` file",
    absent: "nothing is loaded",
    about: "what is played; set anew, it is loaded from the start, and at `defaultPlaybackRate`",
  },
  mode: {
    property: "mode",
    values: "`server`, `direct`, `auto`",
    absent: "`server`",
    about: "who decodes: [Direct mode](#direct-mode)",
  },
  "max-width": {
    property: "maxWidth",
    values: "whole number from 16, output pixels",
    absent: "the server's limit",
    about: "most pixels across that are asked for; the height follows",
  },
  "max-height": {
    property: "maxHeight",
    values: "whole number from 16, output pixels",
    absent: "the server's limit",
    about: "most pixels down that are asked for; the width follows",
  },
  quality: {
    property: "quality",
    values: "`auto`, or a whole number of rows from 16",
    absent: "`auto`: the screen's pixels, fewer on a slow link",
    about: "rows of pixels that a viewer has chosen; they are asked for whatever the screen and the link",
  },
  region: {
    property: "region",
    values: "`full`, `x,y,w,h` in source pixels, `pct:x,y,w,h`",
    absent: "`full`",
    about: "the part of the picture to show: [Zoom and region](#zoom-and-region)",
  },
  zoom: {
    property: "zoom",
    values: "1 to 32",
    absent: "1",
    about: "how many times the middle of the picture is enlarged",
  },
  lang: {
    property: "lang",
    values: "language tag",
    absent: "the page's",
    about: "language of the controls",
  },
  "video-title": {
    property: null,
    values: "text",
    absent: "the last part of `src`",
    about: "name of the video on lock screens and the like",
  },
  nocontrols: {
    property: "controls",
    values: "present or not",
    absent: "controls are shown",
    about: "no controls of its own; they are away too in a slot `media`. The property is its opposite",
  },
  autoplay: { property: "autoplay", values: "present or not", absent: "waits", about: "as on a video" },
  controlslist: { property: null, values: "as on a video", absent: "", about: "handed to the video inside" },
  crossorigin: {
    property: "crossOrigin",
    values: "`anonymous`, `use-credentials`",
    absent: "not set",
    about: "as on a video",
  },
  disablepictureinpicture: {
    property: "disablePictureInPicture",
    values: "present or not",
    absent: "allowed",
    about: "as on a video",
  },
  disableremoteplayback: {
    property: "disableRemotePlayback",
    values: "present or not",
    absent: "allowed",
    about: "as on a video",
  },
  loop: { property: "loop", values: "present or not", absent: "stops at the end", about: "as on a video" },
  muted: {
    property: "defaultMuted",
    values: "present or not",
    absent: "with sound",
    about: "as on a video; the property `muted` is the state",
  },
  playsinline: {
    property: "playsInline",
    values: "present or not",
    absent: "plays inline all the same",
    about: "as on a video",
  },
  poster: {
    property: "poster",
    values: "URL of a picture",
    absent: "the first picture",
    about: "as on a video",
  },
  preload: {
    property: "preload",
    values: "`none`, `metadata`, `auto`",
    absent: "`auto`",
    about: "with `none` nothing is asked for before `play()`; the others load four seconds ahead",
  },
} satisfies Record<Attribute, AttributeReference>;

/** The element's own events; those of a media element come as well. */
export const EVENTS = {
  sizechange: "another size is wanted: `detail` is `{ width, height }` in output pixels",
  segment:
    "a segment of the picture has arrived: `detail` has index, start, duration, size, region, bytes, seconds, waiting, and server (seconds, cached) where the server says them",
  missing: "a part of the video cannot be had and is left out: `detail` is `{ start, end }` in seconds",
  regionchange: "another part of the picture is asked for: `detail` is `{ region, zoom }`",
} satisfies Record<keyof SieddPlayerOwnEventMap, string>;

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
