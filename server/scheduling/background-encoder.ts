import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { EncodeEvent } from "../../encoder/events.js";
import { isLocked } from "../../encoder/job/lock.js";
import { TrainingError, TrainingProcess, type TrainingResult } from "../../encoder/job/training-process.js";
import type { EncodeState } from "../../protocol/encode-state.js";
import { isBeingWritten } from "../library/settled-file.js";
import { type EncodeRetry, encodeRetry, mayRetry } from "./encode-retry.js";
import { LoadGate } from "./load-gate.js";
import type { WorkQueue } from "./queue.js";
import { isRemoved, watchSource } from "./source-watch.js";

/** When sources are encoded: never, while nobody is served, or always. */
export type EncodeMode = "off" | "idle" | "eager";

/** A source to encode. */
export interface EncodeCandidate {
  readonly id: string;
  /** Changes with the content of the source. */
  readonly revision: string;
  /** Path of the source. */
  readonly input: string;
  /** Path of the asset to write. */
  readonly output: string;
  /** Segments served so far. */
  readonly watched: number;
  /** Duration of the video in seconds, estimated if the source was not opened yet. */
  readonly seconds: number;
  /** When the source was last changed, in milliseconds since 1970. */
  readonly changedAt: number;
}

/** Options of an encode, besides its paths. */
export interface EncodeSettings {
  /** Default "balanced". */
  readonly preset?: "draft" | "fast" | "balanced" | "quality";
  /** Size of the asset in pixels, 16 to 8192 per side. Default: the size of the video. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Mean PSNR to aim at, 10 to 60 dB. */
  readonly targetPsnr?: number;
  /** Bits per pixel to aim at, audio excluded, 0.001 to 10. */
  readonly targetBpp?: number;
  /** Minimum mean PSNR, 10 to 40 dB. */
  readonly minPsnr?: number;
  /** What runs the training steps. Default "auto". */
  readonly trainer?: "auto" | "kernel" | "onnx" | "tfjs";
  /** Default "auto". */
  readonly device?: "auto" | "cpu" | "cuda";
  /** Training steps per group in phase 2, 1 to 1,000,000. Default: those of the preset. */
  readonly steps?: number;
  /** Training steps per anchor in phase 1, 1 to 1,000,000. Default: those of the preset. */
  readonly phase1Steps?: number;
  /** Points sampled per step and tile, 16 to 65,536. Default: those of the preset. */
  readonly points?: number;
  /** Training threads, 1 to 64. Default: one per core. */
  readonly workers?: number;
}

export interface BackgroundEncoderOptions {
  readonly mode: EncodeMode;
  readonly settings: EncodeSettings;
  /** The render jobs that training yields to in mode `idle`. */
  readonly queue: WorkQueue;
  /** Lists the sources without a current asset. */
  readonly candidates: () => Promise<readonly EncodeCandidate[]>;
  /** Whether to read each asset back and to compare it with its source. */
  readonly verify: boolean;
  readonly onFinished: (candidate: EncodeCandidate, result: FinishedEncode) => Promise<void>;
  readonly onFailed: (candidate: EncodeCandidate, error: Error) => void;
}

/** A finished encode. */
export interface FinishedEncode extends TrainingResult {
  /** Whether a track or stream of the source is not in the asset. */
  readonly hasSkippedStreams: boolean;
}

/** A source that is neither in training nor next. */
interface HeldSource {
  readonly state: EncodeState;
  /** The revision that the state is about; undefined if an operator has set it, for all revisions. */
  readonly revision?: string;
  readonly retry?: EncodeRetry | undefined;
}

interface CurrentEncode {
  hasSkippedStreams: boolean;
  readonly candidate: EncodeCandidate;
  readonly process: TrainingProcess;
  state: EncodeState & { readonly state: "training" };
}

/** Milliseconds until the candidates are listed again if there was none. */
const RESCAN_MS = 5000;

/**
 * Encodes sources one after another, each in a child process: the most watched first, then the shortest, then the oldest.
 * A restart continues from the checkpoints.
 */
export class BackgroundEncoder {
  readonly #options: BackgroundEncoderOptions;
  readonly #gate: LoadGate;
  readonly #held = new Map<string, HeldSource>();
  /** Settings of sources that an operator encodes with others than the default. */
  readonly #settings = new Map<string, EncodeSettings>();
  /** Encoded videos that an operator encodes again. */
  readonly #requested = new Set<string>();
  /** Videos whose checkpoints are those of another encode, such as one with another preset. */
  readonly #outdated = new Set<string>();
  #current: CurrentEncode | undefined;
  #timer: NodeJS.Timeout | undefined;
  #selecting = false;
  #closed = false;

  constructor(options: BackgroundEncoderOptions) {
    this.#options = options;
    this.#gate = new LoadGate(options.queue, (isBusy) => this.#onLoad(isBusy));
  }

  /** Whether sources are encoded. */
  get isEnabled(): boolean {
    return this.#options.mode !== "off";
  }

  /** Starts encoding, unless the mode is `off`. */
  start(): void {
    if (this.isEnabled) void this.#startNext();
  }

  /** Whether an operator has asked for another encode of a video, which may have a current asset. */
  isRequested(id: string): boolean {
    return this.#requested.has(id);
  }

  /** Looks for sources to encode, because one was added or changed. */
  notify(): void {
    if (this.#current === undefined) this.start();
  }

  /**
   * Returns the state of a video's encode; undefined if it is not to be encoded.
   *
   * @param backend `asset` for a video that has a current asset
   */
  state(id: string, backend: "asset" | "source" = "source"): EncodeState | undefined {
    if (backend === "asset" && !this.#requested.has(id)) return undefined;
    const held = this.#held.get(id);
    // An operator has stopped it; its process may take a moment to end.
    const isStopped = held !== undefined && held.revision === undefined;
    if (this.#current?.candidate.id === id && !isStopped) return this.#current.state;
    return held?.state ?? (this.isEnabled ? { state: "waiting" } : undefined);
  }

  /** Stops the encode of a source until `resume`. */
  async pause(id: string): Promise<void> {
    const held = this.#held.get(id)?.state;
    if (held?.state === "paused") return;
    const done = this.#current?.candidate.id === id ? this.#current.state.done : 0;
    this.#held.set(id, { state: { state: "paused", done } });
    await this.#stopCurrent(id);
  }

  /** Encodes a source again that is paused, canceled or has failed. */
  resume(id: string): void {
    this.#held.delete(id);
    this.notify();
  }

  /** Stops the encode of a source for good, or that of a video that has an asset. */
  async cancel(id: string): Promise<void> {
    this.#requested.delete(id);
    this.#held.set(id, { state: { state: "canceled" } });
    await this.#stopCurrent(id);
  }

  /** Encodes a video with other settings from now on, even if it has an asset, which is served until then. */
  async reencode(id: string, settings: Partial<EncodeSettings>): Promise<void> {
    this.#settings.set(id, { ...this.#options.settings, ...settings });
    this.#requested.add(id);
    this.#held.set(id, { state: { state: "waiting" } });
    await this.#stopCurrent(id);
    this.resume(id);
  }

  /** Stops the current encode and keeps its checkpoints. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#gate.close();
    await this.#current?.process.stop();
  }

  async #stopCurrent(id: string): Promise<void> {
    if (this.#current?.candidate.id === id) await this.#current.process.stop();
  }

  async #startNext(): Promise<void> {
    if (this.#closed || this.#selecting || this.#current !== undefined) return;
    clearTimeout(this.#timer);
    this.#selecting = true;
    const next = await this.#selectNext().finally(() => {
      this.#selecting = false;
    });
    if (this.#closed) return;
    if (next !== undefined) {
      this.#run(next);
      return;
    }
    this.#timer = setTimeout(() => void this.#startNext(), RESCAN_MS).unref();
  }

  async #selectNext(): Promise<EncodeCandidate | undefined> {
    const candidates = await this.#options.candidates().catch(() => []);
    for (const candidate of [...candidates].sort(byPriority)) {
      if (await this.#isHeld(candidate)) continue;
      // Another server with the same folder encodes it.
      if (await isLocked(`${candidate.output}.work`)) continue;
      if (!(await isBeingWritten(candidate.input))) return candidate;
    }
    return undefined;
  }

  /** A source that has failed is tried again when it changes, or when the reason may be gone. */
  async #isHeld({ id, revision, output }: EncodeCandidate): Promise<boolean> {
    const held = this.#held.get(id);
    if (held === undefined || (held.revision ?? revision) !== revision) return false;
    return held.retry === undefined || !(await mayRetry(held.retry, output));
  }

  #run(candidate: EncodeCandidate): void {
    const { input, output, id } = candidate;
    const settings = this.#settings.get(id) ?? this.#options.settings;
    const onEvent = (event: EncodeEvent) => {
      // Of several video streams, only one is encoded.
      const isSkipped = event.type === "stream-skipped" || event.type === "video-stream";
      if (isSkipped) current.hasSkippedStreams = true;
      if (event.type !== "progress") return;
      const { phase, done, remainingSeconds } = event;
      current.state = { ...current.state, phase, done, remainingSeconds };
    };
    const options = { ...settings, input, output, resume: !this.#outdated.delete(id) };
    const process = new TrainingProcess(options, onEvent, this.#options.verify);
    const current: CurrentEncode = {
      candidate,
      process,
      hasSkippedStreams: false,
      state: { state: "training", phase: "analyze", done: 0, remainingSeconds: undefined, yielding: false },
    };
    this.#current = current;
    if (this.#held.get(id)?.revision !== undefined) this.#held.delete(id);
    this.#onLoad(this.#gate.busy);
    const stopWatching = watchSource(input, () => void process.stop());
    process.result
      .then((result) => {
        const { hasSkippedStreams } = current;
        this.#requested.delete(id);
        return this.#options.onFinished(candidate, { ...result, hasSkippedStreams });
      })
      .catch((error: unknown) => this.#onError(candidate, error))
      .finally(() => {
        stopWatching();
        this.#current = undefined;
        void this.#startNext();
      });
  }

  async #onError(candidate: EncodeCandidate, error: unknown): Promise<void> {
    const { id, input, output, revision } = candidate;
    // An encode that an operator or `close` has stopped has not failed.
    if (this.#closed || this.#held.has(id)) return;
    if (await isRemoved(input)) {
      await rm(`${output}.work`, { recursive: true, force: true });
      return;
    }
    const code = error instanceof TrainingError ? error.code : undefined;
    if (code === "interrupted") return;
    if (code === "no-match") {
      this.#outdated.add(id);
      return;
    }
    const retry = await encodeRetry(code, output);
    if (code === "in-use") {
      this.#held.set(id, { state: { state: "waiting" }, revision, retry });
      return;
    }
    const message = withoutFolders((error as Error).message, candidate);
    this.#held.set(id, { state: { state: "failed", message }, revision, retry });
    this.#options.onFailed(candidate, error as Error);
  }

  #onLoad(isBusy: boolean): void {
    const current = this.#current;
    if (current === undefined || this.#options.mode !== "idle") return;
    if (isBusy) current.process.pause();
    else current.process.resume();
    current.state = { ...current.state, yielding: isBusy };
  }
}

/** Removes the folders of a candidate's files from a message that viewers see. */
const withoutFolders = (message: string, { input, output }: EncodeCandidate): string =>
  [input, output].reduce((text, path) => text.replaceAll(join(dirname(path), "/"), ""), message);

/** Orders candidates: the most watched first, then the shortest, then the oldest. */
const byPriority = (a: EncodeCandidate, b: EncodeCandidate): number =>
  b.watched - a.watched || a.seconds - b.seconds || a.changedAt - b.changedAt || (a.id < b.id ? -1 : 1);
