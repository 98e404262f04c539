import { readFile } from "node:fs/promises";
import { writeState } from "../library/state-file.js";

/** Milliseconds between writes of changed counts. */
const WRITE_INTERVAL_MS = 10_000;

/** Counts the segments that were served of each video, and keeps the counts in a file across restarts. */
export class WatchCounts {
  readonly #path: string | undefined;
  readonly #counts = new Map<string, number>();
  readonly #loaded: Promise<void>;
  #timer: NodeJS.Timeout | undefined;

  /** @param path of the file, which need not exist; undefined to keep the counts in memory only */
  constructor(path: string | undefined) {
    this.#path = path;
    this.#loaded = this.#load();
  }

  /** Counts a segment of a video. */
  add(id: string): void {
    this.#counts.set(id, this.of(id) + 1);
    this.#timer ??= setTimeout(() => void this.flush(), WRITE_INTERVAL_MS).unref();
  }

  /** Returns the segments that were served of a video. */
  of(id: string): number {
    return this.#counts.get(id) ?? 0;
  }

  /** Writes the counts if they have changed. They are only hints, so errors are ignored. */
  async flush(): Promise<void> {
    await this.#loaded;
    if (this.#timer === undefined || this.#path === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await writeState(this.#path, Object.fromEntries(this.#counts)).catch(() => {});
  }

  async #load(): Promise<void> {
    if (this.#path === undefined) return;
    const text = await readFile(this.#path, "utf8").catch(() => "{}");
    try {
      for (const [id, count] of Object.entries(JSON.parse(text))) {
        if (typeof count === "number") this.#counts.set(id, this.of(id) + count);
      }
    } catch {}
  }
}
