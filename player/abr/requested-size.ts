import { type Region, sameRegion } from "../geometry/region.js";
import { isNotableChange, resizeDebounceMs, type Size, sameSize } from "../geometry/size.js";

export interface SizeChange {
  readonly size: Size;
  /** The part of the picture to ask for, in source pixels; null is all of it. */
  readonly region: Region | null;
  /** Worth computing again what is already buffered. */
  readonly notable: boolean;
}

/** The size to ask for, following the proposals of the layout once they have settled. */
export class RequestedSize {
  #current: Size | null = null;
  #proposed: Size | null = null;
  #region: Region | null = null;
  #proposedRegion: Region | null = null;
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

  /** null is all of the picture. */
  get region(): Region | null {
    return this.#region;
  }

  propose(size: Size, region: Region | null = null): void {
    const moved = !sameRegion(region, this.#proposedRegion);
    if (this.#signal.aborted || (!moved && sameSize(size, this.#proposed))) return;
    this.#proposed = size;
    this.#proposedRegion = region;
    clearTimeout(this.#timer);
    const changes = !sameRegion(region, this.#region);
    if (!changes && sameSize(size, this.#current)) return;
    // A hand that zooms has come to rest before its region is proposed.
    const delay = changes ? 0 : resizeDebounceMs(this.#current, size);
    if (delay === 0) this.#settle();
    else this.#timer = setTimeout(() => this.#settle(), delay);
  }

  #settle(): void {
    const before = this.#current;
    const size = this.#proposed;
    const region = this.#proposedRegion;
    const moved = !sameRegion(region, this.#region);
    if (size === null || (!moved && sameSize(before, size))) return;
    this.#current = size;
    this.#region = region;
    this.#onChange({ size, region, notable: before !== null && (moved || isNotableChange(before, size)) });
  }
}
