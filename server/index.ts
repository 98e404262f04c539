export { RequestError, type RequestErrorCode, ServeError, type ServeErrorCode } from "./errors.js";
export type { FilmInfo } from "./info.js";
export type { SieddOptions } from "./options.js";
export { siedd as default, siedd } from "./plugin.js";
export { type RunningServer, type ServeOptions, serve } from "./serve.js";
export type { WorkEvent } from "./work/events.js";
