/**
 * Seeded pseudorandom number generator: sfc32 (C. Doty-Humphrey, PractRand), 128 bits of state, period above 2^32. All
 * trainers sample with it, so that their losses can be compared step by step.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Different keys give independent streams of the same seed. */
  constructor(seed: number, ...keys: readonly number[]) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = 0x9e3779b9 | 0;
    for (const key of keys) {
      this.#c ^= key;
      for (let i = 0; i < 12; i++) this.int32();
    }
    for (let i = 0; i < 12; i++) this.int32();
  }

  /** Returns a signed 32-bit integer. */
  int32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t;
  }

  /** Returns a number that is uniform in [0, 1). */
  uniform(): number {
    return (this.int32() >>> 0) / 2 ** 32;
  }

  /** Returns a number that is uniform in [-bound, bound). */
  uniformSymmetric(bound: number): number {
    return (2 * this.uniform() - 1) * bound;
  }

  /** Returns an integer that is uniform from 0 to `end` (exclusive). */
  intBelow(end: number): number {
    return Math.floor(this.uniform() * end);
  }
}
