import type { PlayerMode } from "../session/open-video.js";
import type { SieddPlayerEventMap } from "./events.js";
import type { ATTRIBUTES } from "./reference.js";

/** Types of the attributes that are neither plain text nor present or absent. */
interface AttributeTypes {
  mode: PlayerMode;
  "max-width": number | string;
  "max-height": number | string;
  quality: number | "auto" | (string & {});
  zoom: number | string;
  crossorigin: "" | "anonymous" | "use-credentials";
  preload: "" | "none" | "metadata" | "auto";
}

/** Attributes that are present or absent. */
type BooleanAttribute =
  | "autoplay"
  | "disablepictureinpicture"
  | "disableremoteplayback"
  | "loop"
  | "muted"
  | "nocontrols"
  | "playsinline";

/** The attributes of `<siedd-player>`, for templates that are checked by TypeScript. */
export type TemplateAttributes = {
  [Name in keyof typeof ATTRIBUTES]?: Name extends keyof AttributeTypes
    ? AttributeTypes[Name]
    : Name extends BooleanAttribute
      ? boolean | ""
      : string;
};

/** The handlers of the element's events, by event name in lower case. */
export type TemplateHandlers = {
  [Type in keyof SieddPlayerEventMap as `on${Type}`]?: (event: SieddPlayerEventMap[Type]) => void;
};
