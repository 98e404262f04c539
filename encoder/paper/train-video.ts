import type { PaperEncoder, PaperModel, PaperNetwork } from "../../codec/internal.js";
import { type ProbeResult, readFrames } from "../../media/index.js";
import { EncoderError } from "../errors.js";
import type { EncodeEvent } from "../events.js";
import type { Checkpoints } from "../job/checkpoints.js";
import { choosePrecision } from "../job/choose-precision.js";
import type { ProgressMeter } from "../job/progress.js";
import { WorkerPool } from "../job/worker-pool.js";
import type { PlannedGroup } from "../plan/groups.js";
import type { TrainingWeights } from "../tile/weights.js";
import type { Precision } from "../training/onnx/precision.js";
import { addNoise } from "./noise.js";
import { type PaperOptions, pointsPerStep } from "./options.js";
import { stepCost } from "./plan.js";
import { loadPaperTarget, type PaperTarget } from "./target.js";
import type { PaperAnchorsTask } from "./tasks.js";
import type { PaperTrainingPlan } from "./trainer.js";
import { quantizeEncoder, warmStartWeights } from "./weights.js";

/** All that is decided about a video of the paper profile before training begins. */
export interface PaperEncodeJob {
  readonly info: ProbeResult;
  /** Source pixels of the asset. */
  readonly size: { readonly width: number; readonly height: number };
  readonly groups: readonly PlannedGroup[];
  /** Numbers of the anchor frames. */
  readonly anchors: readonly number[];
  readonly network: PaperNetwork;
  /** Of another asset; undefined: phase 1 trains one. */
  readonly sharedEncoder: PaperEncoder | undefined;
  readonly options: PaperOptions;
  readonly checkpoints: Checkpoints;
}

/** What training made: the shared encoder, and in the checkpoints every group. */
export interface TrainedPaperVideo {
  readonly model: PaperModel;
  /** Bytes of each group. */
  readonly sizes: number[];
  /** dB, mean over the frames. */
  readonly psnr: number;
}

/** The checkpoint that holds all of phase 1. */
const PHASE_1_CHECKPOINT = 0;
const PHASE_1 = 1;
const PHASE_2 = 2;

/** Phase 1 on the anchor frames, then phase 2 on every group: each finished part is in the checkpoints at once. */
export async function trainPaperVideo(
  job: PaperEncodeJob,
  meter: ProgressMeter,
  emit: (event: EncodeEvent) => void,
  signal?: AbortSignal,
): Promise<TrainedPaperVideo> {
  const training = new PaperVideoTraining(job, meter, emit, signal);
  try {
    return await training.run();
  } finally {
    await training.close();
  }
}

class PaperVideoTraining {
  readonly #job: PaperEncodeJob;
  readonly #meter: ProgressMeter;
  readonly #emit: (event: EncodeEvent) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #pool: WorkerPool;
  #precision: Precision = "float32";
  /** Of each finished group, bytes and mean PSNR in dB: their payloads stay on disk. */
  readonly #finished = new Map<number, { readonly bytes: number; readonly psnr: number }>();

  constructor(
    job: PaperEncodeJob,
    meter: ProgressMeter,
    emit: (event: EncodeEvent) => void,
    signal?: AbortSignal,
  ) {
    this.#job = job;
    this.#meter = meter;
    this.#emit = emit;
    this.#signal = signal;
    this.#pool = new WorkerPool(job.options.workers);
  }

  async run(): Promise<TrainedPaperVideo> {
    const { groups, anchors, network, options, checkpoints } = this.#job;
    const { steps, phase1Steps } = options.training;
    for (const { index } of groups) {
      const group = await checkpoints.readGroup(index);
      if (group !== undefined)
        this.#finished.set(index, { bytes: group.payload.length, psnr: mean(group.psnr) });
    }
    const known = (await checkpoints.readAnchor(PHASE_1_CHECKPOINT))?.[0];
    const anchorsCost = phase1Steps * this.#anchorCost();
    const cost = (group: PlannedGroup) => steps * stepCost(network, 1, group.frameCount, false);
    const costOf = (some: readonly PlannedGroup[]) => some.reduce((sum, group) => sum + cost(group), 0);
    const done = groups.filter(({ index }) => this.#finished.has(index));
    this.#meter.begin(anchorsCost + costOf(groups), (known ? anchorsCost : 0) + costOf(done));

    this.#precision = await choosePrecision(options, checkpoints, this.#emit, async () => {
      const job = await this.#anchorsJob();
      return this.#untilAborted(this.#pool.run({ kind: "trial", job: { ...job, device: "cuda" } }).result);
    });
    this.#meter.enter("phase1", `${anchors.length} anchor ${anchors.length === 1 ? "frame" : "frames"}`);
    const trained = known ?? (await this.#untilAborted(this.#trainAnchors()));
    const encoder = this.#job.sharedEncoder ?? quantizeEncoder(network, trained);

    this.#meter.enter("phase2", `${this.#finished.size} of ${groups.length} groups`);
    await this.#untilAborted(this.#trainGroups(trained, encoder));

    const all = groups.map(({ index, frameCount }) => ({ ...this.#finished.get(index)!, frameCount }));
    const frames = all.reduce((sum, { frameCount }) => sum + frameCount, 0);
    return {
      model: { profile: "paper", network, encoder },
      sizes: all.map(({ bytes }) => bytes),
      psnr: all.reduce((sum, { psnr, frameCount }) => sum + psnr * frameCount, 0) / frames,
    };
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  #anchorCost(): number {
    const { anchors, network, sharedEncoder } = this.#job;
    return stepCost(network, anchors.length, anchors.length, sharedEncoder === undefined);
  }

  /** The work, which the signal ends within some training steps. Nothing of it is left running. */
  async #untilAborted<T>(work: Promise<T>): Promise<T> {
    const stop = () => this.#pool.stop();
    this.#signal?.addEventListener("abort", stop);
    if (this.#signal?.aborted) stop();
    try {
      return await work;
    } catch (cause) {
      if (!this.#signal?.aborted) throw cause;
      throw new EncoderError("interrupted", "interrupted", { cause });
    } finally {
      this.#signal?.removeEventListener("abort", stop);
    }
  }

  #plan(phase: number, key: number): PaperTrainingPlan {
    const { options, size } = this.#job;
    const { steps, phase1Steps, optimizer, learningRate: rate, sampling, loss } = options.training;
    return {
      steps: phase === PHASE_1 ? phase1Steps : steps,
      points: pointsPerStep(options.training, size),
      optimizer,
      learningRate: rate,
      sampling,
      loss,
      seed: options.seed,
      keys: [phase, key],
    };
  }

  /** Phase 1, its frames loaded. */
  async #anchorsJob(): Promise<PaperAnchorsTask> {
    const { anchors, network, options } = this.#job;
    const source = this.#frames(anchors.map((firstFrame) => ({ firstFrame, frameCount: 1 })));
    const target = await this.#load(source, anchors.length, (index) => anchors[index]);
    await source.return(undefined);
    return {
      kind: "paper-anchors",
      network,
      target,
      plan: this.#plan(PHASE_1, 0),
      trainer: options.trainer,
      device: options.device,
      precision: this.#precision,
      threads: options.workers,
      encoder: this.#job.sharedEncoder,
    };
  }

  async #trainAnchors(): Promise<TrainingWeights> {
    const job = await this.#anchorsJob();
    const { result, steps } = this.#pool.run(job);
    const watch = this.#meter.watch(steps, this.#anchorCost());
    const trained = await result;
    watch.finish(job.plan.steps);
    await this.#job.checkpoints.writeAnchor(PHASE_1_CHECKPOINT, [trained]);
    return trained;
  }

  /** Reads groups in order; no more are in memory than keep all workers busy, and one. */
  async #trainGroups(trained: TrainingWeights, encoder: PaperEncoder): Promise<void> {
    const { groups, options } = this.#job;
    const left = groups.filter(({ index }) => !this.#finished.has(index));
    const together = Math.min(options.workers, left.length);
    const threads = Math.max(1, Math.floor(options.workers / Math.max(1, together)));
    const running = new Set<Promise<void>>();
    const source = this.#frames(left);
    try {
      for (const group of left) {
        const target = await this.#load(source, group.frameCount, (index) => group.firstFrame + index);
        const task = this.#trainGroup(group, target, trained, encoder, threads);
        running.add(task);
        // A task that failed stays: the race below finds it.
        task.then(() => running.delete(task)).catch(() => {});
        while (running.size > together) await Promise.race(running);
      }
      await Promise.all(running);
    } finally {
      // Nothing is told, and nothing written, after the encode has ended.
      if (running.size > 0) this.#pool.stop();
      await Promise.allSettled(running);
      await source.return(undefined);
    }
  }

  async #trainGroup(
    group: PlannedGroup,
    target: PaperTarget,
    trained: TrainingWeights,
    encoder: PaperEncoder,
    threads: number,
  ): Promise<void> {
    const { groups, anchors, network, options, size, checkpoints } = this.#job;
    const plan = this.#plan(PHASE_2, group.index);
    const entries = groups.map((entry) => ({ ...entry, offset: 0, size: 0 }));
    const { result, steps } = this.#pool.run({
      kind: "paper-group",
      network,
      target,
      plan,
      trainer: options.trainer,
      device: options.device,
      precision: this.#precision,
      threads,
      index: group.index,
      asset: { ...size, profile: "paper", network, encoder, groups: entries },
      start: warmStartWeights(network, trained, anchors, group),
    });
    const watch = this.#meter.watch(steps, stepCost(network, 1, group.frameCount, false));
    const { payload, psnr } = await result;
    watch.finish(plan.steps);
    await checkpoints.writeGroup(group.index, { payload, psnr });
    const finished = { bytes: payload.length, psnr: mean(psnr) };
    this.#finished.set(group.index, finished);
    this.#meter.detail(`${this.#finished.size} of ${groups.length} groups`);
    this.#emit({ type: "group", index: group.index, ...finished });
  }

  /** `numberOf` says which frame of the video a frame of the target is. */
  #load(
    source: AsyncIterator<Uint8Array>,
    frameCount: number,
    numberOf: (index: number) => number,
  ): Promise<PaperTarget> {
    const { size, options } = this.#job;
    const { noise } = options.training;
    if (noise === undefined) return loadPaperTarget(source, frameCount, size);
    return loadPaperTarget(source, frameCount, size, (frame, index) =>
      addNoise(frame, noise, options.seed, numberOf(index)),
    );
  }

  /** The frames of some spans one after the other; neighboring spans are read in one go. */
  async *#frames(
    spans: readonly { readonly firstFrame: number; readonly frameCount: number }[],
  ): AsyncGenerator<Uint8Array, void> {
    const { info, options, size } = this.#job;
    const { from, to } = options;
    for (let i = 0; i < spans.length; ) {
      const { firstFrame } = spans[i];
      let end = firstFrame;
      while (i < spans.length && spans[i].firstFrame === end) end += spans[i++].frameCount;
      const range = { firstFrame, frameCount: end - firstFrame, from, to };
      yield* readFrames(options.input, info, { ...size, ...range, signal: this.#signal });
    }
  }
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
