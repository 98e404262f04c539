export type { Authorise } from "./access/access.js";
export { type SignUrlOptions, signUrl } from "./access/sign-url.js";
export type { SignKey, SignScope } from "./access/signature.js";
export { RequestError, type RequestErrorCode, ServeError, type ServeErrorCode } from "./errors.js";
export type { FilmInfo } from "./info.js";
export type { SieddOptions } from "./options.js";
export { siedd as default, siedd } from "./plugin.js";
export { type RunningServer, type ServeOptions, serve } from "./serve.js";
export type { WorkEvent } from "./work/events.js";
