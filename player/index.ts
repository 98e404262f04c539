export type { PlayerMode } from "./attributes.js";
export { SieddPlayerElement, type SieddPlayerEventMap } from "./element.js";
export {
  type EmbeddedFilm,
  type EmbedOptions,
  elementSnippet,
  embedSnippet,
  embedUrl,
} from "./embed/snippet.js";
export { PlayerError, type PlayerErrorCode } from "./errors.js";
export type { FilmInfo } from "./film-info.js";
export type { SegmentArrival } from "./fragment-loader.js";
export type { Region } from "./region/region.js";
export type { ServerPart } from "./server-part.js";
export type { Size } from "./size.js";
export { addStrings, type Strings } from "./strings.js";
export type { Transport } from "./transport.js";
