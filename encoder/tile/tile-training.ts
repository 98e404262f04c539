import { dequantize, type QuantizationSteps, readGroup } from "../../codec/internal.js";
import type { FinishedGroup } from "../job/checkpoints.js";
import type { EncodeJob } from "../job/profile.js";
import type { AnchorWeights, TrainingUnit, UnitSettings, VideoTraining } from "../job/training-loop.js";
import type { WorkerPool } from "../job/worker-pool.js";
import type { AnchorPlan } from "../plan/anchors.js";
import type { TilePlan } from "../plan/capacity.js";
import type { PlannedGroup } from "../plan/groups.js";
import { tileRanges } from "../plan/tile-grid.js";
import { firstPass, type PassPlan } from "../rate-control/passes.js";
import type { KernelVariant } from "../training/kernel/kernel.js";
import type { PrecisionDecision } from "../training/onnx/precision-trial.js";
import { fakeQuantization, quantizationSteps } from "../training/quantization/quantization-steps.js";
import type { GroupTarget, TileRange } from "../training/sampling/group-target.js";
import type { TrainingPlan } from "../training/trainer.js";
import type { TrainingWeights } from "../training/weights.js";
import { lambdaForBpp } from "./bits-per-pixel.js";
import { FrameBuffers, type LoadedFrames, loadGroupFrames } from "./group-frames.js";
import { groupPayload } from "./group-payload.js";
import type { TileOptions } from "./options.js";
import { toTrainingWeights } from "./weights.js";
import type { TileTasks, TrainTask } from "./worker.js";

/** Peak learning rates of weights and motion (docs/how-it-works.md, "Training"). */
const LEARNING_RATE = 4e-3;
const MOTION_LEARNING_RATE = 1e-2;

/** Keys of the phases in random streams. Passes after the first continue to count from phase 2. */
const PHASE_1 = 1;
const PHASE_2 = 2;

/** The decoders and groups that are trained together. */
export interface Stage {
  readonly tiles: TilePlan;
  readonly groups: readonly PlannedGroup[];
  readonly anchorPlan: AnchorPlan;
}

/** The threads that train, and the variant of the training kernel that they use. */
export interface TileWorkers {
  readonly pool: WorkerPool<TileTasks>;
  readonly kernel: KernelVariant;
}

/** Properties that the tasks of a group share. */
interface GroupTraining {
  readonly group: { readonly index: number };
  readonly targets: readonly GroupTarget[];
  readonly phase: typeof PHASE_1 | typeof PHASE_2;
  /** Weights to start from, one per range of tiles; undefined: random. */
  readonly start: readonly TrainingWeights[] | undefined;
  readonly settings: UnitSettings;
}

/** Trains the tiles of a video: anchor groups in phase 1, all groups in phase 2 and in each pass. */
export class TileTraining implements VideoTraining<LoadedFrames> {
  readonly groups: readonly PlannedGroup[];
  readonly anchorUnits: readonly TrainingUnit[];
  readonly anchorDetail: string;
  readonly tasksPerUnit: number;
  readonly #job: EncodeJob;
  readonly #stage: Stage;
  readonly #options: TileOptions;
  readonly #pool: WorkerPool<TileTasks>;
  readonly #kernel: KernelVariant;
  readonly #ranges: readonly TileRange[];
  readonly #quantization: QuantizationSteps;
  readonly #buffers: FrameBuffers;
  #anchors: AnchorWeights = new Map();
  /** The current pass. */
  pass: PassPlan;

  constructor(job: EncodeJob, stage: Stage, options: TileOptions, { pool, kernel }: TileWorkers) {
    const { groups } = stage;
    const { network, training } = stage.tiles;
    const { anchors } = stage.anchorPlan;
    this.#job = job;
    this.#stage = stage;
    this.#options = options;
    this.#pool = pool;
    this.#kernel = kernel;
    this.groups = groups;
    this.anchorUnits = anchors.map((index) => ({ index, spans: [groups[index]] }));
    this.anchorDetail = `${anchors.length} anchor ${anchors.length === 1 ? "group" : "groups"}`;
    this.pass = firstPass(training.lambda);
    this.#ranges = tileRanges(network, options);
    this.tasksPerUnit = this.#ranges.length;
    this.#quantization = quantizationSteps(network, training.quantizationStep);
    const maxFrames = groups.reduce((max, { frameCount }) => Math.max(max, frameCount), 0);
    this.#buffers = new FrameBuffers(maxFrames, job.video.size);
  }

  anchorCost(): number {
    return this.#steps(PHASE_1) * this.#tileCount();
  }

  groupCost(): number {
    return this.#steps(PHASE_2) * this.#tileCount();
  }

  loadFrames(source: AsyncIterator<Uint8Array>, unit: TrainingUnit): Promise<LoadedFrames> {
    const [span] = unit.spans;
    const { network } = this.#stage.tiles;
    const { size } = this.#job.video;
    const buffer = this.#buffers.take();
    return loadGroupFrames(source, { network, size, span, ranges: this.#ranges, buffer });
  }

  releaseFrames({ frames }: LoadedFrames): void {
    this.#buffers.release(frames.buffer);
  }

  /** Tries the first range of tiles. */
  async tryPrecisions(
    group: TrainingUnit,
    { targets }: LoadedFrames,
    settings: UnitSettings,
  ): Promise<PrecisionDecision> {
    const [task] = this.#createTasks({
      group,
      targets: targets.slice(0, 1),
      phase: PHASE_1,
      start: undefined,
      settings,
    });
    return this.#pool.run("tryPrecisions", { ...task, device: "cuda" }).result;
  }

  trainAnchor(
    group: TrainingUnit,
    { targets }: LoadedFrames,
    settings: UnitSettings,
  ): Promise<TrainingWeights[]> {
    return this.#train({ group, targets, phase: PHASE_1, start: undefined, settings });
  }

  /** Chooses the lambda of the first pass by the size of the anchors, if the plan aims at a number of bits per pixel. */
  useAnchors(anchors: AnchorWeights): void {
    this.#anchors = anchors;
    const { tiles, groups } = this.#stage;
    if (tiles.plannedBpp === undefined) return;
    const video = { groups, size: this.#job.video.size };
    const model = { network: tiles.network, training: tiles.training, ranges: this.#ranges };
    this.pass = firstPass(lambdaForBpp(video, model, anchors, tiles.plannedBpp));
  }

  async trainGroup(
    group: PlannedGroup,
    { targets, frames }: LoadedFrames,
    settings: UnitSettings,
  ): Promise<FinishedGroup> {
    const { network, training } = this.#stage.tiles;
    const start = await this.#startWeights(group);
    const weights = await this.#train({ group, targets, phase: PHASE_2, start, settings });
    const payload = groupPayload(
      {
        network,
        width: training.width,
        startsScene: group.startsScene,
        ranges: targets.map((target, i) => ({ target, weights: weights[i] })),
      },
      this.#quantization,
    );
    // The asset contains only this group, so that measuring a group does not slow down with the length of the video.
    const asset = {
      ...this.#job.video.size,
      profile: network.profile,
      network,
      encoder: { weights: new Float32Array(0), bias: new Float32Array(0) },
      groups: [{ ...group, index: 0, firstFrame: 0, offset: 0, size: payload.length }],
    };
    const psnr = await this.#pool.run("measure", { asset, index: 0, payload, frames }).result;
    return { payload, psnr };
  }

  #tileCount(): number {
    const { rows, columns } = this.#stage.tiles.network;
    return rows * columns;
  }

  /** Training steps per group in phase 1, or in the current pass. */
  #steps(phase: GroupTraining["phase"]): number {
    const { steps, phase1Steps } = this.#stage.tiles.training;
    return phase === PHASE_1 ? phase1Steps : Math.max(1, Math.round(steps * this.pass.schedule.stepShare));
  }

  /**
   * Returns the initial weights of a group: its anchor's weights, or in later passes its own weights of an earlier pass.
   */
  async #startWeights({ index, frameCount }: PlannedGroup): Promise<readonly TrainingWeights[] | undefined> {
    const { tiles, anchorPlan } = this.#stage;
    if (this.pass.pass === 0) return this.#anchors.get(anchorPlan.warmStartAnchor[index]);
    const { payload } = await this.#job.checkpoints.requireGroup(index, this.pass.startPass);
    const decoders = dequantize(readGroup(tiles.network, { index, frameCount }, payload));
    return this.#ranges.map((range) => toTrainingWeights(tiles.network, decoders, range));
  }

  /** Trains every range of tiles of a group. */
  #train(training: GroupTraining): Promise<TrainingWeights[]> {
    const running = this.#createTasks(training).map((task) =>
      this.#job.meter.track(this.#pool.run("train", task), {
        steps: task.plan.steps,
        costPerStep: task.target.tiles.count,
      }),
    );
    return Promise.all(running);
  }

  #createTasks({ group, targets, phase, start, settings }: GroupTraining): TrainTask[] {
    const { trainer, device, seed } = this.#options;
    const { network, training } = this.#stage.tiles;
    const { learningRateShare } = this.pass.schedule;
    return targets.map((target, i) => {
      const plan: TrainingPlan = {
        steps: this.#steps(phase),
        points: training.points,
        learningRate: learningRateShare * LEARNING_RATE,
        motionLearningRate: learningRateShare * MOTION_LEARNING_RATE,
        seed,
        keys: [phase + this.pass.pass, group.index, target.tiles.first],
        quantization: fakeQuantization(this.#quantization, this.pass.lambda, target),
      };
      return {
        network,
        target,
        width: training.width,
        start: start?.[i],
        plan,
        trainer,
        device,
        precision: settings.precision,
        kernel: this.#kernel,
        quantization: phase === PHASE_2 ? this.#quantization : undefined,
      };
    });
  }
}
