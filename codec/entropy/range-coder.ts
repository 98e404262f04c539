import { SieddError } from "../errors.js";
import type { BinaryModels } from "./model.js";

/**
 * Binary range coder with carry propagation (after G. N. N. Martin, 1979; byte-wise
 * renormalization as in LZMA, I. Pavlov). 32-bit range, probabilities of 16 bits.
 */
export class RangeEncoder {
  #out: number[] = [];
  #low = 0; // up to 33 bits, exact in a double
  #range = 0xffffffff;
  #cache = 0;
  #pending = 0;
  #first = true;

  encode(models: BinaryModels, context: number, bit: number): void {
    const bound = (this.#range >>> 16) * models.zero(context);
    if (bit === 0) {
      this.#range = bound;
    } else {
      this.#low += bound;
      this.#range -= bound;
    }
    models.learn(context, bit);
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

  finish(): Uint8Array {
    for (let i = 0; i < 5; i++) this.#shift();
    return Uint8Array.from(this.#out);
  }
}

/**
 * Reads what RangeEncoder wrote. Reading on past the end gives `corrupt-group`. The state is open to
 * `IntegerModels`, which decodes a million decisions a group with it in registers.
 */
export class RangeDecoder {
  readonly bytes: Uint8Array;
  position = 0;
  /** Unsigned, 32 bits; below `range`. */
  code = 0;
  range = 0xffffffff;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    if (bytes.length < 4) throw endsTooEarly();
    for (; this.position < 4; this.position++) this.code = ((this.code << 8) | bytes[this.position]) >>> 0;
  }

  /** Every byte must have been used: leftover bytes are an error. */
  end(): void {
    if (this.position !== this.bytes.length) {
      throw new SieddError(
        "corrupt-group",
        `${this.bytes.length - this.position} bytes of coded weights are left over`,
      );
    }
  }
}

export const endsTooEarly = (): SieddError =>
  new SieddError("corrupt-group", "the coded weights end too early");
