import type { PartSize } from "../../codec/internal.js";
import { readFrames } from "../../media/index.js";
import type { PlannedGroup } from "../plan/groups.js";
import type { Precision } from "../training/onnx/precision.js";
import type { PrecisionDecision } from "../training/onnx/precision-trial.js";
import type { TrainingWeights } from "../training/weights.js";
import type { FinishedGroup } from "./checkpoints.js";
import { choosePrecision } from "./choose-precision.js";
import type { EncodeJob } from "./profile.js";
import type { TaskHandlers } from "./tasks.js";
import type { WorkerPool } from "./worker-pool.js";

/** A range of consecutive frames of the video. */
export interface FrameSpan {
  readonly firstFrame: number;
  readonly frameCount: number;
}

/** Consecutive groups that are trained together. */
export interface GroupBlock {
  readonly groups: readonly PlannedGroup[];
}

/** Frames that are loaded and trained together. */
export interface TrainingUnit {
  /** Index of the first group; in phase 1, of the checkpoint. */
  readonly index: number;
  /** Ranges of frames, ascending. */
  readonly spans: readonly FrameSpan[];
}

/** How a unit is trained. */
export interface UnitSettings {
  readonly precision: Precision;
  /** Threads that a single task may use while other units train. */
  readonly threads: number;
}

/** The anchors' weights by the index of the unit, one map per task. */
export type AnchorWeights = ReadonlyMap<number, readonly TrainingWeights[]>;

/**
 * The profile's part of the training. `TrainingLoop` decides when each unit is trained, keeps checkpoints and reports
 * progress. `Frames` is the type of the frames that the profile loads for a unit.
 */
export interface VideoTraining<Frames> {
  readonly groups: readonly PlannedGroup[];
  /** The groups divided into blocks that are trained together. */
  readonly blocks: readonly GroupBlock[];
  /** The units that phase 1 trains. */
  readonly anchorUnits: readonly TrainingUnit[];
  /** Describes phase 1 for progress, such as "2 anchor groups". */
  readonly anchorDetail: string;
  /** Number of tasks that a unit is divided into. */
  readonly tasksPerUnit: number;
  /** Returns the cost of phase 1 for a unit, in the unit of `groupCost`. */
  anchorCost(unit: TrainingUnit): number;
  /** Returns the cost of phase 2, or of the current pass, for a group. It is proportional to time. */
  groupCost(group: PlannedGroup): number;
  /** Reads the frames of a unit, which are the next frames of `source`. */
  loadFrames(source: AsyncIterator<Uint8Array>, unit: TrainingUnit): Promise<Frames>;
  /** Called when the frames of a unit are no longer needed. */
  releaseFrames?(frames: Frames): void;
  /** Trains a few steps of a phase 1 unit on the GPU in both precisions. */
  tryPrecisions(unit: TrainingUnit, frames: Frames, settings: UnitSettings): Promise<PrecisionDecision>;
  trainAnchor(unit: TrainingUnit, frames: Frames, settings: UnitSettings): Promise<TrainingWeights[]>;
  /** Called once all anchors are trained. */
  useAnchors(anchors: AnchorWeights): void;
  /** Trains, encodes and measures the groups of a block. Returns one result per group. */
  trainBlock(block: GroupBlock, frames: Frames, settings: UnitSettings): Promise<readonly FinishedGroup[]>;
}

/** Size and quality of a trained group. */
export interface GroupResult {
  readonly frameCount: number;
  readonly bytes: number;
  /** The parts that cover several groups, among the bytes. */
  readonly longParts: readonly PartSize[];
  /** Mean over the frames, dB. */
  readonly psnr: number;
}

/** Trains the anchors and then the groups of a video. Writes each to the checkpoints as soon as it is finished. */
export class TrainingLoop<Frames> {
  readonly #job: EncodeJob;
  readonly #training: VideoTraining<Frames>;
  readonly #pool: WorkerPool<TaskHandlers>;
  readonly #groups: readonly PlannedGroup[];
  /** Results of the finished groups; their payloads stay on disk. */
  readonly #finished = new Map<number, GroupResult>();
  readonly #anchors = new Map<number, readonly TrainingWeights[]>();
  #precision: Precision = "float32";

  constructor(job: EncodeJob, training: VideoTraining<Frames>, pool: WorkerPool<TaskHandlers>) {
    this.#job = job;
    this.#training = training;
    this.#pool = pool;
    this.#groups = training.groups;
  }

  /** Runs phase 1 and phase 2. */
  async run(): Promise<void> {
    const { checkpoints, meter, emit, options } = this.#job;
    const { anchorUnits, anchorDetail } = this.#training;
    for (const { index } of anchorUnits) {
      const weights = await checkpoints.readAnchor(index);
      if (weights !== undefined) this.#anchors.set(index, weights);
    }
    await this.reload();
    const anchorCost = (units: readonly TrainingUnit[]) =>
      sum(units.map((unit) => this.#training.anchorCost(unit)));
    const isTrained = ({ index }: TrainingUnit) => this.#anchors.has(index);
    meter.startTraining(
      anchorCost(anchorUnits) + this.#groupCost(this.#groups),
      anchorCost(anchorUnits.filter(isTrained)) + this.#finishedCost(),
    );
    this.#precision = await choosePrecision(options, checkpoints, emit, () => this.#tryPrecisions());
    meter.enterPhase("phase1", anchorDetail);
    await this.#forEach(
      anchorUnits.filter((unit) => !isTrained(unit)),
      (unit, frames, settings) => this.#trainAnchor(unit, frames, settings),
    );
    this.#training.useAnchors(this.#anchors);
    await this.#trainGroups();
  }

  /** Trains the groups that are not in the checkpoints of the current pass. */
  async runPass(): Promise<void> {
    await this.reload();
    this.#job.meter.addTraining(this.#groupCost(this.#groups), this.#finishedCost());
    await this.#trainGroups();
  }

  /** Reads which blocks of the current pass are finished. */
  async reload(): Promise<void> {
    this.#finished.clear();
    for (const { groups } of this.#training.blocks) {
      const results: [number, GroupResult][] = [];
      for (const { index, frameCount } of groups) {
        const group = await this.#job.checkpoints.readGroup(index);
        if (group !== undefined) results.push([index, resultOf(group, frameCount)]);
      }
      // A group may need networks of the others, so a block is complete or is trained again.
      if (results.length < groups.length) continue;
      for (const [index, result] of results) this.#finished.set(index, result);
    }
  }

  /** Returns the results of all groups. */
  results(): GroupResult[] {
    return this.#groups.map(({ index }) => this.#finished.get(index)!);
  }

  #groupCost(groups: readonly PlannedGroup[]): number {
    return sum(groups.map((group) => this.#training.groupCost(group)));
  }

  #finishedCost(): number {
    return this.#groupCost(this.#groups.filter(({ index }) => this.#finished.has(index)));
  }

  /** Tries both precisions on the first unit of phase 1. */
  async #tryPrecisions(): Promise<PrecisionDecision> {
    const [unit] = this.#training.anchorUnits;
    const source = readSpans(this.#job, unit.spans);
    try {
      const frames = await this.#training.loadFrames(source, unit);
      const decision = await this.#training.tryPrecisions(unit, frames, this.#settings(1));
      this.#training.releaseFrames?.(frames);
      return decision;
    } finally {
      await source.return(undefined);
    }
  }

  async #trainAnchor(unit: TrainingUnit, frames: Frames, settings: UnitSettings): Promise<void> {
    const weights = await this.#training.trainAnchor(unit, frames, settings);
    await this.#job.checkpoints.writeAnchor(unit.index, weights);
    this.#anchors.set(unit.index, weights);
  }

  async #trainGroups(): Promise<void> {
    this.#job.meter.enterPhase("phase2", this.#groupDetail());
    const units = this.#training.blocks
      .filter(({ groups }) => groups.some(({ index }) => !this.#finished.has(index)))
      .map((block) => ({ index: block.groups[0].index, block, spans: block.groups }));
    await this.#forEach(units, ({ block }, frames, settings) => this.#trainBlock(block, frames, settings));
  }

  async #trainBlock(block: GroupBlock, frames: Frames, settings: UnitSettings): Promise<void> {
    const { checkpoints, meter, emit } = this.#job;
    const finished = await this.#training.trainBlock(block, frames, settings);
    for (const [i, { index, frameCount }] of block.groups.entries()) {
      await checkpoints.writeGroup(index, finished[i]);
      const result = resultOf(finished[i], frameCount);
      this.#finished.set(index, result);
      meter.setDetail(this.#groupDetail());
      emit({ type: "group", index, bytes: result.bytes, psnr: result.psnr });
    }
  }

  #groupDetail(): string {
    return `${this.#finished.size} of ${this.#groups.length} groups`;
  }

  #settings(parallelUnits: number): UnitSettings {
    const threads = Math.max(1, Math.floor(this.#job.options.workers / parallelUnits));
    return { precision: this.#precision, threads };
  }

  /**
   * Reads units in order and trains enough of them in parallel to keep all workers busy. Reads one more unit ahead. The
   * first failure, or an abort, stops all of them.
   */
  async #forEach<Unit extends TrainingUnit>(
    units: readonly Unit[],
    train: (unit: Unit, frames: Frames, settings: UnitSettings) => Promise<void>,
  ): Promise<void> {
    const { options, signal } = this.#job;
    const busyUnits = Math.ceil(options.workers / this.#training.tasksPerUnit);
    const parallelUnits = Math.max(1, Math.min(units.length, busyUnits));
    const settings = this.#settings(parallelUnits);
    const running = new Set<Promise<void>>();
    let fail: (cause: unknown) => void = () => {};
    const failure = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failure.catch(() => {});
    const abort = () => fail(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener("abort", abort);
    const source = readSpans(
      this.#job,
      units.flatMap(({ spans }) => spans),
    );
    try {
      for (const unit of units) {
        const frames = await Promise.race([this.#training.loadFrames(source, unit), failure]);
        const task = train(unit, frames, settings).then(() => this.#training.releaseFrames?.(frames));
        running.add(task);
        task.catch(fail).finally(() => running.delete(task));
        while (running.size > parallelUnits) await Promise.race([...running, failure]);
      }
      while (running.size > 0) await Promise.race([...running, failure]);
    } finally {
      await source.return(undefined);
      signal?.removeEventListener("abort", abort);
      // After the encode has ended, no more events are emitted and no checkpoints are written.
      if (running.size > 0) this.#pool.stop();
      await Promise.allSettled(running);
    }
  }
}

/** Reads the frames of ascending spans. One ffmpeg process reads adjacent spans. */
async function* readSpans(
  { video, options, signal }: EncodeJob,
  spans: readonly FrameSpan[],
): AsyncGenerator<Uint8Array, void> {
  const { info, size } = video;
  const { input, from, to } = options;
  for (let i = 0; i < spans.length; ) {
    const { firstFrame } = spans[i];
    let end = firstFrame;
    while (i < spans.length && spans[i].firstFrame === end) end += spans[i++].frameCount;
    yield* readFrames(input, info, { ...size, firstFrame, frameCount: end - firstFrame, from, to, signal });
  }
}

function resultOf({ payload, longParts = [], psnr }: FinishedGroup, frameCount: number): GroupResult {
  return { frameCount, bytes: payload.length, longParts, psnr: sum(psnr) / psnr.length };
}

/** Returns the mean PSNR over the frames of all groups, dB. */
export function meanPsnr(groups: readonly GroupResult[]): number {
  const frames = sum(groups.map(({ frameCount }) => frameCount));
  return sum(groups.map(({ psnr, frameCount }) => psnr * frameCount)) / frames;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
