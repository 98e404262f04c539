import { ENGLISH } from "./i18n/lang/en.js";
import { interpolate, type Strings } from "./i18n/strings.js";

/** Stable error codes for programs. The message is for people. */
export type PlayerErrorCode =
  | "video-not-found"
  | "server-unreachable"
  | "server-busy"
  | "bad-answer"
  | "not-playable"
  | "not-supported"
  | "no-ranges"
  | "server-only"
  | "blocked-by-policy";

/** The string keys of error messages. */
type ErrorStringKey = Extract<keyof Strings, `error${string}`>;

/** Why the video does not play. `message` is in English; the player shows it in the viewer's language. */
export class PlayerError extends Error {
  readonly reason: PlayerErrorCode;
  readonly #key: ErrorStringKey;
  readonly #values: Readonly<Record<string, string>>;

  /** @param values replace the placeholders of the message */
  constructor(
    reason: PlayerErrorCode,
    key: ErrorStringKey,
    values: Readonly<Record<string, string>>,
    cause?: unknown,
  ) {
    super(interpolate(ENGLISH[key], values), { cause });
    this.name = "PlayerError";
    this.reason = reason;
    this.#key = key;
    this.#values = values;
  }

  /** The code of a MediaError: 2 is a network error, 3 a decoding error, 4 an unsupported source. */
  get code(): number {
    if (this.reason === "not-playable") return 3;
    return this.reason === "server-unreachable" || this.reason === "server-busy" ? 2 : 4;
  }

  /**
   * Returns the message in another language.
   *
   * @param isolate wraps each value for right-to-left text
   */
  localizedMessage(strings: Strings, isolate: (value: string) => string = (value) => value): string {
    const values = Object.entries(this.#values).map(([name, value]) => [name, isolate(value)]);
    return interpolate(strings[this.#key], Object.fromEntries(values));
  }
}

export const videoNotFound = (address: string, cause?: unknown) =>
  new PlayerError("video-not-found", "errorVideoNotFound", { address }, cause);
export const serverUnreachable = (cause?: unknown) =>
  new PlayerError("server-unreachable", "errorServerUnreachable", {}, cause);
export const serverBusy = (cause?: unknown) => new PlayerError("server-busy", "errorServerBusy", {}, cause);
export const badResponse = (cause?: unknown) => new PlayerError("bad-answer", "errorBadResponse", {}, cause);
/** @param cause its message says what is wrong with the file */
export const invalidVideo = (address: string, cause: Error) =>
  new PlayerError("bad-answer", "errorInvalidVideo", { address, detail: cause.message }, cause);
/** @param cause its message says what is wrong with the file */
export const damagedVideo = (cause: Error) =>
  new PlayerError("not-playable", "errorDamagedVideo", { detail: cause.message }, cause);
export const notPlayable = (cause?: unknown) =>
  new PlayerError("not-playable", "errorNotPlayable", {}, cause);
export const notSupported = () => new PlayerError("not-supported", "errorNotSupported", {});
export const rangesNotSupported = (address: string) =>
  new PlayerError("no-ranges", "errorRangesNotSupported", { address });
export const requiresServer = (address: string) =>
  new PlayerError("server-only", "errorRequiresServer", { address });
export const cannotDecode = (cause?: unknown) =>
  new PlayerError("not-supported", "errorCannotDecode", {}, cause);

/**
 * Returns the error for a page whose Content Security Policy blocks the player.
 *
 * @param directive such as `media-src`
 * @param source what it must allow, such as `blob:`
 */
export const blockedByPolicy = (directive: string, source: string, cause?: unknown) =>
  new PlayerError("blocked-by-policy", "errorBlockedByPolicy", { directive, source }, cause);

/** Returns the error for an HTTP status; 0 means that there was no response. */
export function errorForStatus(status: number, src: string, cause?: unknown): PlayerError {
  if (status === 404 || status === 410) return videoNotFound(src, cause);
  if (status === 503 || status === 429) return serverBusy(cause);
  if (status === 0) return serverUnreachable(cause);
  return badResponse(cause);
}
