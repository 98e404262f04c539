export type { PlayerMode } from "./element/attributes.js";
export { SieddPlayerElement, type SieddPlayerEventMap } from "./element/element.js";
export {
  type EmbeddedVideo,
  type EmbedOptions,
  elementSnippet,
  embedSnippet,
  embedUrl,
} from "./element/embed-snippet.js";
export { PlayerError, type PlayerErrorCode } from "./errors.js";
export type { Region } from "./geometry/region.js";
export type { Size } from "./geometry/size.js";
export type { LoadedSegment } from "./hls/elastic-loader.js";
export { addTranslation, type Strings } from "./i18n/strings.js";
export type { ServerTiming } from "./playback/server-timing.js";
export type { Transport } from "./playback/transport.js";
export type { PlayerVideoInfo } from "./source/video-info.js";
