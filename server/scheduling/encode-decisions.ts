import { readFile } from "node:fs/promises";
import type { EncodeState } from "../../protocol/encode-state.js";
import { writeState } from "../library/state-file.js";
import type { EncodeSettings } from "./encode-settings.js";

/** What an operator has decided about the encode of a video. */
export interface EncodeDecision {
  /** Present if it is not encoded until it is resumed. */
  readonly stopped?: (EncodeState & { readonly state: "paused" | "canceled" }) | undefined;
  /** Whether it is encoded again, although it may have a current asset. */
  readonly isRequested?: boolean | undefined;
  /** Settings of its encodes other than the default. */
  readonly settings?: EncodeSettings | undefined;
}

type Decisions = Record<string, EncodeDecision>;

/** The decisions of operators by the ids of videos, in a file that all servers with the same state folder share. */
export class EncodeDecisions {
  readonly #path: string | undefined;
  readonly #onError: (error: Error) => void;
  #decisions: Decisions = {};
  /** Settles when the last change is written. */
  #written: Promise<void> = Promise.resolve();

  /**
   * @param path of the file, which need not exist; undefined to keep the decisions in memory only
   * @param onError called if a decision cannot be written, and is lost when the server ends
   */
  constructor(path: string | undefined, onError: (error: Error) => void) {
    this.#path = path;
    this.#onError = onError;
  }

  /** Reads the decisions of other servers and of former runs. */
  load(): Promise<void> {
    return this.#enqueue(async () => {
      this.#decisions = await this.#read();
    });
  }

  /** Returns the decision about a video, as last read or changed. */
  of(id: string): EncodeDecision {
    return Object.hasOwn(this.#decisions, id) ? this.#decisions[id]! : {};
  }

  /** Changes parts of a decision at once. Resolves when it is written. */
  change(id: string, parts: EncodeDecision): Promise<void> {
    const apply = (decisions: Decisions): Decisions => {
      const { [id]: previous, ...others } = decisions;
      const { stopped, isRequested, settings } = { ...previous, ...parts };
      if (stopped === undefined && isRequested === undefined && settings === undefined) return others;
      return { ...others, [id]: { stopped, isRequested, settings } };
    };
    this.#decisions = apply(this.#decisions);
    return this.#enqueue(async () => {
      if (this.#path === undefined) return;
      this.#decisions = apply(await this.#read());
      await writeState(this.#path, this.#decisions).catch(this.#onError);
    });
  }

  /** Runs reads and writes one after another. */
  #enqueue(run: () => Promise<void>): Promise<void> {
    this.#written = this.#written.then(run);
    return this.#written;
  }

  async #read(): Promise<Decisions> {
    if (this.#path === undefined) return this.#decisions;
    try {
      const decisions: unknown = JSON.parse(await readFile(this.#path, "utf8"));
      return typeof decisions === "object" && decisions !== null ? (decisions as Decisions) : {};
    } catch {
      return this.#decisions;
    }
  }
}
