import type { LibraryEntry } from "../library/library.js";

/** A source to encode. */
export interface EncodeCandidate {
  readonly id: string;
  /** Changes with the content of the source. */
  readonly revision: string;
  /** Path of the source. */
  readonly input: string;
  /** Path of the asset to write. */
  readonly output: string;
  /** Segments served so far. */
  readonly watched: number;
  /** Duration of the video in seconds, estimated if the source was not opened yet. */
  readonly seconds: number;
  /** When the source was last changed, in milliseconds since 1970. */
  readonly changedAt: number;
}

/** Bytes per second of a source whose duration is not known yet. */
const ESTIMATED_BYTE_RATE = 250_000;

/**
 * Returns a video of a library as a source to encode; undefined if it has no source, or if none of its files may be written.
 *
 * @param seconds duration of the video; undefined if unknown
 */
export function encodeCandidate(
  { id, revision, source: input, output, bytes, changedAt = 0 }: Omit<LibraryEntry, "open">,
  watched = 0,
  seconds = bytes / ESTIMATED_BYTE_RATE,
): EncodeCandidate | undefined {
  if (input === undefined || output === undefined) return undefined;
  return { id, revision, input, output, watched, seconds, changedAt };
}

/** Orders candidates: the most watched first, then the shortest, then the oldest. */
export const byPriority = (a: EncodeCandidate, b: EncodeCandidate): number =>
  b.watched - a.watched || a.seconds - b.seconds || a.changedAt - b.changedAt || (a.id < b.id ? -1 : 1);
