import type { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { SieddError } from "../errors.js";
import { fullBox, onlyBox, type readBoxes, versionAndFlags } from "./box.js";

/** Where every sample of a track lies and how long it lasts, in the order of the track. */
export interface SampleTable {
  /** Bytes from the start of the file. */
  readonly offsets: Float64Array;
  /** Bytes. */
  readonly sizes: Uint32Array;
  /** In the track's timescale. */
  readonly durations: Uint32Array;
}

/** A run of samples that lie one after the other in the file. */
export interface SampleChunk {
  readonly offset: number;
  readonly count: number;
}

const MAX_SAMPLES = 2 ** 26;

function runs(values: ArrayLike<number>): [count: number, value: number][] {
  const found: [number, number][] = [];
  for (let i = 0; i < values.length; i++) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === values[i]) last[0]++;
    else found.push([1, values[i]]);
  }
  return found;
}

/** The boxes stts, stsc, stsz and co64 (ISO/IEC 14496-12, 8.6.1.2, 8.7.3 to 8.7.5). */
export function writeSampleTables(
  durations: ArrayLike<number>,
  sizes: ArrayLike<number>,
  chunks: readonly SampleChunk[],
): Uint8Array[] {
  const times = runs(durations);
  const stts = new ByteWriter().u32(times.length);
  for (const [count, duration] of times) stts.u32(count).u32(duration);

  const perChunk = runs(chunks.map((chunk) => chunk.count));
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

/** Reads the tables of an `stbl` box; every count is bounded by the bytes that hold it. */
export function readSampleTables(
  stbl: ReturnType<typeof readBoxes>,
  parent: ByteReader,
  fileSize: number,
): SampleTable {
  const sizes = readSizes(onlyBox(stbl, "stsz", parent));
  const durations = readDurations(onlyBox(stbl, "stts", parent), sizes.length);
  const chunkOffsets = readChunkOffsets(onlyBox(stbl, "co64", parent));
  const offsets = readOffsets(onlyBox(stbl, "stsc", parent), chunkOffsets, sizes);
  for (let i = 0; i < sizes.length; i++) {
    if (offsets[i] + sizes[i] > fileSize) {
      throw new SieddError(
        "truncated-asset",
        `the asset is cut off: ${parent.where} places sample ${i} up to byte ${offsets[i] + sizes[i]}, the file has ${fileSize}; copy or encode it again`,
      );
    }
  }
  return { offsets, sizes, durations };
}

function readSizes(reader: ByteReader): Uint32Array {
  versionAndFlags(reader);
  const uniform = reader.u32();
  const count = reader.within(reader.u32(), 0, MAX_SAMPLES, "the number of samples");
  if (uniform !== 0) throw reader.error("uses one size for all samples");
  const sizes = new Uint32Array(reader.bounded(count, 4, "sample sizes"));
  for (let i = 0; i < count; i++) sizes[i] = reader.u32();
  reader.end();
  return sizes;
}

function readDurations(reader: ByteReader, samples: number): Uint32Array {
  versionAndFlags(reader);
  const entries = reader.bounded(reader.u32(), 8, "durations");
  const durations = new Uint32Array(samples);
  let at = 0;
  for (let i = 0; i < entries; i++) {
    const count = reader.within(reader.u32(), 0, samples - at, "a run of durations");
    durations.fill(reader.u32(), at, at + count);
    at += count;
  }
  reader.end();
  if (at !== samples) throw reader.error(`gives ${at} durations for ${samples} samples`);
  return durations;
}

function readChunkOffsets(reader: ByteReader): Float64Array {
  versionAndFlags(reader);
  const count = reader.bounded(reader.u32(), 8, "chunk offsets");
  const offsets = Float64Array.from({ length: count }, () => reader.u64());
  reader.end();
  return offsets;
}

function readOffsets(reader: ByteReader, chunks: Float64Array, sizes: Uint32Array): Float64Array {
  versionAndFlags(reader);
  const entries = reader.bounded(reader.u32(), 12, "chunk runs");
  const runsOfChunks = Array.from({ length: entries }, () => {
    const first = reader.within(reader.u32(), 1, chunks.length, "a chunk's number");
    const samples = reader.u32();
    reader.u32();
    return { first, samples };
  });
  reader.end();
  const offsets = new Float64Array(sizes.length);
  let sample = 0;
  runsOfChunks.forEach((run, r) => {
    const end = r + 1 < runsOfChunks.length ? runsOfChunks[r + 1].first : chunks.length + 1;
    for (let chunk = run.first; chunk < end; chunk++) {
      let offset = chunks[chunk - 1];
      const last = reader.within(sample + run.samples, sample, sizes.length, "the samples of a chunk");
      for (; sample < last; sample++) {
        offsets[sample] = offset;
        offset += sizes[sample];
      }
    }
  });
  if (sample !== sizes.length) throw reader.error(`places ${sample} of ${sizes.length} samples`);
  return offsets;
}
