import { dequantise, readGroup } from "../../codec/index.js";
import { readFrames } from "../../media/index.js";
import { EncoderError } from "../errors.js";
import type { EncodeEvent } from "../events.js";
import type { Precision } from "../training/precision.js";
import type { PrecisionDecision } from "../training/precision-trial.js";
import { type TrainingWeights, trainingWeights } from "../training/tile-weights.js";
import type { TrainingPlan } from "../training/trainer.js";
import type { Film } from "./film.js";
import { FrameMemory, type LoadedFrames, loadGroupFrames } from "./group-frames.js";
import { groupPayload } from "./group-payload.js";
import type { PlannedGroup } from "./groups.js";
import type { TrainJob } from "./jobs.js";
import type { ProgressMeter } from "./progress.js";
import { codingTerms, quantisationSteps } from "./quantiser.js";
import { missed, nearestRound, nextMove, nextWorth, poor, type Round, type Target } from "./rate-control.js";
import { settlePrecision } from "./settle-precision.js";
import { tileRanges } from "./tile-network.js";
import { WorkerPool } from "./worker-pool.js";

/** Peak learning rates of weights and displacements (docs/design.md, "Training"). */
const RATE = 4e-3;
const MOTION_RATE = 1e-2;
const PHASE_1 = 1;
const PHASE_2 = 2;

/** Shares of phase 2's steps and rate that a further round towards a target takes. */
const REFINING = { steps: 1 / 3, rate: 1 / 2 };
const THOROUGH = { steps: 1, rate: 1 };
/** Bytes of the file beside the groups: its head, and each group's place in the tables. */
const HEAD_BYTES = 800;
const ENTRY_BYTES = 24;

/** What training came to; every group is in the checkpoints. */
export interface TrainedFilm {
  /** Bytes of each group. */
  readonly sizes: number[];
  /** Mean, dB. */
  readonly psnr: number;
  /** Bits a pixel that the target asks of larger decoders. */
  readonly largerFor?: number | undefined;
}

/** Phase 1 and phase 2, and what a target asks for beyond. */
export async function trainFilm(
  film: Film,
  meter: ProgressMeter,
  emit: (event: EncodeEvent) => void,
  signal?: AbortSignal,
): Promise<TrainedFilm> {
  const training = new FilmTraining(film, meter, emit, signal);
  try {
    return await training.run();
  } finally {
    await training.close();
  }
}

class FilmTraining {
  readonly #film: Film;
  readonly #meter: ProgressMeter;
  readonly #emit: (event: EncodeEvent) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #pool: WorkerPool;
  readonly #ranges: ReturnType<typeof tileRanges>;
  readonly #memory: FrameMemory;
  readonly #anchors = new Map<number, TrainingWeights[]>();
  /** Of each finished group, bytes and mean PSNR in dB: their payloads stay on disk. */
  readonly #finished = new Map<number, { readonly bytes: number; readonly psnr: number }>();
  #worth: number;
  #effort = THOROUGH;
  /** The round whose decoders this one begins with. */
  #startRound = 0;
  #precision: Precision = "float32";

  constructor(film: Film, meter: ProgressMeter, emit: (event: EncodeEvent) => void, signal?: AbortSignal) {
    this.#film = film;
    this.#worth = film.options.training.worth;
    this.#meter = meter;
    this.#emit = emit;
    this.#signal = signal;
    this.#pool = new WorkerPool(film.options.workers);
    const longest = film.groups.reduce((most, { frameCount }) => Math.max(most, frameCount), 0);
    this.#memory = new FrameMemory(longest, film.size);
    this.#ranges = tileRanges(film.network, film.options);
  }

  async run(): Promise<TrainedFilm> {
    const { groups, anchors, options, checkpoints } = this.#film;
    const { steps, phase1Steps } = options.training;
    for (const index of anchors) {
      const weights = await checkpoints.anchor(index);
      if (weights !== undefined) this.#anchors.set(index, weights);
    }
    await this.#recall();
    const tiles = this.#film.network.rows * this.#film.network.columns;
    const total = (anchors.length * phase1Steps + groups.length * steps) * tiles;
    const skipped = (this.#anchors.size * phase1Steps + this.#finished.size * steps) * tiles;
    this.#meter.begin(total, skipped);

    this.#precision = await settlePrecision(options, checkpoints, this.#emit, () => this.#tryPrecisions());
    this.#meter.enter("phase1", `${anchors.length} anchor ${anchors.length === 1 ? "group" : "groups"}`);
    const missing = anchors.filter((index) => !this.#anchors.has(index));
    await this.#each(
      missing.map((index) => groups[index]),
      (group, loaded) => this.#trainAnchor(group, loaded),
    );
    if (this.#film.aim !== undefined) this.#worth = this.#worthFor(this.#film.aim);
    await this.#trainGroups();
    const largerFor = options.target && (await this.#approach(options.target));
    const { psnr } = this.#outcome();
    const message = options.target === undefined ? poor(psnr) : undefined;
    if (message !== undefined) this.#emit({ type: "missed", message });
    return { sizes: groups.map(({ index }) => this.#finished.get(index)!.bytes), psnr, largerFor };
  }

  /** Groups of this round that an earlier run has finished. */
  async #recall(): Promise<void> {
    this.#finished.clear();
    for (const { index } of this.#film.groups) {
      const group = await this.#film.checkpoints.group(index);
      if (group === undefined) continue;
      this.#finished.set(index, { bytes: group.payload.length, psnr: mean(group.psnr) });
    }
  }

  async #trainGroups(): Promise<void> {
    const { groups } = this.#film;
    this.#meter.enter("phase2", `${this.#finished.size} of ${groups.length} groups`);
    const left = groups.filter(({ index }) => !this.#finished.has(index));
    await this.#each(left, (group, loaded) => this.#trainGroup(group, loaded));
  }

  /**
   * Rounds over the film with another worth, each from the decoders of the nearest one before, until the target is met.
   * -> bits a pixel, where it takes larger decoders.
   */
  async #approach(target: Target): Promise<number | undefined> {
    const { checkpoints, groups, network, room } = this.#film;
    const rounds = [this.#outcome()];
    for (
      let move = nextMove(target, rounds, room);
      move !== undefined;
      move = nextMove(target, rounds, room)
    ) {
      if ("largerFor" in move) return move.largerFor;
      checkpoints.round = rounds.length;
      this.#startRound = nearestRound(target, rounds);
      this.#worth = move.worth;
      this.#effort = move.thorough ? THOROUGH : REFINING;
      await this.#recall();
      const steps = this.#steps(PHASE_2) * network.rows * network.columns;
      this.#meter.extend(groups.length * steps, this.#finished.size * steps);
      await this.#trainGroups();
      rounds.push(this.#outcome());
    }
    const nearest = nearestRound(target, rounds);
    if (nearest !== rounds.length - 1) {
      checkpoints.round = nearest;
      await this.#recall();
    }
    const message = missed(target, rounds[nearest], room);
    if (message !== undefined) this.#emit({ type: "missed", message });
    return undefined;
  }

  #outcome(): Round {
    const { groups } = this.#film;
    const all = groups.map(({ index, frameCount }) => ({ ...this.#finished.get(index)!, frameCount }));
    const frames = all.reduce((sum, { frameCount }) => sum + frameCount, 0);
    return {
      worth: this.#worth,
      psnr: all.reduce((sum, { psnr, frameCount }) => sum + psnr * frameCount, 0) / frames,
      bpp: this.#bitsAPixel(all),
    };
  }

  /** The worth at which the film takes about `bpp` bits a pixel, by what the anchors' decoders take after phase 1. */
  #worthFor(bpp: number): number {
    const { groups, network, options } = this.#film;
    const { width, quantiser } = options.training;
    const steps = quantisationSteps(network, quantiser);
    const anchors = [...this.#anchors].map(([index, weights]) => {
      const { frameCount, startsScene } = groups[index];
      const alike = { frameCount, normalisation: { mean: 0, deviation: 1 } };
      const targets = this.#ranges.map((tiles) => ({ ...alike, tiles }));
      const payload = groupPayload(network, targets, weights, width, steps, startsScene);
      return { bytes: payload.length, frameCount };
    });
    const round = { worth: this.#worth, psnr: 0, bpp: this.#bitsAPixel(anchors) };
    return nextWorth({ kind: "bpp", value: bpp }, [round]) ?? this.#worth;
  }

  /** Of a film of which these groups are all, or a sample. */
  #bitsAPixel(some: readonly { readonly bytes: number; readonly frameCount: number }[]): number {
    const { groups, size } = this.#film;
    const frames = some.reduce((sum, { frameCount }) => sum + frameCount, 0);
    const head = (HEAD_BYTES * frames) / groups.reduce((sum, { frameCount }) => sum + frameCount, 0);
    const bytes = some.reduce((sum, group) => sum + group.bytes + ENTRY_BYTES, head);
    return (8 * bytes) / (frames * size.width * size.height);
  }

  /** Training steps of one group in the phase, or in the round. */
  #steps(phase: number): number {
    const { steps, phase1Steps } = this.#film.options.training;
    if (phase === PHASE_1) return phase1Steps;
    return Math.max(1, Math.round(steps * this.#effort.steps));
  }

  /** Where runs of tiles begin: random, the nearest anchor's decoders, or their own of an earlier round. */
  async #starts(
    group: PlannedGroup,
    targets: LoadedFrames["targets"],
    phase: number,
  ): Promise<readonly (TrainingWeights | undefined)[]> {
    const { startOf, network, checkpoints } = this.#film;
    if (phase === PHASE_1) return targets.map(() => undefined);
    if (checkpoints.round === 0) {
      return this.#anchors.get(startOf[group.index]) ?? targets.map(() => undefined);
    }
    const before = await checkpoints.group(group.index, this.#startRound);
    if (before === undefined) throw new Error(`the checkpoint of group ${group.index} is gone`);
    const decoders = dequantise(readGroup(network, group.index, group.frameCount, before.payload));
    return targets.map(({ tiles }) => trainingWeights(network, decoders, tiles.first, tiles.count));
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  /**
   * Reads groups in order and works on as many at a time as keep all workers busy; no more are in memory.
   * The first failure, or the signal, ends everything.
   */
  async #each(
    groups: readonly PlannedGroup[],
    work: (group: PlannedGroup, loaded: LoadedFrames) => Promise<void>,
  ): Promise<void> {
    const { network, size, options } = this.#film;
    const together = Math.max(1, Math.ceil(options.workers / this.#ranges.length)) + 1;
    const running = new Set<Promise<void>>();
    let fail: (cause: unknown) => void = () => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failed.catch(() => {});
    const interrupt = () => fail(new EncoderError("interrupted", "interrupted"));
    this.#signal?.addEventListener("abort", interrupt);
    try {
      this.#signal?.throwIfAborted();
      const source = this.#frames(groups);
      try {
        for (const group of groups) {
          const memory = this.#memory.take();
          const loaded = await Promise.race([
            loadGroupFrames(source, group, network, this.#ranges, size, memory),
            failed,
          ]);
          const task = work(group, loaded).then(() => this.#memory.giveBack(memory));
          running.add(task);
          task.catch(fail).finally(() => running.delete(task));
          while (running.size >= together) await Promise.race([...running, failed]);
        }
        while (running.size > 0) await Promise.race([...running, failed]);
      } finally {
        await source.return(undefined);
      }
    } finally {
      this.#signal?.removeEventListener("abort", interrupt);
      // Nothing is told, and nothing written, after the encode has ended.
      if (running.size > 0) this.#pool.stop();
      await Promise.allSettled(running);
    }
  }

  /** The frames of the groups one after the other; neighbouring groups are read in one go. */
  async *#frames(groups: readonly PlannedGroup[]): AsyncGenerator<Uint8Array, void> {
    const { info, options, size } = this.#film;
    for (let i = 0; i < groups.length; ) {
      const { firstFrame } = groups[i];
      let end = firstFrame;
      while (i < groups.length && groups[i].firstFrame === end) end += groups[i++].frameCount;
      const range = { firstFrame, frameCount: end - firstFrame, from: options.from, to: options.to };
      yield* readFrames(options.input, info, { ...size, ...range, signal: this.#signal });
    }
  }

  async #trainAnchor(group: PlannedGroup, { targets }: LoadedFrames): Promise<void> {
    const weights = await this.#train(group, targets, PHASE_1);
    await this.#film.checkpoints.keepAnchor(group.index, weights);
    this.#anchors.set(group.index, weights);
  }

  async #trainGroup(group: PlannedGroup, { targets, frames }: LoadedFrames): Promise<void> {
    const { network, options, size, groups, checkpoints } = this.#film;
    const { width, quantiser } = options.training;
    const weights = await this.#train(group, targets, PHASE_2);
    const payload = groupPayload(
      network,
      targets,
      weights,
      width,
      quantisationSteps(network, quantiser),
      group.startsScene,
    );
    const encoder = { weights: new Float32Array(0), bias: new Float32Array(0) };
    // An asset of this group alone: as much work for the last group of a long film as for the first.
    const alone = [{ ...group, index: 0, firstFrame: 0, offset: 0, size: payload.length }];
    const asset = { ...size, profile: network.profile, network, encoder, groups: alone };
    const psnr = await this.#pool.run({ kind: "measure", asset, index: 0, payload, frames }).result;
    await checkpoints.keepGroup(group.index, { payload, psnr });
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
  ): Promise<readonly TrainJob[]> {
    const { network, options, checkpoints } = this.#film;
    const { width, points, quantiser } = options.training;
    const stored = quantisationSteps(network, quantiser);
    const starts = await this.#starts(group, targets, phase);
    const gain = this.#effort.rate;
    return targets.map((target, i) => {
      const plan: TrainingPlan = {
        steps: this.#steps(phase),
        points,
        rate: gain * RATE,
        motionRate: gain * MOTION_RATE,
        seed: options.seed,
        keys: [phase + checkpoints.round, group.index, target.tiles.first],
        coding: codingTerms(stored, this.#worth, target),
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
    const { groups, anchors } = this.#film;
    let decision: Promise<PrecisionDecision> | undefined;
    await this.#each([groups[anchors[0]]], async (group, { targets }) => {
      const [job] = await this.#jobs(group, targets.slice(0, 1), PHASE_1);
      decision = this.#pool.run({ kind: "trial", job: { ...job, device: "cuda" } }).result;
      // Whoever asked for the trial hears of its failure; it is none of the encode's.
      await decision.catch(() => {});
    });
    return decision as Promise<PrecisionDecision>;
  }
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
