import { ByteReader } from "../bytes/reader.js";
import { SieddError } from "../errors.js";
import { type AacConfiguration, readAacSampleEntry } from "../iso/aac.js";
import { type BoxSlice, onlyBox, readBoxes, versionAndFlags } from "../iso/box.js";
import { checkDisjoint, readSampleTables, type SampleLimits, type SampleTable } from "../iso/tables.js";
import { isTextSampleEntry, TEXT_TIMESCALE } from "../iso/text-track.js";
import { unpackLanguage } from "../iso/track.js";
import { readTrackLabels, type TrackLabels } from "../iso/track-labels.js";
import {
  MAX_AUDIO_PACKET_BYTES,
  MAX_GROUP_BYTES,
  MAX_GROUPS,
  MAX_TEXT_BYTES,
  MAX_TEXT_SAMPLES,
  MIN_GROUP_BYTES,
  MIN_PART_BYTES,
  MIN_TILE_PIXELS,
} from "../limits.js";
import { type Configuration, readConfiguration, SPANS_VERSION } from "./configuration.js";
import { type CoverRange, readCoverRange } from "./cover.js";
import { readIdentity } from "./identity.js";
import { type AssetMetadata, readMetadata } from "./metadata.js";
import { type GroupSpans, readSpans, SPANS_BOX } from "./spans.js";

/** Minimum width and height of an asset's source frames, in pixels. */
export const MIN_SIDE = 16;
/** Maximum width and height of an asset's source frames, in pixels. */
export const MAX_SIDE = 8192;

const GROUP_LIMITS: SampleLimits = {
  maxSamples: MAX_GROUPS,
  minBytes: MIN_GROUP_BYTES,
  maxBytes: MAX_GROUP_BYTES,
};
const AUDIO_LIMITS: SampleLimits = { maxBytes: MAX_AUDIO_PACKET_BYTES };
const TEXT_LIMITS: SampleLimits = { maxSamples: MAX_TEXT_SAMPLES, maxBytes: MAX_TEXT_BYTES };

/** The siv1 track. */
export interface ParsedVideoTrack {
  readonly width: number;
  readonly height: number;
  readonly configuration: Configuration;
  /** The spans that begin with each sample; undefined in version 1. */
  readonly spans: readonly GroupSpans[] | undefined;
  readonly samples: SampleTable;
}

/** An AAC track. */
export interface ParsedAudioTrack extends AacConfiguration {
  readonly labels: TrackLabels;
  /** Media time of the edit: samples that precede time 0. */
  readonly priming: number;
  readonly samples: SampleTable;
}

/** A WebVTT track. */
export interface ParsedTextTrack {
  readonly labels: TrackLabels;
  /** Durations in milliseconds. */
  readonly samples: SampleTable;
}

/** The identity and the tracks of `moov`. */
export interface ParsedMovie {
  readonly identity: string | null;
  readonly metadata: AssetMetadata;
  readonly cover: CoverRange | undefined;
  readonly video: ParsedVideoTrack;
  /** Offset in the contents of `moov` at which the siv1 track ends. */
  readonly videoEnd: number;
  readonly audio: readonly ParsedAudioTrack[];
  readonly text: readonly ParsedTextTrack[];
}

/**
 * Parses the contents of `moov`.
 * @param fileSize bytes of the file; every sample must lie within it
 * @throws SieddError `bad-asset`, `truncated-asset` or `unsupported-version`.
 */
export function parseMovie(contents: Uint8Array, fileSize: number): ParsedMovie {
  const moov = new ByteReader(contents, "moov");
  const boxes = readBoxes(moov);
  const traks = boxes.filter((candidate) => candidate.type === "trak");
  let video: ParsedVideoTrack | undefined;
  let videoEnd = 0;
  const audio: ParsedAudioTrack[] = [];
  const text: ParsedTextTrack[] = [];
  for (const trak of traks) {
    const track = parseTrack(trak.reader, fileSize);
    if (track === undefined) continue;
    if ("configuration" in track) {
      if (video !== undefined) throw moov.error("has two siv1 tracks");
      video = track;
      videoEnd = trak.offset + trak.size;
    } else if ("priming" in track) audio.push(track);
    else text.push(track);
  }
  if (video === undefined) {
    throw new SieddError(
      "bad-asset",
      "not a siedd asset: this MP4 file has no siv1 track; create an asset with siedd encode",
    );
  }
  checkDisjoint(
    [video, ...audio, ...text].map(({ samples }) => samples),
    moov,
  );
  return {
    identity: readIdentity(boxes),
    metadata: readMetadata(boxes),
    cover: readCoverRange(boxes, fileSize),
    ...{ video, videoEnd, audio, text },
  };
}

/** Parses a track. Returns undefined for a text track in an unknown format, because playback does not need it. */
function parseTrack(
  trak: ByteReader,
  fileSize: number,
): ParsedVideoTrack | ParsedAudioTrack | ParsedTextTrack | undefined {
  const boxes = readBoxes(trak);
  const mdia = readContainer(onlyBox(boxes, "mdia", trak));
  const hdlr = onlyBox(mdia.boxes, "hdlr", mdia.reader);
  hdlr.skip(8);
  const handler = hdlr.fourcc();
  const minf = onlyBox(mdia.boxes, "minf", mdia.reader);
  const stbl = onlyBox(readBoxes(minf), "stbl", minf);
  const tables = readBoxes(stbl);
  const stsd = onlyBox(tables, "stsd", stbl);
  if (handler === "vide") {
    const entry = parseVideoEntry(stsd);
    const limits = entry.spans === undefined ? GROUP_LIMITS : { ...GROUP_LIMITS, minBytes: MIN_PART_BYTES };
    return { ...entry, samples: readSampleTables(tables, stbl, fileSize, limits) };
  }
  if (handler === "text") {
    if (!isTextSampleEntry(stsd)) return undefined;
    const { language } = parseMediaHeader(mdia, "the text timescale", TEXT_TIMESCALE, TEXT_TIMESCALE);
    const samples = readSampleTables(tables, stbl, fileSize, TEXT_LIMITS);
    const bytes = samples.sizes.reduce((sum, size) => sum + size, 0);
    stbl.checkRange(bytes, 0, MAX_TEXT_BYTES, "the bytes of a text track");
    return { labels: readTrackLabels(boxes, mdia.boxes, language), samples };
  }
  if (handler !== "soun") throw trak.error(`has the unknown handler "${handler}"`);
  const { timescale: sampleRate, language } = parseMediaHeader(mdia, "the sample rate", 1000, 192000);
  const aac = readAacSampleEntry(stsd, sampleRate);
  return {
    ...aac,
    labels: readTrackLabels(boxes, mdia.boxes, language),
    priming: parseEdit(boxes, trak),
    samples: readSampleTables(tables, stbl, fileSize, AUDIO_LIMITS),
  };
}

/** A container box and its children. */
interface Container {
  readonly reader: ByteReader;
  readonly boxes: readonly BoxSlice[];
}

const readContainer = (reader: ByteReader): Container => ({ reader, boxes: readBoxes(reader) });

/** Parses `mdhd`. The timescale, called `timescaleName` in errors, must lie within [min, max]. */
function parseMediaHeader(
  mdia: Container,
  timescaleName: string,
  min: number,
  max: number,
): { timescale: number; language: string } {
  const mdhd = onlyBox(mdia.boxes, "mdhd", mdia.reader);
  if (versionAndFlags(mdhd).version !== 1) throw mdhd.error("is not version 1");
  mdhd.skip(16);
  const timescale = mdhd.checkRange(mdhd.u32(), min, max, timescaleName);
  mdhd.skip(8);
  return { timescale, language: unpackLanguage(mdhd.u16()) };
}

/** Returns the media time at which the track's only edit begins, in ticks of the track's timescale. */
function parseEdit(boxes: readonly BoxSlice[], trak: ByteReader): number {
  const edts = onlyBox(boxes, "edts", trak);
  const elst = onlyBox(readBoxes(edts), "elst", edts);
  if (versionAndFlags(elst).version !== 1 || elst.u32() !== 1)
    throw elst.error("must have version 1 and exactly one edit");
  elst.u64();
  return elst.checkRange(elst.u64(), 0, 1_000_000, "the edit's start");
}

function parseVideoEntry(stsd: ByteReader): Omit<ParsedVideoTrack, "samples"> {
  versionAndFlags(stsd);
  if (stsd.u32() !== 1) throw stsd.error("does not have exactly one sample entry");
  const entries = readBoxes(stsd);
  if (entries[0]?.type !== "siv1") {
    throw new SieddError(
      "bad-asset",
      "not a siedd asset but an ordinary video; convert it with siedd encode",
    );
  }
  const siv1 = entries[0].reader;
  siv1.skip(24);
  const width = siv1.checkRange(siv1.u16(), MIN_SIDE, MAX_SIDE, "the width");
  const height = siv1.checkRange(siv1.u16(), MIN_SIDE, MAX_SIDE, "the height");
  siv1.skip(50);
  const boxes = readBoxes(siv1);
  const configuration = readConfiguration(onlyBox(boxes, "sivC", siv1));
  const hasSpans = configuration.version === SPANS_VERSION;
  const spans = hasSpans ? readSpans(onlyBox(boxes, SPANS_BOX, siv1)) : undefined;
  const { network } = configuration.model;
  if (network.profile === "tile") {
    const side = Math.min(width / network.columns, height / network.rows);
    siv1.checkRange(side, MIN_TILE_PIXELS, MAX_SIDE, "the side of a tile in pixels");
  }
  return { width, height, configuration, spans };
}
