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
import { writeConfiguration } from "./configuration.js";
import { type AudioTiming, type Chunk, interleave } from "./layout.js";
import type { Model } from "./model.js";
import type { Rational } from "./rational.js";

/** All that the head of an asset says, before its samples. */
export type AssetContents = HeadFacts & Model;

/** All that the head says beside the network. */
export interface HeadFacts {
  /** Source pixels. */
  readonly width: number;
  readonly height: number;
  readonly frameRate: Rational;
  readonly groups: readonly { readonly frameCount: number; readonly size: number }[];
  readonly audio: readonly (AacConfiguration & AudioTiming & { readonly language: string })[];
  /** Subtitles; default: none. */
  readonly text?: readonly TextContents[];
}

/** One track of subtitles. */
export interface TextContents {
  /** ISO 639-2. */
  readonly language: string;
  readonly cues: readonly TextCue[];
}

/** The bytes before the first group, subtitles included, and the order of the other samples after it. */
export interface AssetHead {
  readonly head: Uint8Array;
  readonly chunks: readonly Chunk[];
}

/** Timescale of the movie: at least a millisecond, and frames are whole numbers of it. */
const movieTimescale = (rate: Rational): number => (rate.num >= 1000 ? rate.num : rate.num * 1000);

/**
 * Lays an asset out: `ftyp`, `moov`, the header of `mdat`, and the order of the samples behind it
 * (docs/format.md). The siv1 track comes before the audio's tables.
 */
export function layoutAsset(contents: AssetContents): AssetHead {
  const ends: number[] = [];
  let frames = 0;
  for (const group of contents.groups) {
    frames += group.frameCount;
    ends.push((frames * contents.frameRate.den) / contents.frameRate.num);
  }
  const chunks = interleave(
    contents.groups.map((group) => group.size),
    ends,
    contents.audio,
  );
  const ftyp = box("ftyp", new ByteWriter().text("siv1").u32(1).text("siv1iso6").finish());
  const milliseconds = Math.round(
    (frames * contents.frameRate.den * TEXT_TIMESCALE) / contents.frameRate.num,
  );
  const text = (contents.text ?? []).map(({ cues }) => writeTextSamples(cues, milliseconds));
  const texts = text.flatMap(({ samples }) => samples);
  const textBytes = texts.reduce((sum, sample) => sum + sample.length, 0);
  const mdatSize = chunks.reduce((sum, chunk) => sum + chunk.size, 16 + textBytes);
  const mdat = new ByteWriter().u32(1).text("mdat").u64(mdatSize);
  for (const sample of texts) mdat.bytes(sample);
  const length = ftyp.length + writeMovie(contents, chunks, text, frames, 0).length + mdat.length;
  const moov = writeMovie(contents, chunks, text, frames, length);
  return { head: new ByteWriter().bytes(ftyp).bytes(moov).bytes(mdat.finish()).finish(), chunks };
}

function writeMovie(
  contents: AssetContents,
  chunks: readonly Chunk[],
  text: readonly TextSamples[],
  frames: number,
  base: number,
): Uint8Array {
  const { frameRate } = contents;
  const timescale = movieTimescale(frameRate);
  const movieDuration = (frames * frameRate.den * timescale) / frameRate.num;
  let offset = base;
  const placed = chunks.map((chunk) => {
    const at = offset;
    offset += chunk.size;
    return { chunk, offset: at };
  });
  const video = writeTrack({
    id: 1,
    handler: "vide",
    width: contents.width,
    height: contents.height,
    timescale: frameRate.num,
    mediaDuration: frames * frameRate.den,
    movieDuration,
    language: "und",
    start: 0,
    sampleTable: [
      writeVideoSampleEntry(contents, frames),
      ...writeSampleTables(
        contents.groups.map((group) => group.frameCount * frameRate.den),
        contents.groups.map((group) => group.size),
        placed.filter(({ chunk }) => chunk.kind === "group").map(({ offset }) => ({ offset, count: 1 })),
      ),
    ],
  });
  const audio = contents.audio.map((track, index) => {
    const packets = track.packetSizes.length;
    const bytes = Array.from(track.packetSizes).reduce((sum, size) => sum + size, 0);
    const seconds = (packets * track.packetDuration) / track.sampleRate;
    const mine = placed.flatMap(({ chunk, offset }) =>
      chunk.kind === "audio" && chunk.track === index ? [{ offset, count: chunk.count }] : [],
    );
    const played = Math.min(
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
      movieDuration: Math.max(0, Math.round(played * timescale)),
      language: track.language,
      start: track.priming,
      sampleTable: [
        writeAacSampleEntry(track, Math.round((bytes * 8) / Math.max(seconds, 1e-3))),
        ...writeSampleTables(new Array(packets).fill(track.packetDuration), track.packetSizes, mine),
      ],
    });
  });
  const subtitles = textTracks(contents, text, 2 + audio.length, base, movieDuration);
  const next = 2 + audio.length + subtitles.length;
  return box("moov", writeMovieHeader(timescale, movieDuration, next), video, ...audio, ...subtitles);
}

/** @param base where the first group begins: the samples of all text tracks end there. */
function textTracks(
  { text = [] }: HeadFacts,
  samplesOf: readonly TextSamples[],
  firstId: number,
  base: number,
  movieDuration: number,
): Uint8Array[] {
  const sizes = samplesOf.map(({ samples }) => samples.map(({ length }) => length));
  let offset = base - sizes.flat().reduce((sum, size) => sum + size, 0);
  return text.map(({ language }, index) => {
    const { durations } = samplesOf[index];
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
      language,
      start: 0,
      sampleTable: [writeTextSampleEntry(), ...writeSampleTables(durations, sizes[index], [chunk])],
    });
  });
}

/** `stsd` with the sample entry `siv1` (VisualSampleEntry, ISO/IEC 14496-12, 12.1.3) and its `sivC`. */
function writeVideoSampleEntry(contents: AssetContents, frameCount: number): Uint8Array {
  const entry = new ByteWriter().zeros(6).u16(1).zeros(16).u16(contents.width).u16(contents.height);
  entry.u32(0x480000).u32(0x480000).u32(0).u16(1);
  entry.u8(5).text("siedd").zeros(26).u16(24).u16(0xffff);
  const configuration = writeConfiguration({ frameRate: contents.frameRate, frameCount, model: contents });
  const siv1 = box("siv1", entry.finish(), box("sivC", configuration));
  return fullBox("stsd", 0, 0, new ByteWriter().u32(1).finish(), siv1);
}
