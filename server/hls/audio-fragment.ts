import type { AudioTrack } from "../../codec/asset/asset.js";
import { ByteWriter } from "../../codec/bytes/writer.js";
import { writeAacSampleEntry } from "../../codec/iso/aac.js";
import { box, fullBox } from "../../codec/iso/box.js";
import { writeSampleTables } from "../../codec/iso/tables.js";
import { writeMovieHeader, writeTrack } from "../../codec/iso/track.js";
import type { AudioSegment } from "./timeline.js";

const TRACK_ID = 1;
const SYNC_SAMPLE = 0x02000000;
// Flags of tfhd and of trun.
const DEFAULT_BASE_IS_MOOF = 0x020000;
const DATA_OFFSET = 0x01;
const SAMPLE_SIZES = 0x200;
const MDAT_HEADER = 8;

/**
 * ftyp and moov of an audio rendition (ISO/IEC 14496-12). Whole packets of encoder delay are not in the
 * rendition; what is left of the delay, less than a packet, is its edit list.
 */
export function audioInit(track: AudioTrack): Uint8Array {
  const { sampleRate, channels, config, packetDuration, bytes, packetCount } = track;
  const bitrate = Math.round((8 * bytes * sampleRate) / (packetDuration * Math.max(1, packetCount)));
  const ftyp = new ByteWriter().text("iso6").u32(0).text("iso6").text("mp41");
  const trak = writeTrack({
    id: TRACK_ID,
    handler: "soun",
    width: 0,
    height: 0,
    timescale: sampleRate,
    mediaDuration: 0,
    movieDuration: 0,
    language: track.language,
    start: track.priming % packetDuration,
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

/** moof and mdat of one audio segment, its packets as they are stored in the asset. */
export function audioFragment(segment: AudioSegment, packets: readonly Uint8Array[]): Uint8Array {
  const moof = (dataOffset: number) => {
    const trun = new ByteWriter().u32(packets.length).u32(dataOffset);
    for (const packet of packets) trun.u32(packet.byteLength);
    return box(
      "moof",
      fullBox("mfhd", 0, 0, new ByteWriter().u32(segment.index + 1).finish()),
      box(
        "traf",
        fullBox("tfhd", 0, DEFAULT_BASE_IS_MOOF, new ByteWriter().u32(TRACK_ID).finish()),
        fullBox("tfdt", 1, 0, new ByteWriter().u64(segment.decodeTime).finish()),
        fullBox("trun", 0, DATA_OFFSET | SAMPLE_SIZES, trun.finish()),
      ),
    );
  };
  return concat([moof(moof(0).byteLength + MDAT_HEADER), box("mdat", ...packets)]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
