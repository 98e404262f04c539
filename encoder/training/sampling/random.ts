/**
 * Seeded random numbers: sfc32 (C. Doty-Humphrey, PractRand), 128 bits of state, period above 2^32.
 * All trainers draw their samples from it, so that their losses can be compared step by step.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Streams with different keys are independent. */
  constructor(seed: number, ...keys: readonly number[]) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = 0x9e3779b9 | 0;
    for (const key of keys) {
      this.#c ^= key;
      for (let i = 0; i < 12; i++) this.integer32();
    }
    for (let i = 0; i < 12; i++) this.integer32();
  }

  /** A signed 32-bit integer. */
  integer32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t;
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return (this.integer32() >>> 0) / 2 ** 32;
  }

  /** Uniform in [-bound, bound). */
  symmetric(bound: number): number {
    return (2 * this.unit() - 1) * bound;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.unit() * end);
  }
}
