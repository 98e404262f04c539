import { ByteWriter } from "../bytes/writer.js";
import { type AacConfiguration, writeAacSampleEntry } from "./aac.js";
import { box, fullBox } from "./box.js";
import { writeSampleTables } from "./tables.js";
import { writeMovieHeader, writeTrack } from "./track.js";

const TRACK_ID = 1;
/** Bits per second and channel that init segments state. */
const NOMINAL_BITRATE = 64_000;
const SYNC_SAMPLE = 0x02000000;
// Flags of tfhd and of trun.
const DEFAULT_BASE_IS_MOOF = 0x020000;
const DATA_OFFSET = 0x01;
const SAMPLE_SIZES = 0x200;
const MDAT_HEADER = 8;

/** The properties of an audio track that its init segment describes. */
export interface FragmentedAudio extends AacConfiguration {
  /** BCP 47 tag or ISO 639-2 code. */
  readonly language: string;
  /** Samples per packet. */
  readonly packetDuration: number;
  /** Encoder delay: samples that precede time 0 of the video. */
  readonly priming: number;
}

/** Position of a fragment in its track. */
export interface AudioFragmentPosition {
  /** Index of the fragment, from 0. */
  readonly index: number;
  /** Decode time: samples that precede the fragment. */
  readonly decodeTime: number;
}

/**
 * Serializes the init segment (`ftyp` and `moov`) of fragmented audio (ISO/IEC 14496-12). The rendition omits
 * packets that lie entirely in the encoder delay. An edit list skips the rest of the delay, which is less than
 * a packet.
 */
export function audioInit(track: FragmentedAudio): Uint8Array<ArrayBuffer> {
  const { sampleRate, channels, config, packetDuration } = track;
  // Not the mean of the track: the size of a source's track is not known before all of it was read.
  const bitrate = NOMINAL_BITRATE * channels;
  const ftyp = new ByteWriter().text("iso6").u32(0).text("iso6").text("mp41");
  const trak = writeTrack({
    id: TRACK_ID,
    handler: "soun",
    width: 0,
    height: 0,
    timescale: sampleRate,
    mediaDuration: 0,
    movieDuration: 0,
    labels: { language: track.language },
    mediaTime: track.priming % packetDuration,
    sampleTable: [
      writeAacSampleEntry({ sampleRate, channels, config }, bitrate),
      ...writeSampleTables([], [], []),
    ],
  });
  const trex = new ByteWriter().u32(TRACK_ID).u32(1).u32(packetDuration).u32(0).u32(SYNC_SAMPLE);
  const mvex = box("mvex", fullBox("trex", 0, 0, trex.finish()));
  const moov = box("moov", writeMovieHeader(sampleRate, 0, TRACK_ID + 1), trak, mvex);
  return concat([box("ftyp", ftyp.finish()), moov]);
}

/** Serializes a media segment (`moof` and `mdat`) of consecutive packets, exactly as stored in the asset. */
export function audioFragment(
  { index, decodeTime }: AudioFragmentPosition,
  packets: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const moof = (dataOffset: number) => {
    const trun = new ByteWriter().u32(packets.length).u32(dataOffset);
    for (const packet of packets) trun.u32(packet.byteLength);
    return box(
      "moof",
      fullBox("mfhd", 0, 0, new ByteWriter().u32(index + 1).finish()),
      box(
        "traf",
        fullBox("tfhd", 0, DEFAULT_BASE_IS_MOOF, new ByteWriter().u32(TRACK_ID).finish()),
        fullBox("tfdt", 1, 0, new ByteWriter().u64(decodeTime).finish()),
        fullBox("trun", 0, DATA_OFFSET | SAMPLE_SIZES, trun.finish()),
      ),
    );
  };
  return concat([moof(moof(0).byteLength + MDAT_HEADER), box("mdat", ...packets)]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}
