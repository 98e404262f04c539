import { CHANNELS, type QuantizationSteps } from "../../codec/internal.js";
import type { FinishedGroup } from "../job/checkpoints.js";
import type { EncodeJob } from "../job/profile.js";
import type { AnchorWeights, TrainingUnit, UnitSettings, VideoTraining } from "../job/training-loop.js";
import type { WorkerPool } from "../job/worker-pool.js";
import type { AnchorPlan } from "../plan/anchors.js";
import { planBlocks, type SpanBlock } from "../plan/blocks.js";
import type { TilePlan } from "../plan/capacity.js";
import type { PlannedGroup } from "../plan/groups.js";
import { tileRanges } from "../plan/tile-grid.js";
import { FULL_LENGTH, firstPass, type PassPlan, type PassSchedule } from "../rate-control/passes.js";
import type { KernelVariant } from "../training/kernel/kernel.js";
import type { PrecisionDecision } from "../training/onnx/precision-trial.js";
import { fakeQuantization, quantizationSteps } from "../training/quantization/quantization-steps.js";
import type { TileRange } from "../training/sampling/group-target.js";
import type { TrainingPlan } from "../training/trainer.js";
import type { TrainingWeights } from "../training/weights.js";
import { lambdaForBpp } from "./bits-per-pixel.js";
import { FrameBuffers, type LoadedFrames, loadBlockFrames } from "./block-frames.js";
import { type DecoderShape, groupSamples, readSpans } from "./group-samples.js";
import { measureBlock } from "./measure-block.js";
import type { TileOptions } from "./options.js";
import { type BlockTarget, type SpanWeights, spanInRange, spanTarget } from "./spans.js";
import type { SplitRule, TrainSpansTask } from "./train-spans.js";
import type { TileTasks, TrainTask } from "./worker.js";

/** Peak learning rates of weights and motion (docs/how-it-works.md, "Training"). */
const LEARNING_RATE = 4e-3;
const MOTION_LEARNING_RATE = 1e-2;

/** Keys of the phases in random streams. Passes after the first continue to count from phase 2. */
const PHASE_1 = 1;
const PHASE_2 = 2;

/** A fifth of the steps tells whether a span is worth training (docs/decisions/0022-spans-in-time.md). */
const SPLIT_RULE: SplitRule = { trialShare: 0.2, savedShare: 0.3 };

/** Doublings of lambda up to which a pass keeps the spans that an earlier pass chose. */
const MAX_KEPT_DOUBLINGS = 0.15;

/** Threads per task. With one thread, the arithmetic does not depend on how many tasks run at the same time. */
const THREADS = 1;

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

/** Trains the tiles of a video: anchor groups in phase 1, all groups in phase 2 and in each pass. */
export class TileTraining implements VideoTraining<LoadedFrames> {
  readonly groups: readonly PlannedGroup[];
  readonly blocks: readonly SpanBlock[];
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
  #pass: PassPlan;
  /** Whether the current pass chooses the spans of all tiles anew. */
  #choosesSpans = true;
  /** Lambda at which each pass, or one that it continues, chose the spans. */
  readonly #spanLambdas = new Map<number, number>();

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
    const { width, height } = job.video.size;
    this.blocks = planBlocks(groups, options.maxSpan, width * height * CHANNELS);
    this.anchorUnits = anchors.map((index) => ({ index, spans: [groups[index]] }));
    this.anchorDetail = `${anchors.length} anchor ${anchors.length === 1 ? "group" : "groups"}`;
    this.#pass = firstPass(training.lambda);
    this.#spanLambdas.set(0, training.lambda);
    this.#ranges = tileRanges(network, options);
    this.tasksPerUnit = this.#ranges.length;
    this.#quantization = quantizationSteps(network, training.quantizationStep);
    const maxFrames = this.blocks.reduce((max, block) => Math.max(max, framesOf(block.groups)), 0);
    this.#buffers = new FrameBuffers(maxFrames, job.video.size);
  }

  /** The current pass. */
  get pass(): PassPlan {
    return this.#pass;
  }

  /**
   * Enters a pass. The first one chooses the spans, and so does a pass whose lambda is so different that other spans are
   * better. It then starts from the anchors again.
   */
  set pass(plan: PassPlan) {
    const { pass, startPass, lambda } = plan;
    const chosenAt = pass === 0 ? undefined : this.#spanLambdas.get(startPass);
    const isFar = chosenAt === undefined || Math.abs(Math.log2(lambda / chosenAt)) > MAX_KEPT_DOUBLINGS;
    this.#pass = plan;
    this.#choosesSpans = pass === 0 || (isFar && this.blocks.some(({ level }) => level > 0));
    this.#spanLambdas.set(pass, this.#choosesSpans ? lambda : (chosenAt ?? lambda));
  }

  anchorCost(): number {
    return this.#steps(PHASE_1) * this.#tileCount();
  }

  groupCost(): number {
    return this.#steps(PHASE_2) * this.#tileCount();
  }

  loadFrames(source: AsyncIterator<Uint8Array>, unit: TrainingUnit): Promise<LoadedFrames> {
    const { network } = this.#stage.tiles;
    const { size } = this.#job.video;
    const buffer = this.#buffers.take();
    const [{ firstFrame }] = unit.spans;
    const frameCounts = unit.spans.map(({ frameCount }) => frameCount);
    const ranges = this.#ranges;
    return loadBlockFrames(source, { network, size, firstFrame, frameCounts, ranges, buffer });
  }

  releaseFrames({ frames }: LoadedFrames): void {
    this.#buffers.release(frames.buffer);
  }

  /** Tries the first range of tiles. */
  async tryPrecisions(
    { index }: TrainingUnit,
    { targets }: LoadedFrames,
    settings: UnitSettings,
  ): Promise<PrecisionDecision> {
    const task = this.#anchorTask(index, targets[0], settings);
    return this.#pool.run("tryPrecisions", { ...task, device: "cuda" }).result;
  }

  trainAnchor(
    { index }: TrainingUnit,
    { targets }: LoadedFrames,
    settings: UnitSettings,
  ): Promise<TrainingWeights[]> {
    const running = targets.map((target) => {
      const task = this.#anchorTask(index, target, settings);
      const cost = { steps: task.plan.steps, costPerStep: target.tiles.count };
      return this.#job.meter.track(this.#pool.run("train", task), cost);
    });
    return Promise.all(running);
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

  async trainBlock(
    block: SpanBlock,
    { targets, frames }: LoadedFrames,
    settings: UnitSettings,
  ): Promise<readonly FinishedGroup[]> {
    const starts = await this.#startSpans(block);
    const plan = this.#plan(this.#steps(PHASE_2));
    const { network } = this.#stage.tiles;
    const running = targets.map((target, i) => {
      const task: TrainSpansTask = {
        ...this.#trainerSettings(settings),
        network,
        width: this.#stage.tiles.training.width,
        block: target,
        spans: starts[i],
        rule: this.#choosesSpans ? SPLIT_RULE : undefined,
        lambda: this.#pass.lambda,
        stepSizes: this.#quantization,
        plan,
        firstGroup: block.groups[0].index,
        phase: PHASE_2 + this.#pass.pass,
      };
      const cost = { steps: plan.steps * block.groups.length, costPerStep: target.tiles.count };
      return this.#job.meter.track(this.#pool.run("trainSpans", task), cost);
    });
    const spans = (await Promise.all(running)).flat();
    const samples = groupSamples(this.#shape(), block.groups, spans).map(({ bytes, longParts }) => ({
      payload: bytes,
      longParts,
    }));
    const { size } = this.#job.video;
    const psnr = await measureBlock(this.#pool, { network, size, groups: block.groups, samples, frames });
    return samples.map((sample, i) => ({ ...sample, psnr: psnr[i] }));
  }

  #shape(): DecoderShape {
    const { network, training } = this.#stage.tiles;
    return { network, width: training.width, steps: this.#quantization };
  }

  #tileCount(): number {
    const { rows, columns } = this.#stage.tiles.network;
    return rows * columns;
  }

  /** Training steps per anchor in phase 1, or per span in the current pass. */
  #steps(phase: typeof PHASE_1 | typeof PHASE_2): number {
    const { steps, phase1Steps } = this.#stage.tiles.training;
    return phase === PHASE_1 ? phase1Steps : Math.max(1, Math.round(steps * this.#schedule().stepShare));
  }

  #schedule(): PassSchedule {
    return this.#choosesSpans ? FULL_LENGTH : this.#pass.schedule;
  }

  /**
   * Returns the spans that the training of a block begins with, per range of tiles. In the first pass, they are as long as
   * the block and start from an anchor's weights; in later passes, from their own weights of an earlier pass.
   */
  async #startSpans({ groups, level }: SpanBlock): Promise<SpanWeights[][]> {
    const { network } = this.#stage.tiles;
    if (this.#pass.pass > 0 && (level === 0 || !this.#choosesSpans)) {
      const { checkpoints } = this.#job;
      const samples = await Promise.all(
        groups.map(({ index }) => checkpoints.requireGroup(index, this.#pass.startPass)),
      );
      const spans = readSpans(network, groups, samples);
      return this.#ranges.map((range) => spans.flatMap((span) => spanInRange(span, range)));
    }
    const anchors = new Set(groups.map(({ index }) => this.#stage.anchorPlan.warmStartAnchor[index]));
    // The anchor nearest to the middle of the block.
    const anchor = [...anchors][Math.floor(anchors.size / 2)];
    const weights = this.#anchors.get(anchor);
    return this.#ranges.map(({ first, count }, i) => {
      const tiles = Array.from({ length: count }, (_, tile) => first + tile);
      return [{ level, group: 0, tiles, weights: weights?.[i] }];
    });
  }

  #anchorTask(index: number, block: BlockTarget, settings: UnitSettings): TrainTask {
    const { network, training } = this.#stage.tiles;
    const { first, count } = block.tiles;
    const tiles = Array.from({ length: count }, (_, tile) => first + tile);
    const target = spanTarget(block, { level: 0, group: 0, tiles });
    return {
      ...this.#trainerSettings(settings),
      network,
      target,
      width: training.width,
      plan: {
        ...this.#plan(this.#steps(PHASE_1)),
        keys: [PHASE_1, index, first],
        quantization: fakeQuantization(this.#quantization, this.#pass.lambda, target),
      },
    };
  }

  #trainerSettings({ precision }: UnitSettings) {
    const { trainer, device } = this.#options;
    return { trainer, device, precision, kernel: this.#kernel, threads: THREADS };
  }

  #plan(steps: number): Omit<TrainingPlan, "keys" | "quantization"> {
    const { learningRateShare } = this.#schedule();
    return {
      steps,
      points: this.#stage.tiles.training.points,
      learningRate: learningRateShare * LEARNING_RATE,
      motionLearningRate: learningRateShare * MOTION_LEARNING_RATE,
      seed: this.#options.seed,
    };
  }
}

function framesOf(groups: readonly { readonly frameCount: number }[]): number {
  return groups.reduce((sum, { frameCount }) => sum + frameCount, 0);
}
