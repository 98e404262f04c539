import type { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { type BoxSlice, box, fullBox, readBoxes, versionAndFlags } from "./box.js";

/** What menus and playlists need to know about an audio or subtitle track. */
export interface TrackLabels {
  /** BCP 47 tag or ISO 639-2 code; `und` if unknown. */
  readonly language: string;
  /** Title from the source, such as "Commentary"; "" for none. */
  readonly title: string;
  /** Whether players select the track at first. */
  readonly default: boolean;
  /** Whether the subtitles are for viewers who understand the audio: signs, and speech in other languages. */
  readonly forced: boolean;
  /** Index of the audio track that this one is a stereo downmix of; null for all other tracks. */
  readonly downmixOf: number | null;
}

/** The labels to write. Missing ones are as of a track without any. */
export type TrackLabelFields = Pick<TrackLabels, "language"> & Partial<TrackLabels>;

/** Scheme of `kind` boxes with the roles of MPEG-DASH (ISO/IEC 23009-1, 5.8.5.5). */
const ROLE_SCHEME = "urn:mpeg:dash:role:2011";
const DEFAULT_ROLE = "main";
const FORCED_ROLE = "forced-subtitle";
/** Scheme of the `kind` box of a downmix. Its value is the index of the original audio track. */
const DOWNMIX_SCHEME = "urn:siedd:downmix-of";

/** Maximum length of a title in UTF-16 code units. Longer ones are cut. */
const MAX_TITLE_LENGTH = 200;

const isIso639 = (language: string): boolean => /^[a-z]{3}$/.test(language);

/** Returns the `elng` box (ISO/IEC 14496-12, 8.4.6) of a language that does not fit into `mdhd`; else nothing. */
export const writeExtendedLanguage = (language: string): Uint8Array[] =>
  isIso639(language) ? [] : [fullBox("elng", 0, 0, new ByteWriter().text(language).u8(0).finish())];

/** Returns the `udta` box with the title (`name`) and the roles (`kind`) of a track; nothing if it has none. */
export function writeTrackLabels(labels: Partial<TrackLabels>): Uint8Array[] {
  const { title = "", downmixOf = null } = labels;
  const boxes = title === "" ? [] : [box("name", new TextEncoder().encode(title.slice(0, MAX_TITLE_LENGTH)))];
  if (labels.default) boxes.push(kindBox(ROLE_SCHEME, DEFAULT_ROLE));
  if (labels.forced) boxes.push(kindBox(ROLE_SCHEME, FORCED_ROLE));
  if (downmixOf !== null) boxes.push(kindBox(DOWNMIX_SCHEME, `${downmixOf}`));
  return boxes.length === 0 ? [] : [box("udta", ...boxes)];
}

/** Serializes a `kind` box (ISO/IEC 14496-12, 8.10.4). */
const kindBox = (scheme: string, value: string): Uint8Array =>
  fullBox("kind", 0, 0, new ByteWriter().text(scheme).u8(0).text(value).u8(0).finish());

/**
 * Reads the labels of a track.
 * @param trak the children of `trak`
 * @param mdia the children of `mdia`
 * @param code the language in `mdhd`
 */
export function readTrackLabels(
  trak: readonly BoxSlice[],
  mdia: readonly BoxSlice[],
  code: string,
): TrackLabels {
  const udta = trak.find(({ type }) => type === "udta")?.reader;
  const boxes = udta === undefined ? [] : readBoxes(udta);
  const kinds = boxes.filter(({ type }) => type === "kind").map(({ reader }) => readKind(reader));
  const hasRole = (role: string) => kinds.some(([scheme, value]) => scheme === ROLE_SCHEME && value === role);
  const original = kinds.find(([scheme]) => scheme === DOWNMIX_SCHEME)?.[1];
  const name = boxes.find(({ type }) => type === "name")?.reader;
  return {
    language: readExtendedLanguage(mdia) ?? code,
    title: name === undefined ? "" : readText(name).slice(0, MAX_TITLE_LENGTH),
    default: hasRole(DEFAULT_ROLE),
    forced: hasRole(FORCED_ROLE),
    downmixOf: original !== undefined && /^\d{1,4}$/.test(original) ? Number(original) : null,
  };
}

/** Returns the scheme and the value of a `kind` box. */
function readKind(reader: ByteReader): readonly string[] {
  versionAndFlags(reader);
  return readText(reader).split("\0");
}

/** Returns the language of an `elng` box; undefined if there is none or it is no language tag. */
function readExtendedLanguage(mdia: readonly BoxSlice[]): string | undefined {
  const reader = mdia.find(({ type }) => type === "elng")?.reader;
  if (reader === undefined) return undefined;
  versionAndFlags(reader);
  const tag = readText(reader).split("\0", 1)[0];
  return /^[a-z]{2,8}(-[a-z\d]{1,8}){0,8}$/i.test(tag) ? tag : undefined;
}

const readText = (reader: ByteReader): string => new TextDecoder().decode(reader.bytes(reader.remaining));
