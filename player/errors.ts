/** What a player could not do, as a stable code; the sentence beside it is for people. */
export type PlayerErrorCode =
  | "film-not-found"
  | "server-unreachable"
  | "server-busy"
  | "bad-answer"
  | "not-playable"
  | "not-supported";

/** Why nothing plays; the message is one sentence for the person who watches. */
export class PlayerError extends Error {
  readonly code: PlayerErrorCode;

  constructor(code: PlayerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PlayerError";
    this.code = code;
  }
}

export const notFound = (src: string, cause?: unknown) =>
  new PlayerError("film-not-found", `There is no film at ${src}; check the address.`, { cause });
export const unreachable = (cause?: unknown) =>
  new PlayerError("server-unreachable", "The server cannot be reached; check the connection and try again.", {
    cause,
  });
export const busy = (cause?: unknown) =>
  new PlayerError("server-busy", "The server is busy; try again in a moment.", { cause });
export const badAnswer = (cause?: unknown) =>
  new PlayerError("bad-answer", "The server sent something that is not a film; try again.", { cause });
export const notPlayable = (cause?: unknown) =>
  new PlayerError("not-playable", "This part of the film cannot be played; try again.", { cause });
export const notSupported = () =>
  new PlayerError("not-supported", "This browser cannot play streamed H.264 video; use a current one.");

/** The error for an HTTP status; 0 is an answer that never came. */
export function errorForStatus(status: number, src: string, cause?: unknown): PlayerError {
  if (status === 404 || status === 410) return notFound(src, cause);
  if (status === 503 || status === 429) return busy(cause);
  if (status === 0) return unreachable(cause);
  return badAnswer(cause);
}
