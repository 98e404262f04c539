import {
  ByteReader,
  type CreateReaderError,
  onlyBox,
  onlyBoxSlice,
  readBoxes,
  versionAndFlags,
} from "../../codec/iso/box.js";
import { MediaError } from "../errors.js";

/** A fragmented MP4 of one fragment, split into the init segment and the media segment. */
export interface Fragment {
  /** `ftyp` and `moov`. */
  readonly init: Uint8Array;
  /** `moof` and `mdat`. */
  readonly media: Uint8Array;
  /** Samples in the fragment. */
  readonly sampleCount: number;
  /** Sum of the sample durations, in ticks of the track's timescale. */
  readonly duration: number;
}

const unexpectedMp4: CreateReaderError = (path, detail) =>
  new MediaError("ffmpeg-failed", `ffmpeg wrote an unexpected MP4: ${path} ${detail}`);

const mp4Reader = (bytes: Uint8Array): ByteReader => new ByteReader(bytes, "the file", unexpectedMp4);

/** Returns a view of the rest of a box, to overwrite fields in place. */
function contentsView(box: ByteReader): DataView {
  const { buffer, byteOffset, byteLength } = box.bytes(box.remaining);
  return new DataView(buffer, byteOffset, byteLength);
}

/**
 * Splits ffmpeg's fragmented MP4 (one moof) and places its fragment on the timeline: sets `tfdt` to
 * `decodeTime` ticks and the sequence number in `mfhd`. ffmpeg's own -output_ts_offset counts microseconds,
 * which is not exact for every timescale, and would make the other bytes depend on the position.
 * @throws MediaError `ffmpeg-failed` if the file does not have this structure.
 */
export function setDecodeTime(file: Uint8Array, decodeTime: number, sequence: number): Fragment {
  const reader = mp4Reader(file);
  const top = readBoxes(reader);
  onlyBox(top, "moov", reader);
  const moofSlice = onlyBoxSlice(top, "moof", reader);
  const mdat = onlyBoxSlice(top, "mdat", reader);
  const media = new Uint8Array(file.subarray(moofSlice.offset, mdat.offset + mdat.size));
  const { moof, traf } = readMoof(media);

  contentsView(onlyBox(moof.boxes, "mfhd", moof.reader)).setUint32(4, sequence);
  const tfdt = onlyBox(traf.boxes, "tfdt", traf.reader);
  if (versionAndFlags(tfdt).version !== 1) throw tfdt.error("has a 32-bit time, must have 64 bits");
  contentsView(tfdt).setBigUint64(0, BigInt(decodeTime));

  const init = new Uint8Array(file.subarray(0, moofSlice.offset));
  return { init, media, ...readSampleTimes(traf) };
}

/**
 * Removes the display size from an init segment. Browsers apply its aspect ratio to every frame. A frame whose
 * sides were rounded to even numbers has a slightly different ratio, and would be displayed, and reported, one
 * pixel wider.
 */
export function withoutDisplaySize(init: Uint8Array): Uint8Array {
  const out = new Uint8Array(init);
  const reader = mp4Reader(out);
  const moov = onlyBox(readBoxes(reader), "moov", reader);
  const trak = onlyBox(readBoxes(moov), "trak", moov);
  const tkhd = onlyBox(readBoxes(trak), "tkhd", trak);
  // Width and height, 16.16 each, end the box (ISO/IEC 14496-12, 8.3.2).
  tkhd.skip(tkhd.remaining - 8);
  tkhd.bytes(8).fill(0);
  return out;
}

/**
 * Sets the duration of a fragment's only sample, in ticks.
 * @throws MediaError `ffmpeg-failed` if the fragment has several samples or no default duration.
 */
export function setSampleDuration(media: Uint8Array, duration: number): Uint8Array {
  const out = new Uint8Array(media);
  const { traf } = readMoof(out);
  const tfhd = onlyBox(traf.boxes, "tfhd", traf.reader);
  const trun = onlyBox(traf.boxes, "trun", traf.reader);
  const { flags } = versionAndFlags(tfhd);
  const sampleDurations = versionAndFlags(trun).flags & TRUN_DURATIONS;
  if (trun.u32() !== 1 || !(flags & TFHD_DURATION) || sampleDurations) {
    throw traf.reader.error("is not a fragment of one sample with a default duration");
  }
  skipToDefaultDuration(tfhd, flags);
  contentsView(tfhd).setUint32(0, duration);
  return out;
}

/** A container box and its children. */
interface Container {
  readonly reader: ByteReader;
  readonly boxes: ReturnType<typeof readBoxes>;
}

const readContainer = (reader: ByteReader): Container => ({ reader, boxes: readBoxes(reader) });

function readMoof(media: Uint8Array): { moof: Container; traf: Container } {
  const reader = mp4Reader(media);
  const moof = readContainer(onlyBox(readBoxes(reader), "moof", reader));
  return { moof, traf: readContainer(onlyBox(moof.boxes, "traf", moof.reader)) };
}

// Flags of tfhd and trun (ISO/IEC 14496-12, 8.8.7 and 8.8.8).
const TFHD_BASE_DATA_OFFSET = 0x01;
const TFHD_SAMPLE_DESCRIPTION = 0x02;
const TFHD_DURATION = 0x08;
const TRUN_DATA_OFFSET = 0x01;
const TRUN_FIRST_SAMPLE_FLAGS = 0x04;
const TRUN_DURATIONS = 0x100;
const TRUN_SIZES = 0x200;
const TRUN_FLAGS = 0x400;
const TRUN_COMPOSITION_OFFSETS = 0x800;

function skipToDefaultDuration(tfhd: ByteReader, flags: number): void {
  tfhd.skip(4); // track_ID
  if (flags & TFHD_BASE_DATA_OFFSET) tfhd.skip(8);
  if (flags & TFHD_SAMPLE_DESCRIPTION) tfhd.skip(4);
}

function readSampleTimes(traf: Container): { sampleCount: number; duration: number } {
  const tfhd = onlyBox(traf.boxes, "tfhd", traf.reader);
  const { flags: tfhdFlags } = versionAndFlags(tfhd);
  skipToDefaultDuration(tfhd, tfhdFlags);
  const defaultDuration = tfhdFlags & TFHD_DURATION ? tfhd.u32() : 0;

  const trun = onlyBox(traf.boxes, "trun", traf.reader);
  const { flags } = versionAndFlags(trun);
  const sampleCount = trun.u32();
  if (!(flags & TRUN_DURATIONS)) return { sampleCount, duration: sampleCount * defaultDuration };
  if (flags & TRUN_DATA_OFFSET) trun.skip(4);
  if (flags & TRUN_FIRST_SAMPLE_FLAGS) trun.skip(4);
  const otherFields = [TRUN_SIZES, TRUN_FLAGS, TRUN_COMPOSITION_OFFSETS].filter((bit) => flags & bit).length;
  let duration = 0;
  for (let sample = 0; sample < sampleCount; sample++) {
    duration += trun.u32();
    trun.skip(4 * otherFields);
  }
  return { sampleCount, duration };
}
