export type { PlayerMode } from "./element/attributes.js";
export { SieddPlayerElement, type SieddPlayerEventMap } from "./element/element.js";
export {
  type EmbeddedFilm,
  type EmbedOptions,
  elementSnippet,
  embedSnippet,
  embedUrl,
} from "./element/embed-snippet.js";
export { PlayerError, type PlayerErrorCode } from "./errors.js";
export type { Region } from "./geometry/region.js";
export type { Size } from "./geometry/size.js";
export type { SegmentArrival } from "./hls/elastic-loader.js";
export { addStrings, type Strings } from "./i18n/strings.js";
export type { ServerPart } from "./playback/server-timing.js";
export type { Transport } from "./playback/transport.js";
export type { FilmInfo } from "./source/video-info.js";
