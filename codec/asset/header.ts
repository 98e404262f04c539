import { ByteWriter } from "../bytes/writer.js";
import { type AacConfiguration, writeAacSampleEntry } from "../iso/aac.js";
import { box, fullBox } from "../iso/box.js";
import { writeSampleTables } from "../iso/tables.js";
import {
  TEXT_TIMESCALE,
  type TextCue,
  type TextSamples,
  writeTextSampleEntry,
  writeTextSamples,
} from "../iso/text-track.js";
import { writeMovieHeader, writeTrack } from "../iso/track.js";
import type { TrackLabelFields } from "../iso/track-labels.js";
import { ASSET_VERSION, SPANS_VERSION, writeConfiguration } from "./configuration.js";
import { writeCoverRange } from "./cover.js";
import { IDENTITY_BOX, IDENTITY_BYTES } from "./identity.js";
import { type AudioTiming, type Chunk, interleave } from "./layout.js";
import { type AssetMetadata, METADATA_BOX, writeMetadata } from "./metadata.js";
import type { Model } from "./model.js";
import type { Rational } from "./rational.js";
import { type GroupSpans, locateParts, SPANS_BOX, writeSpans } from "./spans.js";

/** Everything that the header of an asset describes. */
export type AssetHeader = HeaderFields & Model;

/** The fields of the header that do not depend on the network profile. */
export interface HeaderFields {
  /** Source pixels. */
  readonly width: number;
  readonly height: number;
  readonly frameRate: Rational;
  readonly groups: readonly GroupHeader[];
  readonly audio: readonly (AacConfiguration & AudioTiming & TrackLabelFields)[];
  /** Default: none. */
  readonly metadata?: AssetMetadata;
  /** A JPEG file. Default: none. */
  readonly cover?: Uint8Array;
  /** Subtitle tracks. Default: none. */
  readonly text?: readonly TextTrackContents[];
}

/** What the header says about a group. */
export interface GroupHeader extends Partial<GroupSpans> {
  readonly frameCount: number;
  /** Bytes of its sample. */
  readonly size: number;
}

/** The contents of one subtitle track. */
export interface TextTrackContents extends TrackLabelFields {
  readonly cues: readonly TextCue[];
}

/** The bytes before the first group, subtitles and cover included, and the order of the samples that follow. */
export interface AssetLayout {
  readonly header: Uint8Array;
  readonly chunks: readonly Chunk[];
  /** File offset of the identity, `IDENTITY_BYTES` bytes that are 0 in `header`: they depend on the whole file. */
  readonly identityOffset: number;
}

/** Offset of the identity in `moov`: it follows the headers of `moov`, `mvhd` (120 bytes) and its own box. */
const IDENTITY_OFFSET_IN_MOOV = 8 + 120 + 8;

/** Timescale of the movie: at least 1000 ticks per second, and an integer number of ticks per frame. */
const movieTimescale = (rate: Rational): number => (rate.num >= 1000 ? rate.num : rate.num * 1000);

/**
 * Serializes the header of an asset (`ftyp`, `moov`, and the start of `mdat` with subtitles and cover) and returns
 * the order of the samples that follow it (docs/format.md). In `moov` the siv1 track precedes the audio
 * tracks.
 */
export function writeAssetHeader(header: AssetHeader): AssetLayout {
  const groupEnds: number[] = [];
  let frames = 0;
  for (const group of header.groups) {
    frames += group.frameCount;
    groupEnds.push((frames * header.frameRate.den) / header.frameRate.num);
  }
  const chunks = interleave(
    header.groups.map((group) => group.size),
    groupEnds,
    header.audio,
  );
  const ftyp = box("ftyp", new ByteWriter().text("siv1").u32(1).text("siv1iso6").finish());
  const durationMs = Math.round((frames * header.frameRate.den * TEXT_TIMESCALE) / header.frameRate.num);
  const text = (header.text ?? []).map(({ cues }) => writeTextSamples(cues, durationMs));
  const textSamples = text.flatMap(({ samples }) => samples);
  const textBytes = textSamples.reduce((sum, sample) => sum + sample.length, 0);
  const { cover = new Uint8Array() } = header;
  const mdatSize = chunks.reduce((sum, chunk) => sum + chunk.size, 16 + textBytes + cover.length);
  const mdat = new ByteWriter().u32(1).text("mdat").u64(mdatSize);
  for (const sample of textSamples) mdat.bytes(sample);
  mdat.bytes(cover);
  // The size of moov does not depend on the offsets in it: write it once to learn where the groups begin.
  const movie = { header, chunks, text, frames };
  const firstGroup = ftyp.length + writeMovie(movie, 0).length + mdat.length;
  const moov = writeMovie(movie, firstGroup);
  return {
    header: new ByteWriter().bytes(ftyp).bytes(moov).bytes(mdat.finish()).finish(),
    chunks,
    identityOffset: ftyp.length + IDENTITY_OFFSET_IN_MOOV,
  };
}

interface Movie {
  readonly header: AssetHeader;
  readonly chunks: readonly Chunk[];
  /** Samples of each subtitle track. */
  readonly text: readonly TextSamples[];
  /** Frames of the video. */
  readonly frames: number;
}

/** Serializes `moov`. `firstGroup` is the file offset of the first group. */
function writeMovie({ header, chunks, text, frames }: Movie, firstGroup: number): Uint8Array {
  const { frameRate } = header;
  const coverBytes = header.cover?.length ?? 0;
  const timescale = movieTimescale(frameRate);
  const movieDuration = (frames * frameRate.den * timescale) / frameRate.num;
  let end = firstGroup;
  const placedChunks = chunks.map((chunk) => {
    const offset = end;
    end += chunk.size;
    return { chunk, offset };
  });
  const spans = spansOf(header.groups);
  const video = writeTrack({
    id: 1,
    handler: "vide",
    width: header.width,
    height: header.height,
    timescale: frameRate.num,
    mediaDuration: frames * frameRate.den,
    movieDuration,
    labels: { language: "und" },
    mediaTime: 0,
    sampleTable: [
      writeVideoSampleEntry(header, frames, spans),
      ...writeSampleTables(
        header.groups.map((group) => group.frameCount * frameRate.den),
        header.groups.map((group) => group.size),
        placedChunks
          .filter(({ chunk }) => chunk.kind === "group")
          .map(({ offset }) => ({ offset, count: 1 })),
      ),
      ...(spans === undefined ? [] : [writeSyncSamples(header.groups, spans)]),
    ],
  });
  const audio = header.audio.map((track, index) => {
    const packets = track.packetSizes.length;
    const bytes = Array.from(track.packetSizes).reduce((sum, size) => sum + size, 0);
    const seconds = (packets * track.packetDuration) / track.sampleRate;
    const trackChunks = placedChunks.flatMap(({ chunk, offset }) =>
      chunk.kind === "audio" && chunk.track === index ? [{ offset, count: chunk.count }] : [],
    );
    const playedSeconds = Math.min(
      (packets * track.packetDuration - track.priming) / track.sampleRate,
      movieDuration / timescale,
    );
    return writeTrack({
      id: 2 + index,
      handler: "soun",
      width: 0,
      height: 0,
      timescale: track.sampleRate,
      mediaDuration: packets * track.packetDuration,
      movieDuration: Math.max(0, Math.round(playedSeconds * timescale)),
      labels: audioLabels(track, index),
      mediaTime: track.priming,
      sampleTable: [
        writeAacSampleEntry(track, Math.round((bytes * 8) / Math.max(seconds, 1e-3))),
        ...writeSampleTables(new Array(packets).fill(track.packetDuration), track.packetSizes, trackChunks),
      ],
    });
  });
  const subtitles = writeTextTracks(text, {
    labels: header.text ?? [],
    firstId: 2 + audio.length,
    end: firstGroup - coverBytes,
    movieDuration,
  });
  const nextId = 2 + audio.length + subtitles.length;
  const identity = box(IDENTITY_BOX, new Uint8Array(IDENTITY_BYTES));
  const movieHeader = writeMovieHeader(timescale, movieDuration, nextId);
  const metadata = header.metadata === undefined ? [] : [box(METADATA_BOX, writeMetadata(header.metadata))];
  const coverRange = { offset: Math.max(0, firstGroup - coverBytes), size: coverBytes };
  const cover = coverBytes === 0 ? [] : [writeCoverRange(coverRange)];
  return box("moov", movieHeader, identity, ...metadata, ...cover, video, ...audio, ...subtitles);
}

/** Returns the labels of an audio track to write. The first track is the default unless another one says so. */
const audioLabels = (track: TrackLabelFields, index: number): TrackLabelFields => ({
  language: track.language,
  title: track.title,
  default: index > 0 && track.default,
  downmixOf: track.downmixOf,
});

interface TextTrackOptions {
  readonly labels: readonly TrackLabelFields[];
  readonly firstId: number;
  /** File offset at which the samples of the last track end. */
  readonly end: number;
  readonly movieDuration: number;
}

function writeTextTracks(
  tracks: readonly TextSamples[],
  { labels, firstId, end, movieDuration }: TextTrackOptions,
): Uint8Array[] {
  const sizes = tracks.map(({ samples }) => samples.map(({ length }) => length));
  let offset = end - sizes.flat().reduce((sum, size) => sum + size, 0);
  return tracks.map(({ durations }, index) => {
    const chunk = { offset: Math.max(0, offset), count: durations.length };
    offset += sizes[index].reduce((sum, size) => sum + size, 0);
    return writeTrack({
      id: firstId + index,
      handler: "text",
      width: 0,
      height: 0,
      timescale: TEXT_TIMESCALE,
      mediaDuration: durations.reduce((sum, duration) => sum + duration, 0),
      movieDuration,
      labels: labels[index],
      mediaTime: 0,
      sampleTable: [writeTextSampleEntry(), ...writeSampleTables(durations, sizes[index], [chunk])],
    });
  });
}

/** Returns the spans of all groups; undefined if there are none. */
function spansOf(groups: readonly GroupHeader[]): GroupSpans[] | undefined {
  if (groups.every(({ longParts = [] }) => longParts.length === 0)) return undefined;
  return groups.map(({ position = 0, longParts = [] }) => ({ position, longParts }));
}

/** Serializes `stss` (ISO/IEC 14496-12, 8.6.2): the samples that need no part of an earlier one, counted from 1. */
function writeSyncSamples(groups: readonly GroupHeader[], spans: readonly GroupSpans[]): Uint8Array {
  const entries = groups.map(({ frameCount, size }, index) => ({
    index,
    firstFrame: 0,
    frameCount,
    offset: 0,
    size,
  }));
  const sync = locateParts(entries, spans).flatMap(({ index, parts = [] }) =>
    parts.every(({ group }) => group === index) ? [index + 1] : [],
  );
  const writer = new ByteWriter().u32(sync.length);
  for (const sample of sync) writer.u32(sample);
  return fullBox("stss", 0, 0, writer.finish());
}

/** Serializes `stsd` with the sample entry `siv1` (VisualSampleEntry, ISO/IEC 14496-12, 12.1.3) and its boxes. */
function writeVideoSampleEntry(
  header: AssetHeader,
  frameCount: number,
  spans: readonly GroupSpans[] | undefined,
): Uint8Array {
  const entry = new ByteWriter().zeros(6).u16(1).zeros(16).u16(header.width).u16(header.height);
  entry.u32(0x480000).u32(0x480000).u32(0).u16(1);
  entry.u8(5).text("siedd").zeros(26).u16(24).u16(0xffff);
  const version = spans === undefined ? ASSET_VERSION : SPANS_VERSION;
  const { frameRate } = header;
  const boxes = [box("sivC", writeConfiguration({ version, frameRate, frameCount, model: header }))];
  if (spans !== undefined) boxes.push(box(SPANS_BOX, writeSpans(spans)));
  const siv1 = box("siv1", entry.finish(), ...boxes);
  return fullBox("stsd", 0, 0, new ByteWriter().u32(1).finish(), siv1);
}
