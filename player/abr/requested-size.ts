import { type Region, sameRegion } from "../geometry/region.js";
import { isNotableChange, resizeDebounceMs, type Size, sameSize } from "../geometry/size.js";
import type { SizeChange } from "../playback/transport.js";

/** The size and region to request: the latest proposal of the layout, debounced. */
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

  /** In output pixels; null until the element has been laid out. */
  get current(): Size | null {
    return this.#current;
  }

  /** In source pixels; null is the full frame. */
  get region(): Region | null {
    return this.#region;
  }

  /**
   * Proposes a size and region to request. They apply after the debounce delay unless another proposal follows.
   *
   * @param size in output pixels
   * @param region in source pixels; null is the full frame
   */
  propose(size: Size, region: Region | null = null): void {
    const isSameProposal = sameRegion(region, this.#proposedRegion) && sameSize(size, this.#proposed);
    if (this.#signal.aborted || isSameProposal) return;
    this.#proposed = size;
    this.#proposedRegion = region;
    clearTimeout(this.#timer);
    const regionChanges = !sameRegion(region, this.#region);
    if (!regionChanges && sameSize(size, this.#current)) return;
    // A region is proposed only after its gesture has ended, so it needs no debouncing.
    const delay = regionChanges ? 0 : resizeDebounceMs(this.#current, size);
    if (delay === 0) this.#commit();
    else this.#timer = setTimeout(() => this.#commit(), delay);
  }

  #commit(): void {
    const previous = this.#current;
    const size = this.#proposed;
    const region = this.#proposedRegion;
    const regionChanges = !sameRegion(region, this.#region);
    if (size === null || (!regionChanges && sameSize(previous, size))) return;
    this.#current = size;
    this.#region = region;
    this.#onChange({
      size,
      region,
      notable: previous !== null && (regionChanges || isNotableChange(previous, size)),
    });
  }
}
