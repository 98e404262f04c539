export type { PlayerMode } from "./attributes.js";
export { SieddPlayerElement, type SieddPlayerEventMap } from "./element.js";
export { PlayerError, type PlayerErrorCode } from "./errors.js";
export type { SegmentArrival } from "./fragment-loader.js";
export type { Size } from "./size.js";
export type { Transport } from "./transport.js";
