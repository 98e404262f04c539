import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { EncodeEvent } from "../../encoder/events.js";
import { assetLockFile, isLocked } from "../../encoder/job/lock.js";
import { TrainingError, TrainingProcess, type TrainingResult } from "../../encoder/job/training-process.js";
import { defaultWorkDir } from "../../encoder/options.js";
import { makeFolder } from "../../media/write/make-folder.js";
import type { EncodeState } from "../../protocol/encode-state.js";
import { isBeingWritten } from "../library/settled-file.js";
import { byPriority, type EncodeCandidate } from "./encode-candidate.js";
import type { EncodeDecisions } from "./encode-decisions.js";
import { type EncodeRetry, encodeRetry, mayRetry } from "./encode-retry.js";
import type { EncodeMode, EncodeSettings } from "./encode-settings.js";
import { LoadGate } from "./load-gate.js";
import type { WorkQueue } from "./queue.js";
import { isRemoved, watchSource } from "./source-watch.js";
import { removeAbandonedWork, workFolder } from "./work-folder.js";

export interface BackgroundEncoderOptions {
  readonly mode: EncodeMode;
  readonly settings: EncodeSettings;
  /** The render jobs that training yields to in mode `idle`. Default: none. */
  readonly queue?: WorkQueue;
  /** What operators have decided about the encodes of videos. */
  readonly decisions: EncodeDecisions;
  /** Lists the sources without a current asset. */
  readonly candidates: () => Promise<readonly EncodeCandidate[]>;
  /** Folder for checkpoints. Default: they are beside the assets. */
  readonly state: string | undefined;
  /** Whether to read each asset back and to compare it with its source. */
  readonly verify: boolean;
  readonly onStarted?: (candidate: EncodeCandidate) => void;
  readonly onEvent?: (candidate: EncodeCandidate, event: EncodeEvent) => void;
  readonly onFinished: (candidate: EncodeCandidate, result: FinishedEncode) => Promise<void>;
  readonly onFailed: (candidate: EncodeCandidate, error: Error) => void;
  /** Called when nothing is left to encode. */
  readonly onIdle?: () => void;
}

/** A finished encode. */
export interface FinishedEncode extends TrainingResult {
  /** Whether a track or stream of the source is not in the asset. */
  readonly hasSkippedStreams: boolean;
}

/** A source that has failed, or that another process encodes. */
interface HeldSource {
  readonly state: EncodeState;
  /** The revision that has failed. */
  readonly revision: string;
  readonly retry?: EncodeRetry | undefined;
}

interface CurrentEncode {
  hasSkippedStreams: boolean;
  /** Whether an operator or the end of the server has stopped it, which is no failure. */
  isStopped: boolean;
  readonly candidate: EncodeCandidate;
  readonly process: TrainingProcess;
  state: EncodeState & { readonly state: "training" };
}

/** Milliseconds until the candidates are listed again, although no change was reported: not all folders can be watched. */
const RESCAN_MS = 60_000;
/** Milliseconds until a candidate is looked at again that is being copied, or that another process encodes. */
const RECHECK_MS = 5000;
/** Milliseconds from a reported change to the listing, which is shared by the changes in between. */
const NOTIFY_MS = 1000;

/**
 * Encodes sources one after another, each in a child process: the most watched first, then the shortest, then the oldest.
 * A restart continues from the checkpoints.
 */
export class BackgroundEncoder {
  readonly #options: BackgroundEncoderOptions;
  readonly #gate: LoadGate | undefined;
  readonly #held = new Map<string, HeldSource>();
  /** Videos whose checkpoints are those of another encode, such as one with another preset. */
  readonly #outdated = new Set<string>();
  #current: CurrentEncode | undefined;
  #timer: NodeJS.Timeout | undefined;
  #selecting = false;
  /** Whether a change was reported since the last listing began. */
  #notified = false;
  #closed = false;

  constructor(options: BackgroundEncoderOptions) {
    this.#options = options;
    const { queue } = options;
    this.#gate = queue && new LoadGate(queue, (isBusy) => this.#onLoad(isBusy));
  }

  /** Whether sources are encoded. */
  get isEnabled(): boolean {
    return this.#options.mode !== "off";
  }

  /** Starts encoding, unless the mode is `off`. */
  start(): void {
    if (!this.isEnabled) return;
    const { state } = this.#options;
    if (state !== undefined) void removeAbandonedWork(state);
    void this.#startNext();
  }

  /** Whether an operator has asked for another encode of a video, which may have a current asset. */
  isRequested(id: string): boolean {
    return this.#options.decisions.of(id).isRequested === true;
  }

  /** Looks for sources to encode soon, because a video was added, changed or removed. */
  notify(): void {
    if (!this.isEnabled || this.#closed || this.#current !== undefined || this.#notified) return;
    this.#notified = true;
    if (!this.#selecting) this.#startLater(NOTIFY_MS);
  }

  /**
   * Returns the state of a video's encode; undefined if it is not to be encoded.
   *
   * @param backend `asset` for a video that has a current asset
   */
  state(id: string, backend: "asset" | "source" = "source"): EncodeState | undefined {
    if (!this.isEnabled || (backend === "asset" && !this.isRequested(id))) return undefined;
    const { stopped } = this.#options.decisions.of(id);
    // Its process may take a moment to end.
    if (stopped !== undefined) return stopped;
    if (this.#current?.candidate.id === id) return this.#current.state;
    return this.#held.get(id)?.state ?? { state: "waiting" };
  }

  /** Stops the encode of a source until `resume`. */
  async pause(id: string): Promise<void> {
    const { decisions } = this.#options;
    if (decisions.of(id).stopped?.state === "paused") return;
    const done = this.#current?.candidate.id === id ? this.#current.state.done : 0;
    await decisions.change(id, { stopped: { state: "paused", done } });
    await this.#stopCurrent(id);
  }

  /** Encodes a source again that is paused, canceled or has failed. */
  async resume(id: string): Promise<void> {
    this.#held.delete(id);
    await this.#options.decisions.change(id, { stopped: undefined });
    if (this.isEnabled) void this.#startNext();
  }

  /** Stops the encode of a source for good, or that of a video that has an asset. */
  async cancel(id: string): Promise<void> {
    await this.#options.decisions.change(id, { stopped: { state: "canceled" }, isRequested: undefined });
    await this.#stopCurrent(id);
  }

  /** Encodes a video with other settings from now on, even if it has an asset, which is served until then. */
  async reencode(id: string, settings: Partial<EncodeSettings>): Promise<void> {
    await this.#options.decisions.change(id, { settings, isRequested: true, stopped: undefined });
    await this.#stopCurrent(id);
    await this.resume(id);
  }

  /** Stops the current encode and keeps its checkpoints. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#gate?.close();
    await this.#stopCurrent();
  }

  /** @param id of the video whose encode is stopped; undefined for any */
  async #stopCurrent(id?: string): Promise<void> {
    const current = this.#current;
    if (current === undefined || (id ?? current.candidate.id) !== current.candidate.id) return;
    current.isStopped = true;
    await current.process.stop();
  }

  #startLater(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#startNext(), delayMs).unref();
  }

  async #startNext(): Promise<void> {
    if (this.#closed || this.#selecting || this.#current !== undefined) return;
    clearTimeout(this.#timer);
    this.#selecting = true;
    this.#notified = false;
    const { next, blocked } = await this.#selectNext();
    // If it cannot be created, the encode fails with a sentence.
    if (next !== undefined) await makeFolder(dirname(next.output)).catch(() => {});
    this.#selecting = false;
    if (this.#closed) return;
    if (next !== undefined) this.#run(next);
    else if (this.#notified) this.#startLater(NOTIFY_MS);
    else {
      if (blocked.length === 0) this.#options.onIdle?.();
      this.#recheck(blocked, Date.now() + RESCAN_MS);
    }
  }

  /** Returns the source to encode, and those that come before it and cannot be encoded at the moment. */
  async #selectNext(): Promise<{ next?: EncodeCandidate; blocked: readonly EncodeCandidate[] }> {
    await this.#options.decisions.load();
    const candidates = await this.#options.candidates().catch(() => []);
    const blocked: EncodeCandidate[] = [];
    for (const candidate of [...candidates].sort(byPriority)) {
      if (this.#isStopped(candidate)) continue;
      if (await this.#isReady(candidate)) return { next: candidate, blocked };
      blocked.push(candidate);
    }
    return { blocked };
  }

  /** Waits until one of the candidates can be encoded, without listing all of them. */
  #recheck(blocked: readonly EncodeCandidate[], rescanAt: number): void {
    const delay = blocked.length === 0 ? RESCAN_MS : RECHECK_MS;
    const check = async () => {
      let isReady = Date.now() >= rescanAt;
      for (const candidate of blocked) isReady ||= await this.#isReady(candidate);
      if (this.#closed || this.#notified) return;
      if (isReady) await this.#startNext();
      else this.#recheck(blocked, rescanAt);
    };
    this.#timer = setTimeout(() => void check(), delay).unref();
  }

  /** Whether a source has failed for good, or is stopped by an operator. */
  #isStopped({ id, revision }: EncodeCandidate): boolean {
    if (this.#options.decisions.of(id).stopped !== undefined) return true;
    const held = this.#held.get(id);
    return held?.revision === revision && held.retry === undefined;
  }

  /** Whether a source is complete, no other process encodes it, and the reason of its last failure may be gone. */
  async #isReady({ id, revision, input, output }: EncodeCandidate): Promise<boolean> {
    const held = this.#held.get(id);
    if (held?.revision === revision && !(held.retry && (await mayRetry(held.retry, output)))) return false;
    return !(await isLocked(output)) && !(await isBeingWritten(input));
  }

  #run(candidate: EncodeCandidate): void {
    const { input, output, id } = candidate;
    const { decisions, onStarted } = this.#options;
    const onEvent = (event: EncodeEvent) => {
      // Of several video streams, only one is encoded.
      const isSkipped = event.type === "stream-skipped" || event.type === "video-stream";
      if (isSkipped) current.hasSkippedStreams = true;
      this.#options.onEvent?.(candidate, event);
      if (event.type !== "progress") return;
      const { phase, done, remainingSeconds } = event;
      current.state = { ...current.state, phase, done, remainingSeconds };
    };
    const settings = { ...this.#options.settings, ...decisions.of(id).settings };
    const workDir = this.#workDirOf(candidate);
    const options = { ...settings, input, output, workDir, resume: !this.#outdated.delete(id) };
    const process = new TrainingProcess(options, onEvent, this.#options.verify);
    const current: CurrentEncode = {
      candidate,
      process,
      hasSkippedStreams: false,
      isStopped: false,
      state: { state: "training", phase: "analyze", done: 0, remainingSeconds: undefined, yielding: false },
    };
    this.#current = current;
    this.#held.delete(id);
    this.#onLoad(this.#gate?.busy === true);
    onStarted?.(candidate);
    const stopWatching = watchSource(input, () => void process.stop());
    process.result
      .then((result) => {
        const { hasSkippedStreams } = current;
        if (this.isRequested(id)) void decisions.change(id, { isRequested: undefined });
        return this.#options.onFinished(candidate, { ...result, hasSkippedStreams });
      })
      .catch((error: unknown) => (current.isStopped ? undefined : this.#onError(candidate, error)))
      .finally(() => {
        stopWatching();
        this.#current = undefined;
        void this.#startNext();
      });
  }

  async #onError(candidate: EncodeCandidate, error: unknown): Promise<void> {
    const { id, input, output, revision } = candidate;
    if (await isRemoved(input)) {
      await rm(this.#workDirOf(candidate), { recursive: true, force: true });
      await rm(assetLockFile(output), { force: true });
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
    const message = withoutFolders((error as Error).message, candidate, this.#workDirOf(candidate));
    this.#held.set(id, { state: { state: "failed", message }, revision, retry });
    this.#options.onFailed(candidate, error as Error);
  }

  #workDirOf({ output }: EncodeCandidate): string {
    const { state } = this.#options;
    return state === undefined ? defaultWorkDir(output) : workFolder(state, output);
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
const withoutFolders = (message: string, { input, output }: EncodeCandidate, workDir: string): string =>
  [input, output].reduce(
    (text, path) => text.replaceAll(join(dirname(path), "/"), ""),
    message.replaceAll(workDir, "checkpoints"),
  );
