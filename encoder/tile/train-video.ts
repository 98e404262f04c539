import { dequantize, readGroup } from "../../codec/internal.js";
import type { EncodeEvent } from "../events.js";
import { choosePrecision } from "../job/choose-precision.js";
import type { ProgressMeter } from "../job/progress.js";
import type { TrainTask } from "../job/tasks.js";
import { WorkerPool } from "../job/worker-pool.js";
import type { PlannedGroup } from "../plan/groups.js";
import { tileRanges } from "../plan/tile-grid.js";
import { bitsPerPixel, lambdaForBpp } from "../rate-control/bits-per-pixel.js";
import { firstPass, type PassPlan, runPasses } from "../rate-control/passes.js";
import type { PassResult, Target } from "../rate-control/targets.js";
import type { Precision } from "../training/onnx/precision.js";
import type { PrecisionDecision } from "../training/onnx/precision-trial.js";
import { codingTerms, quantizationSteps } from "../training/quantization/quantizer.js";
import type { TrainingPlan } from "../training/trainer.js";
import type { EncodeJob } from "./encode-job.js";
import type { LoadedFrames } from "./group-frames.js";
import { groupPayload } from "./group-payload.js";
import { GroupWalk } from "./group-walk.js";
import { type TrainingWeights, toTrainingWeights } from "./weights.js";

/** Peak learning rates of weights and displacements (docs/design.md, "Training"). */
const RATE = 4e-3;
const MOTION_RATE = 1e-2;
const PHASE_1 = 1;
const PHASE_2 = 2;

/** What training came to; every group is in the checkpoints. */
export interface TrainedVideo {
  /** Bytes of each group. */
  readonly sizes: number[];
  /** Mean, dB. */
  readonly psnr: number;
  /** Bits a pixel. */
  readonly bpp: number;
  /** Bits a pixel that the target asks of larger decoders. */
  readonly requiredBpp?: number;
}

/** Phase 1 and phase 2, and what a target asks for beyond. */
export async function trainVideo(
  job: EncodeJob,
  meter: ProgressMeter,
  emit: (event: EncodeEvent) => void,
  signal?: AbortSignal,
): Promise<TrainedVideo> {
  const training = new VideoTraining(job, meter, emit, signal);
  try {
    return await training.run();
  } finally {
    await training.close();
  }
}

class VideoTraining {
  readonly #job: EncodeJob;
  readonly #meter: ProgressMeter;
  readonly #emit: (event: EncodeEvent) => void;
  readonly #pool: WorkerPool;
  readonly #ranges: ReturnType<typeof tileRanges>;
  readonly #walk: GroupWalk;
  readonly #anchors = new Map<number, TrainingWeights[]>();
  /** Of each finished group, bytes and mean PSNR in dB: their payloads stay on disk. */
  readonly #finished = new Map<number, { readonly bytes: number; readonly psnr: number }>();
  #plan: PassPlan;
  #precision: Precision = "float32";

  constructor(
    job: EncodeJob,
    meter: ProgressMeter,
    emit: (event: EncodeEvent) => void,
    signal?: AbortSignal,
  ) {
    this.#job = job;
    this.#plan = firstPass(job.options.training.lambda);
    this.#meter = meter;
    this.#emit = emit;
    this.#pool = new WorkerPool(job.options.workers);
    this.#ranges = tileRanges(job.network, job.options);
    this.#walk = new GroupWalk(job, this.#ranges, this.#pool, signal);
  }

  async run(): Promise<TrainedVideo> {
    const { groups, anchors, options, checkpoints } = this.#job;
    const { steps, phase1Steps } = options.training;
    for (const index of anchors) {
      const weights = await checkpoints.readAnchor(index);
      if (weights !== undefined) this.#anchors.set(index, weights);
    }
    await this.#recall();
    const tiles = this.#job.network.rows * this.#job.network.columns;
    const total = (anchors.length * phase1Steps + groups.length * steps) * tiles;
    const skipped = (this.#anchors.size * phase1Steps + this.#finished.size * steps) * tiles;
    this.#meter.begin(total, skipped);

    this.#precision = await choosePrecision(options, checkpoints, this.#emit, () => this.#tryPrecisions());
    this.#meter.enter("phase1", `${anchors.length} anchor ${anchors.length === 1 ? "group" : "groups"}`);
    const missing = anchors.filter((index) => !this.#anchors.has(index));
    await this.#walk.each(
      missing.map((index) => groups[index]),
      (group, loaded) => this.#trainAnchor(group, loaded),
    );
    const { aim } = this.#job;
    if (aim !== undefined) this.#plan = firstPass(lambdaForBpp(this.#job, this.#anchors, aim));
    await this.#trainGroups();
    const target = options.target ?? this.#job.belowMinPsnr?.(this.#outcome());
    const requiredBpp = target && (await this.#approach(target));
    const { psnr, bpp } = this.#outcome();
    return { sizes: groups.map(({ index }) => this.#finished.get(index)!.bytes), psnr, bpp, requiredBpp };
  }

  /** Groups of this round that an earlier run has finished. */
  async #recall(): Promise<void> {
    this.#finished.clear();
    for (const { index } of this.#job.groups) {
      const group = await this.#job.checkpoints.readGroup(index);
      if (group === undefined) continue;
      this.#finished.set(index, { bytes: group.payload.length, psnr: mean(group.psnr) });
    }
  }

  async #trainGroups(): Promise<void> {
    const { groups } = this.#job;
    this.#meter.enter("phase2", `${this.#finished.size} of ${groups.length} groups`);
    const left = groups.filter(({ index }) => !this.#finished.has(index));
    await this.#walk.each(left, (group, loaded) => this.#trainGroup(group, loaded));
  }

  /** Further rounds until the target is met; the nearest is what stays. -> bits a pixel, where it takes larger decoders */
  async #approach(target: Target): Promise<number | undefined> {
    const { checkpoints, capacity } = this.#job;
    const train = (plan: PassPlan) => this.#trainRound(plan);
    const {
      bestPass: nearest,
      requiredBpp,
      message,
    } = await runPasses(target, capacity, this.#outcome(), train);
    if (requiredBpp !== undefined) return requiredBpp;
    if (nearest !== checkpoints.pass) {
      checkpoints.pass = nearest;
      await this.#recall();
    }
    if (message !== undefined) this.#emit({ type: "target-missed", message });
    return undefined;
  }

  async #trainRound(plan: PassPlan): Promise<PassResult> {
    const { checkpoints, groups, network } = this.#job;
    this.#plan = plan;
    checkpoints.pass = plan.pass;
    await this.#recall();
    const steps = this.#steps(PHASE_2) * network.rows * network.columns;
    this.#meter.extend(groups.length * steps, this.#finished.size * steps);
    await this.#trainGroups();
    return this.#outcome();
  }

  #outcome(): PassResult {
    const { groups } = this.#job;
    const all = groups.map(({ index, frameCount }) => ({ ...this.#finished.get(index)!, frameCount }));
    const frames = all.reduce((sum, { frameCount }) => sum + frameCount, 0);
    return {
      lambda: this.#plan.lambda,
      psnr: all.reduce((sum, { psnr, frameCount }) => sum + psnr * frameCount, 0) / frames,
      bpp: bitsPerPixel(this.#job, all),
    };
  }

  /** Training steps of one group in the phase, or in the round. */
  #steps(phase: number): number {
    const { steps, phase1Steps } = this.#job.options.training;
    if (phase === PHASE_1) return phase1Steps;
    return Math.max(1, Math.round(steps * this.#plan.schedule.stepShare));
  }

  /** Where runs of tiles begin: random, the nearest anchor's decoders, or their own of an earlier round. */
  async #starts(
    group: PlannedGroup,
    targets: LoadedFrames["targets"],
    phase: number,
  ): Promise<readonly (TrainingWeights | undefined)[]> {
    const { warmStartAnchor, network, checkpoints } = this.#job;
    if (phase === PHASE_1) return targets.map(() => undefined);
    if (checkpoints.pass === 0) {
      return this.#anchors.get(warmStartAnchor[group.index]) ?? targets.map(() => undefined);
    }
    const before = await checkpoints.readGroup(group.index, this.#plan.startPass);
    if (before === undefined) throw new Error(`the checkpoint of group ${group.index} is gone`);
    const decoders = dequantize(readGroup(network, group.index, group.frameCount, before.payload));
    return targets.map(({ tiles }) => toTrainingWeights(network, decoders, tiles.first, tiles.count));
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #trainAnchor(group: PlannedGroup, { targets }: LoadedFrames): Promise<void> {
    const weights = await this.#train(group, targets, PHASE_1);
    await this.#job.checkpoints.writeAnchor(group.index, weights);
    this.#anchors.set(group.index, weights);
  }

  async #trainGroup(group: PlannedGroup, { targets, frames }: LoadedFrames): Promise<void> {
    const { network, options, size, groups, checkpoints } = this.#job;
    const { width, quantizer } = options.training;
    const weights = await this.#train(group, targets, PHASE_2);
    const payload = groupPayload(
      network,
      targets,
      weights,
      width,
      quantizationSteps(network, quantizer),
      group.startsScene,
    );
    const encoder = { weights: new Float32Array(0), bias: new Float32Array(0) };
    // An asset of this group alone: as much work for the last group of a long video as for the first.
    const alone = [{ ...group, index: 0, firstFrame: 0, offset: 0, size: payload.length }];
    const asset = { ...size, profile: network.profile, network, encoder, groups: alone };
    const psnr = await this.#pool.run({ kind: "measure", asset, index: 0, payload, frames }).result;
    await checkpoints.writeGroup(group.index, { payload, psnr });
    const finished = { bytes: payload.length, psnr: mean(psnr) };
    this.#finished.set(group.index, finished);
    this.#meter.detail(`${this.#finished.size} of ${groups.length} groups`);
    this.#emit({ type: "group", index: group.index, ...finished });
  }

  /** Trains every run of tiles of a group. */
  async #train(
    group: PlannedGroup,
    targets: LoadedFrames["targets"],
    phase: number,
  ): Promise<TrainingWeights[]> {
    const jobs = await this.#jobs(group, targets, phase);
    return Promise.all(
      jobs.map(async (job) => {
        const { result, steps: counter } = this.#pool.run(job);
        const watch = this.#meter.watch(counter, job.target.tiles.count);
        const weights = await result;
        watch.finish(job.plan.steps);
        return weights;
      }),
    );
  }

  /** The training of every run of tiles of a group. */
  async #jobs(
    group: PlannedGroup,
    targets: LoadedFrames["targets"],
    phase: number,
  ): Promise<readonly TrainTask[]> {
    const { network, options, checkpoints } = this.#job;
    const { width, points, quantizer } = options.training;
    const stored = quantizationSteps(network, quantizer);
    const starts = await this.#starts(group, targets, phase);
    const gain = this.#plan.schedule.learningRateShare;
    return targets.map((target, i) => {
      const plan: TrainingPlan = {
        steps: this.#steps(phase),
        points,
        rate: gain * RATE,
        motionRate: gain * MOTION_RATE,
        seed: options.seed,
        keys: [phase + checkpoints.pass, group.index, target.tiles.first],
        coding: codingTerms(stored, this.#plan.lambda, target),
      };
      return {
        kind: "train",
        network,
        target,
        width,
        start: starts[i],
        plan,
        trainer: options.trainer,
        device: options.device,
        precision: this.#precision,
        steps: phase === PHASE_2 ? stored : undefined,
      };
    });
  }

  /** Tries the first run of tiles of the first anchor on the GPU. */
  async #tryPrecisions(): Promise<PrecisionDecision> {
    const { groups, anchors } = this.#job;
    let decision: Promise<PrecisionDecision> | undefined;
    await this.#walk.each([groups[anchors[0]]], async (group, { targets }) => {
      const [job] = await this.#jobs(group, targets.slice(0, 1), PHASE_1);
      decision = this.#pool.run({ kind: "trial", job: { ...job, device: "cuda" } }).result;
      // Whoever asked for the trial hears of its failure; it is none of the encode's.
      await decision.catch(() => {});
    });
    return decision as Promise<PrecisionDecision>;
  }
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
