import { SieddError } from "../errors.js";
import { BinaryModels } from "./model.js";
import type { RangeDecoder, RangeEncoder } from "./range-coder.js";

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

  decode(coder: RangeDecoder, context: number): number {
    const base = context * STRIDE;
    let bits = 0;
    while (bits < MAX_BITS && coder.decode(this.#models, base + LENGTH + bits) === 1) bits++;
    if (bits === 0) return 0;
    const negative = coder.decode(this.#models, base + SIGN) === 1;
    let magnitude = 1;
    for (let i = bits - 2; i >= 0; i--) {
      magnitude = magnitude * 2 + coder.decode(this.#models, base + mantissaContext(bits, i, magnitude));
    }
    if (magnitude > MAX_MAGNITUDE) throw new SieddError("corrupt-group", "a coded weight is out of range");
    return negative ? -magnitude : magnitude;
  }
}

/** Which decision: bit `i` of a number of `bits` bits whose bits above `i` are `above`. */
function mantissaContext(bits: number, i: number, above: number): number {
  if (i === bits - 2) return SECOND + bits;
  if (i === bits - 3) return THIRD + 2 * bits + (above & 1);
  return LOWER + bits * MAX_BITS + i;
}
