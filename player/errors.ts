/** What a player could not do, as a stable code; the sentence beside it is for people. */
export type PlayerErrorCode =
  | "film-not-found"
  | "server-unreachable"
  | "server-busy"
  | "bad-answer"
  | "not-playable"
  | "not-supported"
  | "no-ranges"
  | "server-only";

/** Why nothing plays; the message is one sentence for the person who watches. */
export class PlayerError extends Error {
  readonly reason: PlayerErrorCode;

  constructor(reason: PlayerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PlayerError";
    this.reason = reason;
  }

  /** The number that a MediaError has: 2 for the network, 3 for decoding, 4 for a source that cannot be played. */
  get code(): number {
    if (this.reason === "not-playable") return 3;
    return this.reason === "server-unreachable" || this.reason === "server-busy" ? 2 : 4;
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

export const noRanges = (url: string) =>
  new PlayerError(
    "no-ranges",
    `The host of ${url} sends whole files only; put the film on one that answers Range requests, or serve it with siedd.`,
  );
export const serverOnly = (url: string) =>
  new PlayerError(
    "server-only",
    `The film at ${url} has the paper profile, which only a siedd server can play; leave out mode="direct".`,
  );
export const cannotDecode = (cause?: unknown) =>
  new PlayerError(
    "not-supported",
    "Films cannot be decoded on this page; play from a siedd server, or let the page's policy allow worker-src blob: and script-src 'wasm-unsafe-eval'.",
    { cause },
  );

/** The error for an HTTP status; 0 is an answer that never came. */
export function errorForStatus(status: number, src: string, cause?: unknown): PlayerError {
  if (status === 404 || status === 410) return notFound(src, cause);
  if (status === 503 || status === 429) return busy(cause);
  if (status === 0) return unreachable(cause);
  return badAnswer(cause);
}
