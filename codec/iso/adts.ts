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
const HEADER_BYTES = 7;

/** Indexes an ADTS stream that comes in pieces. */
export class AdtsIndexer {
  readonly #offsets: number[] = [];
  readonly #sizes: number[] = [];
  #format: { rate: number; channels: number; type: number } | undefined;
  #at = 0;

  /**
   * Takes the whole access units at the start of `bytes`, which follow on those taken before.
   * @returns the bytes they have: what is left belongs at the start of the next piece.
   * @throws SieddError "bad-asset" where something else than ADTS begins.
   */
  push(bytes: Uint8Array): number {
    let used = 0;
    while (bytes.length - used >= HEADER_BYTES) {
      const header = bytes.subarray(used, used + HEADER_BYTES);
      if (header[0] !== 0xff || (header[1] & 0xf6) !== 0xf0) throw notAdts(this.#at);
      const headerLength = header[1] & 1 ? HEADER_BYTES : HEADER_BYTES + 2;
      const length = ((header[3] & 3) << 11) | (header[4] << 3) | (header[5] >>> 5);
      if (length < headerLength) throw notAdts(this.#at);
      if (used + length > bytes.length) break;
      this.#format ??= {
        type: (header[2] >>> 6) + 1,
        rate: (header[2] >>> 2) & 15,
        channels: ((header[2] & 1) << 2) | (header[3] >>> 6),
      };
      this.#offsets.push(this.#at + headerLength);
      this.#sizes.push(length - headerLength);
      this.#at += length;
      used += length;
    }
    return used;
  }

  /** @param left bytes that `push` has not taken. @throws SieddError "bad-asset" unless there are none. */
  finish(left: number): AdtsStream {
    const format = this.#format;
    if (left > 0) throw notAdts(this.#at);
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

/** Indexes a whole ADTS stream; anything else, or a stream cut off in a frame, is `bad-asset`. */
export function indexAdts(stream: Uint8Array): AdtsStream {
  const indexer = new AdtsIndexer();
  return indexer.finish(stream.length - indexer.push(stream));
}

function notAdts(at: number): SieddError {
  return new SieddError("bad-asset", `the encoded sound is damaged at byte ${at}: no ADTS frame there`);
}
