import type { HTMLAttributes, ReactNode } from "react";
import type { SieddPlayerElement } from "../element/element.js";
import type { SieddPlayerEventMap } from "../element/events.js";
import type { TemplateAttributes } from "../element/template-types.js";

/** Attributes of the element by prop. React spells names of several words in camel case. */
export const ATTRIBUTE_PROPS = {
  src: "src",
  mode: "mode",
  maxWidth: "max-width",
  maxHeight: "max-height",
  quality: "quality",
  region: "region",
  zoom: "zoom",
  lang: "lang",
  videoTitle: "video-title",
  noControls: "nocontrols",
  autoPlay: "autoplay",
  controlsList: "controlslist",
  crossOrigin: "crossorigin",
  disablePictureInPicture: "disablepictureinpicture",
  disableRemotePlayback: "disableremoteplayback",
  loop: "loop",
  muted: "muted",
  playsInline: "playsinline",
  poster: "poster",
  preload: "preload",
} as const satisfies Record<string, keyof TemplateAttributes>;

/** Events of the element by prop. React itself handles the media events of `<video>` and `<audio>` only. */
export const EVENT_PROPS = {
  onAbort: "abort",
  onCanPlay: "canplay",
  onCanPlayThrough: "canplaythrough",
  onDurationChange: "durationchange",
  onEmptied: "emptied",
  onEncrypted: "encrypted",
  onEnded: "ended",
  onEnterPictureInPicture: "enterpictureinpicture",
  onError: "error",
  onLeavePictureInPicture: "leavepictureinpicture",
  onLoadedData: "loadeddata",
  onLoadedMetadata: "loadedmetadata",
  onLoadStart: "loadstart",
  onMissing: "missing",
  onPause: "pause",
  onPlay: "play",
  onPlaying: "playing",
  onProgress: "progress",
  onRateChange: "ratechange",
  onRegionChange: "regionchange",
  onResize: "resize",
  onSeeked: "seeked",
  onSeeking: "seeking",
  onSegment: "segment",
  onSizeChange: "sizechange",
  onStalled: "stalled",
  onSuspend: "suspend",
  onTimeUpdate: "timeupdate",
  onVolumeChange: "volumechange",
  onWaiting: "waiting",
} as const satisfies Record<string, keyof SieddPlayerEventMap>;

type AttributeProp = keyof typeof ATTRIBUTE_PROPS;
type EventProp = keyof typeof EVENT_PROPS;

type PlayerAttributes = { [P in AttributeProp]?: TemplateAttributes[(typeof ATTRIBUTE_PROPS)[P]] };
type PlayerHandlers = {
  [P in EventProp]?: (event: SieddPlayerEventMap[(typeof EVENT_PROPS)[P]]) => void;
};

/**
 * Props of `SieddPlayer`: the attributes of the element in React's spelling, a handler per event, which receives the
 * native event, and what every HTML element accepts.
 */
export interface SieddPlayerProps
  extends PlayerAttributes,
    PlayerHandlers,
    Omit<HTMLAttributes<SieddPlayerElement>, AttributeProp | EventProp | "dangerouslySetInnerHTML"> {
  /** `<track>` elements, as in a `<video>`. */
  children?: ReactNode;
}

export type AttributeValue = string | number | boolean;

/** The props of one rendering, by what handles them. */
export interface SplitProps {
  /** Attributes that are set, by name in HTML. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Handlers by event type. */
  readonly handlers: Readonly<Record<string, ((event: Event) => void) | undefined>>;
  /** What React handles. */
  readonly rest: Readonly<Record<string, unknown>>;
}

export function splitProps(props: SieddPlayerProps): SplitProps {
  const attributes: Record<string, AttributeValue> = {};
  const handlers: Record<string, (event: Event) => void> = {};
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(props)) {
    if (name in ATTRIBUTE_PROPS) {
      const isSet = value !== undefined && value !== null && value !== false;
      if (isSet) attributes[ATTRIBUTE_PROPS[name as AttributeProp]] = value;
    } else if (name in EVENT_PROPS) handlers[EVENT_PROPS[name as EventProp]] = value;
    // React 18 does not translate className for custom elements.
    else rest[name === "className" ? "class" : name] = value;
  }
  return { attributes, handlers, rest };
}
