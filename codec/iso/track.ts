import { ByteWriter } from "../bytes/writer.js";
import { box, fullBox } from "./box.js";
import { type TrackLabelFields, writeExtendedLanguage, writeTrackLabels } from "./track-labels.js";

/** Unity matrix of tkhd and mvhd (ISO/IEC 14496-12, 8.2.2). */
const MATRIX = /* @__PURE__ */ new ByteWriter()
  .u32(0x10000)
  .zeros(12)
  .u32(0x10000)
  .zeros(12)
  .u32(0x40000000)
  .finish();

/** The properties of a track that `trak` describes. */
export interface TrackDescription {
  /** From 1. */
  readonly id: number;
  readonly handler: "vide" | "soun" | "text";
  /** Source pixels; 0 unless the track is video. */
  readonly width: number;
  /** Source pixels; 0 unless the track is video. */
  readonly height: number;
  /** Ticks per second. */
  readonly timescale: number;
  /** In ticks of `timescale`. */
  readonly mediaDuration: number;
  /** In ticks of the movie's timescale. */
  readonly movieDuration: number;
  readonly labels: TrackLabelFields;
  /** Media time at which the edit begins, in ticks of `timescale`. For audio, this is the encoder delay. */
  readonly mediaTime: number;
  /** The children of `stbl`. */
  readonly sampleTable: readonly Uint8Array[];
}

/** Packs the letters of an ISO 639-2 code into five bits each (ISO/IEC 14496-12, 8.4.2). */
function packLanguage(language: string): number {
  const letters = /^[a-z]{3}$/.test(language) ? language : "und";
  return [...letters].reduce((packed, letter) => (packed << 5) | (letter.charCodeAt(0) - 0x60), 0);
}

/** Returns the ISO 639-2 code of a packed language; `und` if it is invalid. */
export function unpackLanguage(packed: number): string {
  const letters = [10, 5, 0].map((shift) => ((packed >>> shift) & 31) + 0x60);
  return letters.every((code) => code > 0x60 && code <= 0x7a) ? String.fromCharCode(...letters) : "und";
}

/** Serializes a `trak` box, with an edit list that maps `mediaTime` to time 0 of the movie. */
export function writeTrack(track: TrackDescription): Uint8Array {
  const tkhd = new ByteWriter().u64(0).u64(0).u32(track.id).u32(0).u64(track.movieDuration);
  tkhd
    .zeros(8)
    .u16(0)
    .u16(0)
    .u16(track.handler === "soun" ? 0x100 : 0)
    .u16(0)
    .bytes(MATRIX);
  tkhd.u32(track.width * 65536).u32(track.height * 65536);
  const elst = new ByteWriter().u32(1).u64(track.movieDuration).u64(track.mediaTime).u16(1).u16(0);
  const mdhd = new ByteWriter().u64(0).u64(0).u32(track.timescale).u64(track.mediaDuration);
  mdhd.u16(packLanguage(track.labels.language)).u16(0);
  const hdlr = new ByteWriter().u32(0).text(track.handler).zeros(12).text("siedd").u8(0);
  const mediaHeader = {
    vide: () => fullBox("vmhd", 0, 1, new ByteWriter().zeros(8).finish()),
    soun: () => fullBox("smhd", 0, 0, new ByteWriter().zeros(4).finish()),
    text: () => fullBox("nmhd", 0, 0),
  }[track.handler]();
  const dataReference = box(
    "dinf",
    fullBox("dref", 0, 0, new ByteWriter().u32(1).finish(), fullBox("url ", 0, 1)),
  );
  return box(
    "trak",
    fullBox("tkhd", 1, 3, tkhd.finish()),
    box("edts", fullBox("elst", 1, 0, elst.finish())),
    box(
      "mdia",
      fullBox("mdhd", 1, 0, mdhd.finish()),
      ...writeExtendedLanguage(track.labels.language),
      fullBox("hdlr", 0, 0, hdlr.finish()),
      box("minf", mediaHeader, dataReference, box("stbl", ...track.sampleTable)),
    ),
    ...writeTrackLabels(track.labels),
  );
}

/** Serializes a `mvhd` box. `duration` is in ticks of `timescale`. */
export function writeMovieHeader(timescale: number, duration: number, nextTrackId: number): Uint8Array {
  const mvhd = new ByteWriter().u64(0).u64(0).u32(timescale).u64(duration);
  mvhd.u32(0x10000).u16(0x100).zeros(10).bytes(MATRIX).zeros(24).u32(nextTrackId);
  return fullBox("mvhd", 1, 0, mvhd.finish());
}
