import { BinaryModels } from "./model.js";
import { type RangeDecoder, type RangeEncoder, unexpectedEnd } from "./range-coder.js";

/*
 * Codes a signed integer as adaptive binary decisions: the bit length of its magnitude in unary (0 for 0), the
 * sign, then the bits below the leading one, of which the upper two have separate contexts. A weight of five
 * or six bits takes about seven decisions. The code length is close to the entropy of any smooth distribution.
 */
/** Maximum bit length of a magnitude. */
const MAX_BITS = 20;
// Offsets of the contexts of each kind of decision.
const LENGTH = 0;
const SIGN = MAX_BITS + 1;
const SECOND = SIGN + 1;
const THIRD = SECOND + MAX_BITS + 1;
const LOWER = THIRD + 2 * (MAX_BITS + 1);
/** Contexts per statistic. */
const STRIDE = LOWER + (MAX_BITS + 1) * MAX_BITS;
// The next decision of an integer.
const LENGTH_STAGE = 0;
const SIGN_STAGE = 1;
const MANTISSA_STAGE = 2;
const DONE = 3;

/** Largest magnitude that can be coded. */
export const MAX_MAGNITUDE = 2 ** MAX_BITS - 1;

/** Adaptive models of signed integers up to MAX_MAGNITUDE, with independent statistics per context. */
export class IntegerModels {
  readonly #models: BinaryModels;

  constructor(contexts: number) {
    this.#models = new BinaryModels(contexts * STRIDE);
  }

  /** Encodes one integer. @throws RangeError if its magnitude exceeds MAX_MAGNITUDE. */
  encode(coder: RangeEncoder, context: number, value: number): void {
    const base = context * STRIDE;
    const magnitude = Math.abs(value);
    if (!(magnitude <= MAX_MAGNITUDE)) {
      throw new RangeError(
        `a quantized weight must be from -${MAX_MAGNITUDE} to ${MAX_MAGNITUDE}, got ${value}`,
      );
    }
    const bits = 32 - Math.clz32(magnitude);
    for (let i = 0; i < bits; i++) coder.encode(this.#models, base + LENGTH + i, 1);
    if (bits < MAX_BITS) coder.encode(this.#models, base + LENGTH + bits, 0);
    if (bits === 0) return;
    coder.encode(this.#models, base + SIGN, value < 0 ? 1 : 0);
    let prefix = 1;
    for (let i = bits - 2; i >= 0; i--) {
      const bit = (magnitude >>> i) & 1;
      coder.encode(this.#models, base + mantissaContext(bits, i, prefix), bit);
      prefix = prefix * 2 + bit;
    }
  }

  /**
   * Decodes `count` integers into `values[at]`, `values[at + stride]`, and so on. Most of the time of opening a group
   * is spent in this loop. All its state is therefore local, decisions are decoded in one place, and the arguments are
   * positional.
   * @throws SieddError `corrupt-group` if the coded bytes end early.
   */
  decode(
    coder: RangeDecoder,
    context: number,
    values: Int32Array,
    at: number,
    count: number,
    stride: number,
  ): void {
    const { bytes } = coder;
    const { fast, slow } = this.#models;
    const base = context * STRIDE;
    const end = at + count * stride;
    let { position } = coder;
    // Unsigned values held as signed integers, because they are only shifted and subtracted.
    let code = coder.code | 0;
    let range = coder.range | 0;
    for (let index = at; index < end; index += stride) {
      let stage = LENGTH_STAGE;
      let model = base + LENGTH;
      let bits = 0;
      let negative = 0;
      let magnitude = 0;
      let remainingBits = 0;
      while (stage !== DONE) {
        const fastEstimate = fast[model];
        const slowEstimate = slow[model];
        const mean = (fastEstimate + slowEstimate) >>> 1;
        const zeroProbability = mean < 32 ? 32 : mean > 65504 ? 65504 : mean;
        const bound = Math.imul(range >>> 16, zeroProbability);
        let bit: number;
        if (code >>> 0 < bound >>> 0) {
          bit = 0;
          range = bound;
          fast[model] = fastEstimate + ((65535 - fastEstimate) >>> 4);
          slow[model] = slowEstimate + ((65535 - slowEstimate) >>> 7);
        } else {
          bit = 1;
          code = (code - bound) | 0;
          range = (range - bound) | 0;
          fast[model] = fastEstimate - (fastEstimate >>> 4);
          slow[model] = slowEstimate - (slowEstimate >>> 7);
        }
        while (range >>> 24 === 0) {
          if (position >= bytes.length) throw unexpectedEnd();
          range <<= 8;
          code = (code << 8) | bytes[position++];
        }
        if (stage === LENGTH_STAGE) {
          bits += bit;
          model++;
          if (bit === 0 || bits === MAX_BITS) {
            stage = bits === 0 ? DONE : SIGN_STAGE;
            model = base + SIGN;
          }
          continue;
        }
        if (stage === SIGN_STAGE) {
          negative = bit;
          magnitude = 1;
          remainingBits = bits - 1;
          stage = MANTISSA_STAGE;
        } else {
          magnitude = magnitude * 2 + bit;
        }
        remainingBits--;
        if (remainingBits < 0) stage = DONE;
        else model = base + mantissaContext(bits, remainingBits, magnitude);
      }
      values[index] = negative === 1 ? -magnitude : magnitude;
    }
    coder.position = position;
    coder.code = code >>> 0;
    coder.range = range >>> 0;
  }
}

/** Returns the context of bit `i` of an integer of `bits` bits. `prefix` holds the bits above it. */
function mantissaContext(bits: number, i: number, prefix: number): number {
  if (i === bits - 2) return SECOND + bits;
  if (i === bits - 3) return THIRD + 2 * bits + (prefix & 1);
  return LOWER + bits * MAX_BITS + i;
}
