import type { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { SieddError } from "../errors.js";
import { type BoxSlice, fullBox, onlyBox, versionAndFlags } from "./box.js";

/** Bounds of the samples of a track. */
export interface SampleLimits {
  /** Number of samples. Default: as many as the tables can hold. */
  readonly maxSamples?: number;
  /** Bytes of a sample. Default 1. */
  readonly minBytes?: number;
  /** Bytes of a sample. */
  readonly maxBytes: number;
}

/** Location and duration of every sample of a track, in track order. */
export interface SampleTable {
  /** Where the chunks of the track begin, in bytes from the start of the file. */
  readonly chunkStarts: Float64Array;
  /** Where the chunks of the track end. */
  readonly chunkEnds: Float64Array;
  /** Bytes from the start of the file. */
  readonly offsets: Float64Array;
  /** Bytes. */
  readonly sizes: Uint32Array;
  /** In ticks of the track's timescale. */
  readonly durations: Uint32Array;
}

/** A chunk (ISO/IEC 14496-12): samples that are contiguous in the file. */
export interface SampleChunk {
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Samples in the chunk. */
  readonly count: number;
}

function runLengths(values: ArrayLike<number>): [count: number, value: number][] {
  const runs: [number, number][] = [];
  for (let i = 0; i < values.length; i++) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === values[i]) last[0]++;
    else runs.push([1, values[i]]);
  }
  return runs;
}

/**
 * Serializes the boxes stts, stsc, stsz and co64 (ISO/IEC 14496-12, 8.6.1.2, 8.7.3 to 8.7.5).
 * @param durations duration of each sample in ticks
 * @param sizes size of each sample in bytes
 */
export function writeSampleTables(
  durations: ArrayLike<number>,
  sizes: ArrayLike<number>,
  chunks: readonly SampleChunk[],
): Uint8Array[] {
  const timeToSample = runLengths(durations);
  const stts = new ByteWriter().u32(timeToSample.length);
  for (const [count, duration] of timeToSample) stts.u32(count).u32(duration);

  const perChunk = runLengths(chunks.map((chunk) => chunk.count));
  const stsc = new ByteWriter().u32(perChunk.length);
  let first = 1;
  for (const [count, samples] of perChunk) {
    stsc.u32(first).u32(samples).u32(1);
    first += count;
  }

  const stsz = new ByteWriter().u32(0).u32(sizes.length);
  for (let i = 0; i < sizes.length; i++) stsz.u32(sizes[i]);

  const co64 = new ByteWriter().u32(chunks.length);
  for (const chunk of chunks) co64.u64(chunk.offset);

  return [
    fullBox("stts", 0, 0, stts.finish()),
    fullBox("stsc", 0, 0, stsc.finish()),
    fullBox("stsz", 0, 0, stsz.finish()),
    fullBox("co64", 0, 0, co64.finish()),
  ];
}

/**
 * Parses the tables of an `stbl` box, in time and memory that are linear in their bytes: every count is checked against
 * the bytes of its box before anything is allocated, every chunk has samples, and every sample has bytes.
 * @param boxes the children of `stbl`
 * @param stbl the box itself, for error messages
 * @param fileSize bytes of the file; every sample must lie within it
 * @throws SieddError `truncated-asset`; the reader's error.
 */
export function readSampleTables(
  boxes: readonly BoxSlice[],
  stbl: ByteReader,
  fileSize: number,
  limits: SampleLimits,
): SampleTable {
  const sizes = readSizes(onlyBox(boxes, "stsz", stbl), limits);
  const durations = readDurations(onlyBox(boxes, "stts", stbl), sizes.length);
  const chunkStarts = readChunkOffsets(onlyBox(boxes, "co64", stbl));
  const located = locateSamples(onlyBox(boxes, "stsc", stbl), chunkStarts, sizes);
  const end = located.chunkEnds.reduce((max, chunkEnd) => Math.max(max, chunkEnd), 0);
  if (end > fileSize) {
    throw new SieddError(
      "truncated-asset",
      `the asset is truncated: a sample of ${stbl.path} ends at byte ${end}, the file has ${fileSize}; copy or encode it again`,
    );
  }
  return { chunkStarts, sizes, durations, ...located };
}

/**
 * Throws the error of `moov` if two samples of any tracks overlap. Bytes that count several times would let a small file
 * hold a large video.
 */
export function checkDisjoint(tables: readonly SampleTable[], moov: ByteReader): void {
  const starts = concatenate(tables.map(({ chunkStarts }) => chunkStarts)).sort();
  // Intervals are disjoint if and only if the n-th end is not after the start n + 1, both in order.
  const ends = concatenate(tables.map(({ chunkEnds }) => chunkEnds)).sort();
  for (let i = 1; i < starts.length; i++) {
    if (ends[i - 1] > starts[i]) throw moov.error(`has samples that overlap at byte ${starts[i]}`);
  }
}

function concatenate(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function readSizes(reader: ByteReader, { maxSamples, minBytes = 1, maxBytes }: SampleLimits): Uint32Array {
  versionAndFlags(reader);
  const uniformSize = reader.u32();
  const count = reader.checkCount(reader.u32(), 4, "sample sizes");
  if (maxSamples !== undefined) reader.checkRange(count, 0, maxSamples, "the number of samples");
  if (uniformSize !== 0) throw reader.error("uses one size for all samples, which is not supported");
  const sizes = reader.u32s(count);
  reader.expectEnd();
  const invalid = sizes.find((size) => size < minBytes || size > maxBytes);
  if (invalid !== undefined) reader.checkRange(invalid, minBytes, maxBytes, "the size of a sample");
  return sizes;
}

function readDurations(reader: ByteReader, sampleCount: number): Uint32Array {
  versionAndFlags(reader);
  const entries = reader.u32s(2 * reader.checkCount(reader.u32(), 8, "durations"));
  reader.expectEnd();
  const durations = new Uint32Array(sampleCount);
  let filled = 0;
  for (let at = 0; at < entries.length; at += 2) {
    const end = filled + entries[at];
    if (end > sampleCount || end === filled)
      reader.checkRange(entries[at], 1, sampleCount - filled, "the length of a run of durations");
    while (filled < end) durations[filled++] = entries[at + 1];
  }
  if (filled !== sampleCount) throw reader.error(`has ${filled} durations for ${sampleCount} samples`);
  return durations;
}

function readChunkOffsets(reader: ByteReader): Float64Array {
  versionAndFlags(reader);
  const count = reader.checkCount(reader.u32(), 8, "chunk offsets");
  const offsets = reader.u64s(count);
  reader.expectEnd();
  return offsets;
}

/**
 * Parses `stsc`: runs of chunks with equally many samples, by the number of their first chunk in ascending order. The first
 * run begins with chunk 1, so that every chunk is visited once.
 */
function locateSamples(
  reader: ByteReader,
  chunks: Float64Array,
  sizes: Uint32Array,
): Pick<SampleTable, "offsets" | "chunkEnds"> {
  versionAndFlags(reader);
  // The first chunk, the samples per chunk and the sample_description_index of each run.
  const runs = reader.u32s(3 * reader.checkCount(reader.u32(), 12, "chunk runs"));
  reader.expectEnd();
  const offsets = new Float64Array(sizes.length);
  const chunkEnds = new Float64Array(chunks.length);
  let sample = 0;
  let chunk = 0;
  let samplesPerChunk = 0;
  const fillChunks = (endChunk: number) => {
    for (; chunk < endChunk; chunk++) {
      const end = sample + samplesPerChunk;
      if (end > sizes.length) reader.checkRange(end, sample, sizes.length, "the end of a chunk");
      let offset = chunks[chunk];
      for (; sample < end; sample++) {
        offsets[sample] = offset;
        offset += sizes[sample];
      }
      chunkEnds[chunk] = offset;
    }
  };
  // A track without samples may have an empty chunk.
  const minSamples = Math.min(1, sizes.length);
  for (let at = 0; at < runs.length; at += 3) {
    const lowest = at === 0 ? 1 : chunk + 2;
    const highest = at === 0 ? 1 : chunks.length;
    fillChunks(reader.checkRange(runs[at], lowest, highest, "the first chunk of a run") - 1);
    samplesPerChunk = reader.checkRange(runs[at + 1], minSamples, sizes.length, "the samples per chunk");
  }
  if (runs.length > 0) fillChunks(chunks.length);
  if (sample !== sizes.length) throw reader.error(`locates ${sample} of ${sizes.length} samples`);
  return { offsets, chunkEnds };
}
