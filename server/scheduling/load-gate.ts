import type { WorkQueue } from "./queue.js";

/** Milliseconds after the last render job during which the server still counts as busy: the next one is likely. */
const QUIET_MS = 2000;

/** Tells whether render jobs are waiting or running, or were within the last two seconds. */
export class LoadGate {
  readonly #onChange: (isBusy: boolean) => void;
  readonly #unsubscribe: () => void;
  #busy = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param onChange called when the server becomes busy, and when it has been quiet for two seconds */
  constructor(queue: WorkQueue, onChange: (isBusy: boolean) => void) {
    this.#onChange = onChange;
    this.#unsubscribe = queue.subscribe({
      onJob: () => {
        clearTimeout(this.#timer);
        this.#set(true);
      },
      onIdle: () => {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#set(false), QUIET_MS).unref();
      },
    });
  }

  get busy(): boolean {
    return this.#busy;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#unsubscribe();
  }

  #set(isBusy: boolean): void {
    if (isBusy === this.#busy) return;
    this.#busy = isBusy;
    this.#onChange(isBusy);
  }
}
