import { SieddError } from "../errors.js";
import type { BinaryModels } from "./model.js";

/**
 * Binary range coder with carry propagation (after G. N. N. Martin, 1979; byte-wise
 * renormalization as in LZMA, I. Pavlov). The range has 32 bits, probabilities have 16.
 */
export class RangeEncoder {
  #out: number[] = [];
  #low = 0; // up to 33 bits, exact in a double
  #range = 0xffffffff;
  #cache = 0;
  /** Number of 0xff bytes that wait for a carry. */
  #pending = 0;
  /** Whether no byte has reached `#cache` yet. */
  #first = true;

  encode(models: BinaryModels, context: number, bit: number): void {
    const bound = (this.#range >>> 16) * models.zeroProbability(context);
    if (bit === 0) {
      this.#range = bound;
    } else {
      this.#low += bound;
      this.#range -= bound;
    }
    models.update(context, bit);
    while (this.#range < 0x1000000) {
      this.#range = (this.#range << 8) >>> 0;
      this.#shift();
    }
  }

  #shift(): void {
    const carry = this.#low > 0xffffffff ? 1 : 0;
    const low = this.#low % 0x100000000;
    if (low < 0xff000000 || carry) {
      if (!this.#first) this.#out.push((this.#cache + carry) & 255);
      for (; this.#pending > 0; this.#pending--) this.#out.push((255 + carry) & 255);
      this.#cache = low >>> 24;
      this.#first = false;
    } else {
      this.#pending++;
    }
    this.#low = (low % 0x1000000) * 256;
  }

  /** Flushes the coder and returns everything it wrote. */
  finish(): Uint8Array {
    for (let i = 0; i < 5; i++) this.#shift();
    return Uint8Array.from(this.#out);
  }
}

/**
 * State of a decoder for the output of RangeEncoder. The state is public because `IntegerModels` copies it to local
 * variables to decode about a million decisions per group. The constructor throws SieddError `corrupt-group` for fewer
 * than 4 bytes.
 */
export class RangeDecoder {
  readonly bytes: Uint8Array;
  position = 0;
  /** Unsigned, 32 bits; below `range`. */
  code = 0;
  range = 0xffffffff;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    if (bytes.length < 4) throw unexpectedEnd();
    for (; this.position < 4; this.position++) this.code = ((this.code << 8) | bytes[this.position]) >>> 0;
  }

  /** Throws SieddError `corrupt-group` if bytes are left over. */
  expectEnd(): void {
    if (this.position !== this.bytes.length) {
      throw new SieddError(
        "corrupt-group",
        `the coded weights have ${this.bytes.length - this.position} extra bytes`,
      );
    }
  }
}

/** Returns the error for coded weights that end early. */
export const unexpectedEnd = (): SieddError =>
  new SieddError("corrupt-group", "the coded weights are truncated");
