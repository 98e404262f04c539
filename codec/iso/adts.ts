import { SieddError } from "../errors.js";

/** AAC access units found in an ADTS stream (ISO/IEC 14496-3, 1.A.2.2), without their headers. */
export interface AdtsStream {
  /** Hertz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** AudioSpecificConfig made from the ADTS header. */
  readonly config: Uint8Array;
  /** Start of each access unit in the stream, bytes. */
  readonly offsets: Float64Array;
  /** Length of each access unit, bytes. */
  readonly sizes: Uint32Array;
}

const SAMPLE_RATES = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
];
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8];

/** Indexes an ADTS stream; anything else, or a stream cut off in a frame, is `bad-asset`. */
export function indexAdts(stream: Uint8Array): AdtsStream {
  const offsets: number[] = [];
  const sizes: number[] = [];
  let format: { rate: number; channels: number; type: number } | undefined;
  for (let at = 0; at < stream.length; ) {
    const header = stream.subarray(at, at + 7);
    if (header.length < 7 || header[0] !== 0xff || (header[1] & 0xf6) !== 0xf0) throw notAdts(at);
    const headerLength = header[1] & 1 ? 7 : 9;
    const length = ((header[3] & 3) << 11) | (header[4] << 3) | (header[5] >>> 5);
    if (length < headerLength || at + length > stream.length) throw notAdts(at);
    format ??= {
      type: (header[2] >>> 6) + 1,
      rate: (header[2] >>> 2) & 15,
      channels: ((header[2] & 1) << 2) | (header[3] >>> 6),
    };
    offsets.push(at + headerLength);
    sizes.push(length - headerLength);
    at += length;
  }
  if (format === undefined || SAMPLE_RATES[format.rate] === undefined || CHANNELS[format.channels] === 0)
    throw notAdts(0);
  const bits = (format.type << 11) | (format.rate << 7) | (format.channels << 3);
  return {
    sampleRate: SAMPLE_RATES[format.rate],
    channels: CHANNELS[format.channels],
    config: Uint8Array.of(bits >>> 8, bits & 255),
    offsets: Float64Array.from(offsets),
    sizes: Uint32Array.from(sizes),
  };
}

function notAdts(at: number): SieddError {
  return new SieddError("bad-asset", `the encoded sound is damaged at byte ${at}: no ADTS frame there`);
}
