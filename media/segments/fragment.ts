/** A stream of one fragment split into what a player gets once and what it gets for each segment. */
export interface Fragment {
  /** ftyp and moov. */
  readonly init: Uint8Array;
  /** moof and mdat. */
  readonly media: Uint8Array;
  /** Samples in the fragment. */
  readonly sampleCount: number;
  /** Sum of the sample durations in ticks of the track's timescale. */
  readonly duration: number;
}

interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

function children(view: DataView, start: number, end: number): Box[] {
  const boxes: Box[] = [];
  for (let at = start; at < end; ) {
    const size = at + 8 <= end ? view.getUint32(at) : 0;
    if (size < 8 || at + size > end) throw new Error(`a box at byte ${at} runs past byte ${end}`);
    const type = String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at + 4, 4));
    boxes.push({ type, start: at, end: at + size });
    at += size;
  }
  return boxes;
}

function only(boxes: readonly Box[], type: string): Box {
  const found = boxes.filter((box) => box.type === type);
  if (found.length !== 1) throw new Error(`${found.length} "${type}" boxes instead of one`);
  return found[0];
}

/**
 * Splits ffmpeg's fragmented MP4 (one moof) and places its fragment on the timeline: `tfdt` becomes
 * `decodeTime` ticks and `mfhd` `sequence`. ffmpeg's own -output_ts_offset counts microseconds, which is
 * not exact for every timescale, and bytes without a position can be shared by equal pictures.
 * Throws Error when the stream is not of that shape.
 */
export function setDecodeTime(file: Uint8Array, decodeTime: number, sequence: number): Fragment {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const top = children(view, 0, file.byteLength);
  only(top, "moov");
  const moof = only(top, "moof");
  const media = new Uint8Array(file.subarray(moof.start, only(top, "mdat").end));
  const out = new DataView(media.buffer);
  const parts = children(out, 8, moof.end - moof.start);
  const traf = only(parts, "traf");
  const inTraf = children(out, traf.start + 8, traf.end);

  out.setUint32(only(parts, "mfhd").start + 12, sequence);
  const tfdt = only(inTraf, "tfdt").start;
  if (out.getUint8(tfdt + 8) === 1) out.setBigUint64(tfdt + 12, BigInt(decodeTime));
  else throw new Error("tfdt has 32 bits");

  const { sampleCount, duration } = sampleTimes(out, only(inTraf, "tfhd").start, only(inTraf, "trun").start);
  return { init: new Uint8Array(file.subarray(0, moof.start)), media, sampleCount, duration };
}

/**
 * The init segment without a size for display. Browsers take the shape of every picture from it: one whose
 * shape differs by the rounding of its sides to even would be shown, and measured, a pixel wider.
 */
export function withoutDisplaySize(init: Uint8Array): Uint8Array {
  const out = new Uint8Array(init);
  const view = new DataView(out.buffer);
  const moov = only(children(view, 0, out.byteLength), "moov");
  const trak = only(children(view, moov.start + 8, moov.end), "trak");
  const tkhd = only(children(view, trak.start + 8, trak.end), "tkhd");
  // Width and height, 16.16 each, end the box (ISO/IEC 14496-12, 8.3.2).
  out.fill(0, tkhd.end - 8, tkhd.end);
  return out;
}

/** Lets the only sample of a fragment last `duration` ticks. Throws Error when there are others. */
export function setSampleDuration(media: Uint8Array, duration: number): Uint8Array {
  const out = new Uint8Array(media);
  const view = new DataView(out.buffer);
  const moof = only(children(view, 0, out.byteLength), "moof");
  const traf = only(children(view, moof.start + 8, moof.end), "traf");
  const parts = children(view, traf.start + 8, traf.end);
  const { start } = only(parts, "tfhd");
  const flags = view.getUint32(start + 8) & 0xffffff;
  const { sampleCount } = sampleTimes(view, start, only(parts, "trun").start);
  const ownDurations = view.getUint32(only(parts, "trun").start + 8) & 0x100;
  if (sampleCount !== 1 || !(flags & 0x08) || ownDurations)
    throw new Error("it is no fragment of one picture");
  view.setUint32(start + 16 + (flags & 0x01 ? 8 : 0) + (flags & 0x02 ? 4 : 0), duration);
  return out;
}

function sampleTimes(view: DataView, tfhd: number, trun: number): { sampleCount: number; duration: number } {
  const tfhdFlags = view.getUint32(tfhd + 8) & 0xffffff;
  let at = tfhd + 16;
  if (tfhdFlags & 0x01) at += 8;
  if (tfhdFlags & 0x02) at += 4;
  const defaultDuration = tfhdFlags & 0x08 ? view.getUint32(at) : 0;

  const flags = view.getUint32(trun + 8) & 0xffffff;
  const sampleCount = view.getUint32(trun + 12);
  if (!(flags & 0x100)) return { sampleCount, duration: sampleCount * defaultDuration };
  const stride = 4 * [0x100, 0x200, 0x400, 0x800].filter((bit) => flags & bit).length;
  let sample = trun + 16 + (flags & 0x01 ? 4 : 0) + (flags & 0x04 ? 4 : 0);
  let duration = 0;
  for (let i = 0; i < sampleCount; i++, sample += stride) duration += view.getUint32(sample);
  return { sampleCount, duration };
}
