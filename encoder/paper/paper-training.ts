import type { PaperEncoder, PaperNetwork } from "../../codec/internal.js";
import type { FinishedGroup } from "../job/checkpoints.js";
import type { EncodeJob } from "../job/profile.js";
import type {
  AnchorWeights,
  GroupBlock,
  TrainingUnit,
  UnitSettings,
  VideoTraining,
} from "../job/training-loop.js";
import type { WorkerPool } from "../job/worker-pool.js";
import type { PlannedGroup } from "../plan/groups.js";
import type { PrecisionDecision } from "../training/onnx/precision-trial.js";
import type { TrainingWeights } from "../training/weights.js";
import { addNoise } from "./noise.js";
import { type PaperOptions, pointsPerStep } from "./options.js";
import { stepCost } from "./plan.js";
import { loadPaperTarget, type PaperTarget } from "./target.js";
import type { PaperTrainingPlan } from "./trainer.js";
import { quantizeEncoder, warmStartWeights } from "./weights.js";
import type { PaperTasks, TrainAnchorsTask } from "./worker.js";

/** Index of the checkpoint that holds all of phase 1. */
const ANCHORS_INDEX = 0;

/** Keys of the phases in random streams. */
const PHASE_1 = 1;
const PHASE_2 = 2;

/** Options, network and anchors of a video, which are decided before its training. */
export interface PaperSetup {
  readonly options: PaperOptions;
  readonly network: PaperNetwork;
  /** Indices of the anchor frames. */
  readonly anchors: readonly number[];
  /** Shared encoder of another asset to reuse; undefined: phase 1 trains one. */
  readonly sharedEncoder: PaperEncoder | undefined;
}

/** Trains a video of the paper profile: all anchor frames together in phase 1, each group in phase 2. */
export class PaperTraining implements VideoTraining<PaperTarget> {
  readonly groups: readonly PlannedGroup[];
  readonly blocks: readonly GroupBlock[];
  readonly anchorUnits: readonly TrainingUnit[];
  readonly anchorDetail: string;
  readonly tasksPerUnit = 1;
  readonly #job: EncodeJob;
  readonly #setup: PaperSetup;
  readonly #pool: WorkerPool<PaperTasks>;
  #anchorWeights: TrainingWeights = new Map();
  #encoder: PaperEncoder | undefined;

  constructor(job: EncodeJob, setup: PaperSetup, pool: WorkerPool<PaperTasks>) {
    const { anchors } = setup;
    this.#job = job;
    this.#setup = setup;
    this.#pool = pool;
    this.groups = job.video.groups;
    this.blocks = this.groups.map((group) => ({ groups: [group] }));
    this.anchorUnits = [
      { index: ANCHORS_INDEX, spans: anchors.map((firstFrame) => ({ firstFrame, frameCount: 1 })) },
    ];
    this.anchorDetail = `${anchors.length} anchor ${anchors.length === 1 ? "frame" : "frames"}`;
  }

  /** The quantized shared encoder. Throws if it is not trained yet. */
  get encoder(): PaperEncoder {
    if (this.#encoder === undefined) throw new Error("the shared encoder is not trained yet");
    return this.#encoder;
  }

  anchorCost(): number {
    return this.#setup.options.training.phase1Steps * this.#anchorStepCost();
  }

  groupCost(group: PlannedGroup): number {
    return this.#setup.options.training.steps * this.#groupStepCost(group);
  }

  loadFrames(source: AsyncIterator<Uint8Array>, { spans }: TrainingUnit): Promise<PaperTarget> {
    const { seed, training } = this.#setup.options;
    const { noise } = training;
    const { size } = this.#job.video;
    const frames = spans.flatMap(({ firstFrame, frameCount }) =>
      Array.from({ length: frameCount }, (_, i) => firstFrame + i),
    );
    if (noise === undefined) return loadPaperTarget(source, frames.length, size);
    return loadPaperTarget(source, frames.length, size, (pixels, index) =>
      addNoise(pixels, { kind: noise, seed, frame: frames[index] }),
    );
  }

  tryPrecisions(
    _unit: TrainingUnit,
    target: PaperTarget,
    settings: UnitSettings,
  ): Promise<PrecisionDecision> {
    const task = { ...this.#anchorsTask(target, settings), device: "cuda" } as const;
    return this.#pool.run("tryPrecisions", task, buffersOf(target)).result;
  }

  async trainAnchor(
    _unit: TrainingUnit,
    target: PaperTarget,
    settings: UnitSettings,
  ): Promise<TrainingWeights[]> {
    const task = this.#anchorsTask(target, settings);
    const running = this.#pool.run("trainAnchors", task, buffersOf(target));
    const { steps } = task.plan;
    return [await this.#job.meter.track(running, { steps, costPerStep: this.#anchorStepCost() })];
  }

  useAnchors(anchors: AnchorWeights): void {
    const { network, sharedEncoder } = this.#setup;
    const [weights] = anchors.get(ANCHORS_INDEX) ?? [];
    this.#anchorWeights = weights;
    this.#encoder = sharedEncoder ?? quantizeEncoder(network, weights);
  }

  async trainBlock(
    { groups: [group] }: GroupBlock,
    target: PaperTarget,
    settings: UnitSettings,
  ): Promise<readonly FinishedGroup[]> {
    const { network, anchors } = this.#setup;
    const { encoder, groups } = this;
    const plan = this.#plan(PHASE_2, group.index);
    const task = {
      ...this.#taskOptions(settings),
      network,
      target,
      plan,
      index: group.index,
      asset: {
        ...this.#job.video.size,
        profile: "paper" as const,
        network,
        encoder,
        groups: groups.map((entry) => ({ ...entry, offset: 0, size: 0 })),
      },
      start: warmStartWeights(network, this.#anchorWeights, anchors, group),
    };
    const running = this.#pool.run("trainGroup", task, buffersOf(target));
    const cost = { steps: plan.steps, costPerStep: this.#groupStepCost(group) };
    return [await this.#job.meter.track(running, cost)];
  }

  #anchorStepCost(): number {
    const { network, anchors, sharedEncoder } = this.#setup;
    const learnEncoder = sharedEncoder === undefined;
    return stepCost({ network, stacks: anchors.length, frames: anchors.length, learnEncoder });
  }

  #groupStepCost({ frameCount }: PlannedGroup): number {
    return stepCost({ network: this.#setup.network, stacks: 1, frames: frameCount, learnEncoder: false });
  }

  #anchorsTask(target: PaperTarget, settings: UnitSettings): TrainAnchorsTask {
    const { network, sharedEncoder } = this.#setup;
    const plan = this.#plan(PHASE_1, ANCHORS_INDEX);
    return { ...this.#taskOptions(settings), network, target, plan, encoder: sharedEncoder };
  }

  #taskOptions({ precision, threads }: UnitSettings) {
    const { trainer, device } = this.#setup.options;
    return { trainer, device, precision, threads };
  }

  #plan(phase: typeof PHASE_1 | typeof PHASE_2, key: number): PaperTrainingPlan {
    const { seed, training } = this.#setup.options;
    const { steps, phase1Steps, optimizer, learningRate, sampling, loss } = training;
    return {
      steps: phase === PHASE_1 ? phase1Steps : steps,
      points: pointsPerStep(training, this.#job.video.size),
      optimizer,
      learningRate,
      sampling,
      loss,
      seed,
      keys: [phase, key],
    };
  }
}

/** Returns the buffers that move to the worker. */
const buffersOf = ({ frames, clean }: PaperTarget): ArrayBuffer[] =>
  clean === undefined ? [frames.buffer] : [frames.buffer, clean.buffer];
