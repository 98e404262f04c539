/**
 * Adaptive probabilities of binary decisions, 16 bits each: the mean of a fast and a slow estimate (adaptation
 * rates 1/16 and 1/128), so that a model adapts quickly and is stable afterwards. All arithmetic is on
 * integers, so that encoder and decoder agree on every machine.
 */
export class BinaryModels {
  readonly fast: Uint16Array;
  readonly slow: Uint16Array;

  constructor(count: number) {
    this.fast = new Uint16Array(count).fill(32768);
    this.slow = new Uint16Array(count).fill(32768);
  }

  /** Returns the probability that the next decision is 0, in units of 1/65536, from 32 to 65504. */
  zeroProbability(context: number): number {
    const p = (this.fast[context] + this.slow[context]) >>> 1;
    return Math.max(32, Math.min(65504, p));
  }

  /** Adapts the estimates of a context to a decision. */
  update(context: number, bit: number): void {
    const fast = this.fast[context];
    const slow = this.slow[context];
    if (bit === 0) {
      this.fast[context] = fast + ((65535 - fast) >>> 4);
      this.slow[context] = slow + ((65535 - slow) >>> 7);
    } else {
      this.fast[context] = fast - (fast >>> 4);
      this.slow[context] = slow - (slow >>> 7);
    }
  }
}
