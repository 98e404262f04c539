import { isNotableChange, type Size, sameSize, settleDelay } from "./size.js";

export interface SizeChange {
  readonly size: Size;
  /** Worth computing again what is already buffered. */
  readonly notable: boolean;
}

/** The size to ask for, following the proposals of the layout once they have settled. */
export class WantedSize {
  #current: Size | null = null;
  #proposed: Size | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #onChange: (change: SizeChange) => void;
  readonly #signal: AbortSignal;

  constructor(onChange: (change: SizeChange) => void, signal: AbortSignal) {
    this.#onChange = onChange;
    this.#signal = signal;
    signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** null until the element has been laid out. */
  get current(): Size | null {
    return this.#current;
  }

  propose(size: Size): void {
    if (this.#signal.aborted || sameSize(size, this.#proposed)) return;
    this.#proposed = size;
    clearTimeout(this.#timer);
    if (sameSize(size, this.#current)) return;
    const delay = settleDelay(this.#current, size);
    if (delay === 0) this.#settle();
    else this.#timer = setTimeout(() => this.#settle(), delay);
  }

  #settle(): void {
    const before = this.#current;
    const size = this.#proposed;
    if (size === null || sameSize(before, size)) return;
    this.#current = size;
    this.#onChange({ size, notable: before !== null && isNotableChange(before, size) });
  }
}
