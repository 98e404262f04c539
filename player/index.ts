export { SieddPlayerElement } from "./element/element.js";
export {
  type EmbeddedVideo,
  type EmbedOptions,
  elementSnippet,
  embedSnippet,
  embedUrl,
} from "./element/embed-snippet.js";
export type { SieddPlayerCustomEventMap, SieddPlayerEventMap } from "./element/events.js";
export { PlayerError, type PlayerErrorCode } from "./errors.js";
export type { Region } from "./geometry/region.js";
export type { Size } from "./geometry/size.js";
export { addTranslation, type Strings } from "./i18n/strings.js";
export type { LoadedSegment } from "./playback/segment.js";
export type { ServerTiming } from "./playback/server-timing.js";
export type { Transport } from "./playback/transport.js";
export type { PlayerMode } from "./session/open-video.js";
export type { PlayerVideoInfo } from "./source/video-info.js";
