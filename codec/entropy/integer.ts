import { BinaryModels } from "./model.js";
import { endsTooEarly, type RangeDecoder, type RangeEncoder } from "./range-coder.js";

/*
 * A signed integer as adaptive binary decisions: the bit length of |q| in unary (0 for 0), the
 * sign, then the bits below the leading one, the upper two with contexts of their own. About seven
 * decisions for a weight of five or six bits, and nearly the entropy of any smooth distribution.
 */
const MAX_BITS = 20;
const LENGTH = 0;
const SIGN = MAX_BITS + 1;
const SECOND = SIGN + 1;
const THIRD = SECOND + MAX_BITS + 1;
const LOWER = THIRD + 2 * (MAX_BITS + 1);
// Which decision of an integer comes next.
const LENGTH_STAGE = 0;
const SIGN_STAGE = 1;
const MANTISSA_STAGE = 2;
const DONE = 3;
const STRIDE = LOWER + (MAX_BITS + 1) * MAX_BITS;

/** Largest magnitude that can be coded. */
export const MAX_MAGNITUDE = 2 ** MAX_BITS - 1;

/** Codes signed integers up to MAX_MAGNITUDE in one of `contexts` statistics. */
export class IntegerModels {
  readonly #models: BinaryModels;

  constructor(contexts: number) {
    this.#models = new BinaryModels(contexts * STRIDE);
  }

  encode(coder: RangeEncoder, context: number, value: number): void {
    const base = context * STRIDE;
    const magnitude = Math.abs(value);
    if (!(magnitude <= MAX_MAGNITUDE)) throw new RangeError(`weight ${value} is past ${MAX_MAGNITUDE} steps`);
    const bits = 32 - Math.clz32(magnitude);
    for (let i = 0; i < bits; i++) coder.encode(this.#models, base + LENGTH + i, 1);
    if (bits < MAX_BITS) coder.encode(this.#models, base + LENGTH + bits, 0);
    if (bits === 0) return;
    coder.encode(this.#models, base + SIGN, value < 0 ? 1 : 0);
    let above = 1;
    for (let i = bits - 2; i >= 0; i--) {
      const bit = (magnitude >>> i) & 1;
      coder.encode(this.#models, base + mantissaContext(bits, i, above), bit);
      above = above * 2 + bit;
    }
  }

  /**
   * Decodes `count` integers into `values`, from `at` on, `stride` apart. All state is local, and there is
   * one place that decodes a decision: this loop is most of the time that opening a group takes.
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
    // Unsigned numbers, kept as signed ones as long as they are only shifted and subtracted.
    let code = coder.code | 0;
    let range = coder.range | 0;
    for (let to = at; to < end; to += stride) {
      let stage = LENGTH_STAGE;
      let model = base + LENGTH;
      let bits = 0;
      let negative = 0;
      let magnitude = 0;
      let below = 0;
      while (stage !== DONE) {
        const quick = fast[model];
        const steady = slow[model];
        const mean = (quick + steady) >>> 1;
        const zero = mean < 32 ? 32 : mean > 65504 ? 65504 : mean;
        const bound = Math.imul(range >>> 16, zero);
        let bit: number;
        if (code >>> 0 < bound >>> 0) {
          bit = 0;
          range = bound;
          fast[model] = quick + ((65535 - quick) >>> 4);
          slow[model] = steady + ((65535 - steady) >>> 7);
        } else {
          bit = 1;
          code = (code - bound) | 0;
          range = (range - bound) | 0;
          fast[model] = quick - (quick >>> 4);
          slow[model] = steady - (steady >>> 7);
        }
        while (range >>> 24 === 0) {
          if (position >= bytes.length) throw endsTooEarly();
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
          below = bits - 1;
          stage = MANTISSA_STAGE;
        } else {
          magnitude = magnitude * 2 + bit;
        }
        below--;
        if (below < 0) stage = DONE;
        else model = base + mantissaContext(bits, below, magnitude);
      }
      values[to] = negative === 1 ? -magnitude : magnitude;
    }
    coder.position = position;
    coder.code = code >>> 0;
    coder.range = range >>> 0;
  }
}

/** Which decision: bit `i` of a number of `bits` bits whose bits above `i` are `above`. */
function mantissaContext(bits: number, i: number, above: number): number {
  if (i === bits - 2) return SECOND + bits;
  if (i === bits - 3) return THIRD + 2 * bits + (above & 1);
  return LOWER + bits * MAX_BITS + i;
}
