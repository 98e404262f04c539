import { ENGLISH } from "./i18n/lang/en.js";
import { interpolate, type Strings } from "./i18n/strings.js";

/** What a player could not do, as a stable code; the sentence beside it is for people. */
export type PlayerErrorCode =
  | "video-not-found"
  | "server-unreachable"
  | "server-busy"
  | "bad-answer"
  | "not-playable"
  | "not-supported"
  | "no-ranges"
  | "server-only";

/** Sentences of the strings that say why nothing plays. */
export type ErrorStringKey = Extract<keyof Strings, `error${string}`>;

/** Why nothing plays. The message is one English sentence; the player shows the same in the viewer's language. */
export class PlayerError extends Error {
  readonly reason: PlayerErrorCode;
  readonly #key: ErrorStringKey;
  readonly #values: Readonly<Record<string, string>>;

  /** @param values what stands in the sentence's braces */
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

  /** The number that a MediaError has: 2 for the network, 3 for decoding, 4 for a source that cannot be played. */
  get code(): number {
    if (this.reason === "not-playable") return 3;
    return this.reason === "server-unreachable" || this.reason === "server-busy" ? 2 : 4;
  }

  /**
   * The message in these words.
   *
   * @param isolate marks addresses as text of its own direction, for words from right to left
   */
  localizedMessage(strings: Strings, isolate: (value: string) => string = (value) => value): string {
    const values = Object.entries(this.#values).map(([name, value]) => [name, isolate(value)]);
    return interpolate(strings[this.#key], Object.fromEntries(values));
  }
}

export const videoNotFound = (address: string, cause?: unknown) =>
  new PlayerError("video-not-found", "errorNotFound", { address }, cause);
export const serverUnreachable = (cause?: unknown) =>
  new PlayerError("server-unreachable", "errorUnreachable", {}, cause);
export const serverBusy = (cause?: unknown) => new PlayerError("server-busy", "errorBusy", {}, cause);
export const badResponse = (cause?: unknown) => new PlayerError("bad-answer", "errorBadAnswer", {}, cause);
/** @param cause says in its message what is wrong with the file */
export const invalidVideo = (address: string, cause: Error) =>
  new PlayerError("bad-answer", "errorBadVideo", { address, detail: cause.message }, cause);
export const damagedVideo = (cause: Error) =>
  new PlayerError("not-playable", "errorDamaged", { detail: cause.message }, cause);
export const notPlayable = (cause?: unknown) =>
  new PlayerError("not-playable", "errorNotPlayable", {}, cause);
export const notSupported = () => new PlayerError("not-supported", "errorNotSupported", {});
export const rangesNotSupported = (address: string) =>
  new PlayerError("no-ranges", "errorNoRanges", { address });
export const requiresServer = (address: string) =>
  new PlayerError("server-only", "errorServerOnly", { address });
export const cannotDecode = (cause?: unknown) =>
  new PlayerError("not-supported", "errorCannotDecode", {}, cause);

/** The error for an HTTP status; 0 is an answer that never came. */
export function errorForStatus(status: number, src: string, cause?: unknown): PlayerError {
  if (status === 404 || status === 410) return videoNotFound(src, cause);
  if (status === 503 || status === 429) return serverBusy(cause);
  if (status === 0) return serverUnreachable(cause);
  return badResponse(cause);
}
