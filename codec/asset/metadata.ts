import type { BoxSlice } from "../iso/box.js";
import { type Chapter, normalizeChapters } from "../iso/chapters.js";
import { isIsoDate, normalizeTitle } from "../iso/description.js";

/** Type of the box in `moov` that holds the metadata of an asset. Readers of older versions skip it. */
export const METADATA_BOX = "sivM";
/** Bytes of a metadata box that readers accept: hours of chapters, with room to spare. */
export const MAX_METADATA_BYTES = 1 << 18;

/** What an asset tells about its video, besides its tracks. All fields are optional. */
export interface AssetMetadata {
  readonly title?: string;
  /** When the video was made, as an ISO 8601 date or time. */
  readonly created?: string;
  /** As `normalizeChapters` returns them. */
  readonly chapters?: readonly Chapter[];
  /** The video file that the whole of the asset was encoded from. */
  readonly source?: {
    /** Hash of its size and of samples of its bytes (docs/format.md). */
    readonly identity: string;
    /** File name, without folders. */
    readonly name: string;
  };
}

/** Serializes metadata to the contents of its box: JSON in UTF-8. */
export const writeMetadata = (metadata: AssetMetadata): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(metadata));

/**
 * Returns the metadata in the children of `moov`. Playback does not depend on it, so fields that are malformed or unknown
 * are left out.
 */
export function readMetadata(moov: readonly BoxSlice[]): AssetMetadata {
  const reader = moov.find(({ type }) => type === METADATA_BOX)?.reader;
  if (reader === undefined || reader.remaining > MAX_METADATA_BYTES) return {};
  const text = new TextDecoder().decode(reader.bytes(reader.remaining));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return {};
  }
  const { title, created, chapters, source } = (json ?? {}) as Record<string, unknown>;
  const { identity, name } = (source ?? {}) as Record<string, unknown>;
  return {
    ...(typeof title === "string" && { title: normalizeTitle(title) }),
    ...(typeof created === "string" && isIsoDate(created) && { created }),
    ...(Array.isArray(chapters) && chapters.every(isChapter) && { chapters: normalizeChapters(chapters) }),
    ...(typeof identity === "string" && typeof name === "string" && { source: { identity, name } }),
  };
}

const isChapter = (value: unknown): value is Chapter => {
  const { start, title } = (value ?? {}) as Partial<Chapter>;
  return typeof start === "number" && start >= 0 && typeof title === "string";
};
