import assert from "node:assert/strict";
import { ByteReader, onlyBox, readBoxes, versionAndFlags } from "../../codec/iso/box.js";

// Flags of tfhd (ISO/IEC 14496-12, 8.8.7): which of its fields are present.
const BASE_DATA_OFFSET = 0x01;
const SAMPLE_DESCRIPTION_INDEX = 0x02;
const DEFAULT_DURATION = 0x08;
const DEFAULT_SIZE = 0x10;
const DEFAULT_FLAGS = 0x20;
// Flags of trun (8.8.8): which of its fields are present, per run and per sample.
const DATA_OFFSET = 0x01;
const FIRST_SAMPLE_FLAGS = 0x04;
const SAMPLE_DURATION = 0x100;
const OTHER_SAMPLE_FIELDS = [0x200, 0x400, 0x800];

const NON_SYNC_SAMPLE = 0x10000;

export interface FragmentTiming {
  /** Ticks of the track's timescale. */
  readonly decodeTime: number;
  /** Ticks, all samples together. */
  readonly duration: number;
  /** Whether the first sample is a sync sample; true if only trex has its flags. */
  readonly startsWithSync: boolean;
}

/**
 * Reads the timing of a fragment with one track and one trun.
 *
 * @param trexDuration ticks per sample if neither tfhd nor trun has the duration
 */
export function fragmentTiming(fragment: Uint8Array, trexDuration?: number): FragmentTiming {
  const file = new ByteReader(fragment, "fragment");
  const moof = onlyBox(readBoxes(file), "moof", file);
  const traf = onlyBox(readBoxes(moof), "traf", moof);
  const boxes = readBoxes(traf);
  const defaults = readDefaults(onlyBox(boxes, "tfhd", traf));
  const { duration, firstFlags } = readRun(onlyBox(boxes, "trun", traf), defaults.duration ?? trexDuration);
  const flags = firstFlags ?? defaults.flags ?? 0;
  return {
    decodeTime: readDecodeTime(onlyBox(boxes, "tfdt", traf)),
    duration,
    startsWithSync: (flags & NON_SYNC_SAMPLE) === 0,
  };
}

function readDecodeTime(tfdt: ByteReader): number {
  const { version } = versionAndFlags(tfdt);
  return version === 1 ? tfdt.u64() : tfdt.u32();
}

/** Reads the default duration (ticks) and flags of samples, which are undefined if tfhd leaves them to trex. */
function readDefaults(tfhd: ByteReader): { readonly duration?: number; readonly flags?: number } {
  const { flags: present } = versionAndFlags(tfhd);
  const optional = (flag: number) => (present & flag ? tfhd.u32() : undefined);
  tfhd.u32(); // track id
  if (present & BASE_DATA_OFFSET) tfhd.u64();
  optional(SAMPLE_DESCRIPTION_INDEX);
  const duration = optional(DEFAULT_DURATION);
  optional(DEFAULT_SIZE);
  const flags = optional(DEFAULT_FLAGS);
  return { ...(duration !== undefined && { duration }), ...(flags !== undefined && { flags }) };
}

/** Reads the duration of all samples in ticks, and the flags of the first one if trun has them. */
function readRun(
  trun: ByteReader,
  defaultDuration: number | undefined,
): { readonly duration: number; readonly firstFlags: number | undefined } {
  const { flags: present } = versionAndFlags(trun);
  const sampleCount = trun.u32();
  if (present & DATA_OFFSET) trun.u32();
  const firstFlags = present & FIRST_SAMPLE_FLAGS ? trun.u32() : undefined;
  let duration = 0;
  for (let i = 0; i < sampleCount; i++) {
    const sampleDuration = present & SAMPLE_DURATION ? trun.u32() : defaultDuration;
    assert.ok(sampleDuration !== undefined, "the fragment has no sample duration");
    duration += sampleDuration;
    for (const flag of OTHER_SAMPLE_FIELDS) if (present & flag) trun.u32();
  }
  return { duration, firstFlags };
}
