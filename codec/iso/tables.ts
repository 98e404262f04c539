import type { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { SieddError } from "../errors.js";
import { type BoxSlice, fullBox, onlyBox, versionAndFlags } from "./box.js";

/** Location and duration of every sample of a track, in track order. */
export interface SampleTable {
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

const MAX_SAMPLES = 2 ** 26;

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
 * Parses the tables of an `stbl` box. Every count is checked against the bytes of its box before anything is
 * allocated.
 * @param boxes the children of `stbl`
 * @param stbl the box itself, for error messages
 * @param fileSize bytes of the file; every sample must lie within it
 * @throws SieddError `truncated-asset`; the reader's error.
 */
export function readSampleTables(
  boxes: readonly BoxSlice[],
  stbl: ByteReader,
  fileSize: number,
): SampleTable {
  const sizes = readSizes(onlyBox(boxes, "stsz", stbl));
  const durations = readDurations(onlyBox(boxes, "stts", stbl), sizes.length);
  const chunkOffsets = readChunkOffsets(onlyBox(boxes, "co64", stbl));
  const offsets = readOffsets(onlyBox(boxes, "stsc", stbl), chunkOffsets, sizes);
  for (let i = 0; i < sizes.length; i++) {
    if (offsets[i] + sizes[i] > fileSize) {
      throw new SieddError(
        "truncated-asset",
        `the asset is truncated: sample ${i} of ${stbl.path} ends at byte ${offsets[i] + sizes[i]}, the file has ${fileSize}; copy or encode it again`,
      );
    }
  }
  return { offsets, sizes, durations };
}

function readSizes(reader: ByteReader): Uint32Array {
  versionAndFlags(reader);
  const uniformSize = reader.u32();
  const count = reader.checkRange(reader.u32(), 0, MAX_SAMPLES, "the number of samples");
  if (uniformSize !== 0) throw reader.error("uses one size for all samples, which is not supported");
  const sizes = new Uint32Array(reader.checkCount(count, 4, "sample sizes"));
  for (let i = 0; i < count; i++) sizes[i] = reader.u32();
  reader.expectEnd();
  return sizes;
}

function readDurations(reader: ByteReader, sampleCount: number): Uint32Array {
  versionAndFlags(reader);
  const entries = reader.checkCount(reader.u32(), 8, "durations");
  const durations = new Uint32Array(sampleCount);
  let filled = 0;
  for (let i = 0; i < entries; i++) {
    const count = reader.checkRange(
      reader.u32(),
      0,
      sampleCount - filled,
      "the length of a run of durations",
    );
    durations.fill(reader.u32(), filled, filled + count);
    filled += count;
  }
  reader.expectEnd();
  if (filled !== sampleCount) throw reader.error(`has ${filled} durations for ${sampleCount} samples`);
  return durations;
}

function readChunkOffsets(reader: ByteReader): Float64Array {
  versionAndFlags(reader);
  const count = reader.checkCount(reader.u32(), 8, "chunk offsets");
  const offsets = Float64Array.from({ length: count }, () => reader.u64());
  reader.expectEnd();
  return offsets;
}

function readOffsets(reader: ByteReader, chunks: Float64Array, sizes: Uint32Array): Float64Array {
  versionAndFlags(reader);
  const entries = reader.checkCount(reader.u32(), 12, "chunk runs");
  const chunkRuns = Array.from({ length: entries }, () => {
    const firstChunk = reader.checkRange(reader.u32(), 1, chunks.length, "the number of a chunk");
    const samplesPerChunk = reader.u32();
    reader.skip(4); // sample_description_index
    return { firstChunk, samplesPerChunk };
  });
  reader.expectEnd();
  const offsets = new Float64Array(sizes.length);
  let sample = 0;
  chunkRuns.forEach(({ firstChunk, samplesPerChunk }, index) => {
    const endChunk = index + 1 < chunkRuns.length ? chunkRuns[index + 1].firstChunk : chunks.length + 1;
    for (let chunk = firstChunk; chunk < endChunk; chunk++) {
      let offset = chunks[chunk - 1];
      const end = reader.checkRange(sample + samplesPerChunk, sample, sizes.length, "the end of a chunk");
      for (; sample < end; sample++) {
        offsets[sample] = offset;
        offset += sizes[sample];
      }
    }
  });
  if (sample !== sizes.length) throw reader.error(`locates ${sample} of ${sizes.length} samples`);
  return offsets;
}
