import { SieddError } from "../errors.js";

/** Index of the AAC access units in an ADTS stream (ISO/IEC 14496-3, 1.A.2.2), without their headers. */
export interface AdtsStream {
  /** Hertz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** AudioSpecificConfig derived from the ADTS header. */
  readonly config: Uint8Array;
  /** Offset of each access unit in the stream, in bytes. */
  readonly offsets: Float64Array;
  /** Size of each access unit in bytes. */
  readonly sizes: Uint32Array;
}

const SAMPLE_RATES = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
];
/** Channel count of each channel configuration. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8];
const HEADER_BYTES = 7;

/** Indexes an ADTS stream incrementally, chunk by chunk. */
export class AdtsIndexer {
  readonly #offsets: number[] = [];
  readonly #sizes: number[] = [];
  #format: { rate: number; channels: number; type: number } | undefined;
  #position = 0;

  /**
   * Indexes the complete frames at the start of `bytes`, which continue the stream.
   * @returns bytes consumed. The caller must prepend the rest to the next chunk.
   * @throws SieddError `bad-asset` if the bytes are not ADTS.
   */
  push(bytes: Uint8Array): number {
    let consumed = 0;
    while (bytes.length - consumed >= HEADER_BYTES) {
      const header = bytes.subarray(consumed, consumed + HEADER_BYTES);
      if (header[0] !== 0xff || (header[1] & 0xf6) !== 0xf0) throw notAdts(this.#position);
      const headerLength = header[1] & 1 ? HEADER_BYTES : HEADER_BYTES + 2;
      const length = ((header[3] & 3) << 11) | (header[4] << 3) | (header[5] >>> 5);
      if (length < headerLength) throw notAdts(this.#position);
      if (consumed + length > bytes.length) break;
      this.#format ??= {
        type: (header[2] >>> 6) + 1,
        rate: (header[2] >>> 2) & 15,
        channels: ((header[2] & 1) << 2) | (header[3] >>> 6),
      };
      this.#offsets.push(this.#position + headerLength);
      this.#sizes.push(length - headerLength);
      this.#position += length;
      consumed += length;
    }
    return consumed;
  }

  /**
   * Returns the index after the last chunk.
   * @param unconsumedBytes bytes that `push` did not consume
   * @throws SieddError `bad-asset` if `unconsumedBytes` is not 0, the stream is empty, or its format is unsupported.
   */
  finish(unconsumedBytes: number): AdtsStream {
    const format = this.#format;
    if (unconsumedBytes > 0) throw notAdts(this.#position);
    if (format === undefined || SAMPLE_RATES[format.rate] === undefined || CHANNELS[format.channels] === 0)
      throw notAdts(0);
    const bits = (format.type << 11) | (format.rate << 7) | (format.channels << 3);
    return {
      sampleRate: SAMPLE_RATES[format.rate],
      channels: CHANNELS[format.channels],
      config: Uint8Array.of(bits >>> 8, bits & 255),
      offsets: Float64Array.from(this.#offsets),
      sizes: Uint32Array.from(this.#sizes),
    };
  }
}

/**
 * Indexes a complete ADTS stream.
 * @throws SieddError `bad-asset` if it is not ADTS or ends inside a frame.
 */
export function indexAdts(stream: Uint8Array): AdtsStream {
  const indexer = new AdtsIndexer();
  return indexer.finish(stream.length - indexer.push(stream));
}

/**
 * Returns the AudioSpecificConfig of AAC-LC.
 * @param sampleRate one of the rates of AAC, Hertz
 * @param channels 1 to 6, in the layout of the channel configuration of the same number
 */
export function aacConfig(sampleRate: number, channels: number): Uint8Array {
  const bits = (2 << 11) | (SAMPLE_RATES.indexOf(sampleRate) << 7) | (channels << 3);
  return Uint8Array.of(bits >>> 8, bits & 255);
}

/**
 * Wraps AAC access units in ADTS headers (ISO/IEC 14496-3, 1.A.2.2).
 *
 * @param config AudioSpecificConfig: object type, sampling rate index and channel configuration in its first 13 bits
 */
export function writeAdts(config: Uint8Array, packets: readonly Uint8Array[]): Uint8Array {
  const [first = 0, second = 0] = config;
  const objectType = first >>> 3;
  const rateIndex = ((first & 7) << 1) | (second >>> 7);
  const channels = (second >>> 3) & 15;
  const stream = new Uint8Array(packets.reduce((sum, { length }) => sum + length + HEADER_BYTES, 0));
  let offset = 0;
  for (const packet of packets) {
    const length = packet.length + HEADER_BYTES;
    stream.set(
      [
        0xff,
        0xf1,
        ((objectType - 1) << 6) | (rateIndex << 2) | (channels >>> 2),
        ((channels & 3) << 6) | (length >>> 11),
        (length >>> 3) & 255,
        ((length & 7) << 5) | 31,
        0xfc,
      ],
      offset,
    );
    stream.set(packet, offset + HEADER_BYTES);
    offset += length;
  }
  return stream;
}

function notAdts(offset: number): SieddError {
  return new SieddError("bad-asset", `the encoded audio is damaged: no ADTS frame at byte ${offset}`);
}
