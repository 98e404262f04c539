import type { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { box, fullBox, onlyBox, readBoxes, versionAndFlags } from "./box.js";

/** The decoder configuration of an AAC-LC track. */
export interface AacConfiguration {
  /** Hertz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1). */
  readonly config: Uint8Array;
}

/** Serializes an MPEG-4 descriptor with a one-byte length (ISO/IEC 14496-1, 8.3.3). */
function descriptor(tag: number, contents: Uint8Array): Uint8Array {
  if (contents.length > 127) {
    throw new RangeError(`an MPEG-4 descriptor must have at most 127 bytes, got ${contents.length}`);
  }
  return new ByteWriter().u8(tag).u8(contents.length).bytes(contents).finish();
}

/** Serializes an `stsd` with one `mp4a` sample entry. `bitrate` is the mean, in bits per second. */
export function writeAacSampleEntry(aac: AacConfiguration, bitrate: number): Uint8Array {
  const decoder = new ByteWriter().u8(0x40).u8(0x15).u8(0).u8(0).u8(0).u32(bitrate).u32(bitrate);
  decoder.bytes(descriptor(5, aac.config));
  const es = new ByteWriter()
    .u16(0)
    .u8(0)
    .bytes(descriptor(4, decoder.finish()))
    .bytes(descriptor(6, Uint8Array.of(2)));
  const entry = new ByteWriter().zeros(6).u16(1).zeros(8).u16(aac.channels).u16(16).u32(0);
  entry.u32(aac.sampleRate < 65536 ? aac.sampleRate * 65536 : 0);
  const mp4a = box("mp4a", entry.finish(), fullBox("esds", 0, 0, descriptor(3, es.finish())));
  return fullBox("stsd", 0, 0, new ByteWriter().u32(1).finish(), mp4a);
}

/** Parses the `stsd` that `writeAacSampleEntry` writes. Throws the reader's error for anything else. */
export function readAacSampleEntry(stsd: ByteReader, sampleRate: number): AacConfiguration {
  versionAndFlags(stsd);
  if (stsd.u32() !== 1) throw stsd.error("does not have exactly one sample entry");
  const entry = onlyBox(readBoxes(stsd), "mp4a", stsd);
  entry.skip(16);
  const channels = entry.checkRange(entry.u16(), 1, 8, "the number of channels");
  entry.skip(10);
  const esds = onlyBox(readBoxes(entry), "esds", entry);
  versionAndFlags(esds);
  readDescriptorHeader(esds, 3);
  esds.skip(3);
  readDescriptorHeader(esds, 4);
  esds.skip(13);
  const length = readDescriptorHeader(esds, 5);
  return { sampleRate, channels, config: esds.bytes(length).slice() };
}

/** Reads the header of a descriptor, whose tag must be `tag`, and returns the length of its contents. */
function readDescriptorHeader(reader: ByteReader, tag: number): number {
  const actual = reader.u8();
  if (actual !== tag) throw reader.error(`has descriptor ${actual}, must be ${tag}`);
  return reader.checkRange(reader.u8(), 0, 127, "the length of a descriptor");
}
