import { ByteReader } from "../bytes/reader.js";
import { SieddError } from "../errors.js";
import { type AacConfiguration, readAacSampleEntry } from "../iso/aac.js";
import { onlyBox, readBoxes, versionAndFlags } from "../iso/box.js";
import { readSampleTables, type SampleTable } from "../iso/tables.js";
import { isTextSampleEntry, TEXT_TIMESCALE } from "../iso/text-track.js";
import { unpackLanguage } from "../iso/track.js";
import { type Configuration, readConfiguration } from "./configuration.js";

/** Shortest side of a source picture that an asset may have, in pixels. */
export const MIN_SIDE = 16;
/** Longest side of a source picture that an asset may have, in pixels. */
export const MAX_SIDE = 8192;

export interface ParsedVideo {
  readonly width: number;
  readonly height: number;
  readonly configuration: Configuration;
  readonly samples: SampleTable;
}

export interface ParsedAudio extends AacConfiguration {
  readonly language: string;
  /** Media time of the edit: samples before time 0. */
  readonly priming: number;
  readonly samples: SampleTable;
}

export interface ParsedText {
  readonly language: string;
  /** Durations in milliseconds. */
  readonly samples: SampleTable;
}

export interface ParsedMovie {
  readonly video: ParsedVideo;
  /** Offset in `moov` at which the siv1 track ends. */
  readonly videoEnd: number;
  readonly audio: readonly ParsedAudio[];
  readonly text: readonly ParsedText[];
}

/** Reads the contents of `moov`. `fileSize` bounds every sample's place. */
export function parseMovie(contents: Uint8Array, fileSize: number): ParsedMovie {
  const moov = new ByteReader(contents, "moov");
  const traks = readBoxes(moov).filter((candidate) => candidate.type === "trak");
  let video: ParsedVideo | undefined;
  let videoEnd = 0;
  const audio: ParsedAudio[] = [];
  const text: ParsedText[] = [];
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
      "this is an MP4 file but not a siedd asset: it has no siv1 track; make one with siedd encode",
    );
  }
  return { video, videoEnd, audio, text };
}

/** Undefined for text of a kind that is not ours: it is not needed to play the video. */
function parseTrack(trak: ByteReader, fileSize: number): ParsedVideo | ParsedAudio | ParsedText | undefined {
  const boxes = readBoxes(trak);
  const mdia = onlyBox(boxes, "mdia", trak);
  const media = readBoxes(mdia);
  const hdlr = onlyBox(media, "hdlr", mdia);
  hdlr.skip(8);
  const handler = hdlr.fourcc();
  const minf = onlyBox(media, "minf", mdia);
  const stbl = onlyBox(readBoxes(minf), "stbl", minf);
  const tables = readBoxes(stbl);
  const stsd = onlyBox(tables, "stsd", stbl);
  if (handler === "vide") {
    const entry = parseVideoEntry(stsd);
    return { ...entry, samples: readSampleTables(tables, stbl, fileSize) };
  }
  if (handler === "text") {
    if (!isTextSampleEntry(stsd)) return undefined;
    const { language } = parseMediaHeader(
      media,
      mdia,
      "the text's timescale",
      TEXT_TIMESCALE,
      TEXT_TIMESCALE,
    );
    return { language, samples: readSampleTables(tables, stbl, fileSize) };
  }
  if (handler !== "soun") throw trak.error(`has the unknown handler "${handler}"`);
  const { timescale: sampleRate, language } = parseMediaHeader(media, mdia, "the sample rate", 1000, 192000);
  const aac = readAacSampleEntry(stsd, sampleRate);
  return {
    ...aac,
    language,
    priming: parseEdit(boxes, trak),
    samples: readSampleTables(tables, stbl, fileSize),
  };
}

function parseMediaHeader(
  media: ReturnType<typeof readBoxes>,
  mdia: ByteReader,
  what: string,
  min: number,
  max: number,
): { timescale: number; language: string } {
  const mdhd = onlyBox(media, "mdhd", mdia);
  if (versionAndFlags(mdhd).version !== 1) throw mdhd.error("is not of version 1");
  mdhd.skip(16);
  const timescale = mdhd.within(mdhd.u32(), min, max, what);
  mdhd.skip(8);
  return { timescale, language: unpackLanguage(mdhd.u16()) };
}

function parseEdit(boxes: ReturnType<typeof readBoxes>, trak: ByteReader): number {
  const edts = onlyBox(boxes, "edts", trak);
  const elst = onlyBox(readBoxes(edts), "elst", edts);
  if (versionAndFlags(elst).version !== 1 || elst.u32() !== 1)
    throw elst.error("is not one edit of version 1");
  elst.u64();
  return elst.within(elst.u64(), 0, 1_000_000, "the edit's start");
}

function parseVideoEntry(stsd: ByteReader): Omit<ParsedVideo, "samples"> {
  versionAndFlags(stsd);
  if (stsd.u32() !== 1) throw stsd.error("does not have one sample entry");
  const entries = readBoxes(stsd);
  if (entries[0]?.type !== "siv1") {
    throw new SieddError(
      "bad-asset",
      "this is a video but not a siedd asset; make one of it with siedd encode",
    );
  }
  const siv1 = entries[0].reader;
  siv1.skip(24);
  const width = siv1.within(siv1.u16(), MIN_SIDE, MAX_SIDE, "the width");
  const height = siv1.within(siv1.u16(), MIN_SIDE, MAX_SIDE, "the height");
  siv1.skip(50);
  return { width, height, configuration: readConfiguration(onlyBox(readBoxes(siv1), "sivC", siv1)) };
}
