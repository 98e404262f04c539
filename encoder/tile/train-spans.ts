import type { QuantizationSteps, TileNetwork } from "../../codec/internal.js";
import type { TaskContext } from "../job/tasks.js";
import { createTrainer, type TileTrainerName, type TrainerSettings } from "../training/create-trainer.js";
import { fakeQuantization, roundHidden } from "../training/quantization/quantization-steps.js";
import type { GroupTarget } from "../training/sampling/group-target.js";
import { Random } from "../training/sampling/random.js";
import type { TrainingPlan, TrainingProblem } from "../training/trainer.js";
import type { TrainingWeights } from "../training/weights.js";
import { solveHeads } from "./least-squares.js";
import {
  type BlockTarget,
  coveredGroups,
  halvesOf,
  type Span,
  type SpanWeights,
  selectWeights,
  spanTarget,
  type TrainedSpan,
  tileRates,
} from "./spans.js";
import { splitInTime } from "./split-in-time.js";
import { initialWeights, resampleMotion } from "./weights.js";

/**
 * When a span is split into two of half its length. A trial of the span tells its error, from which the error follows that
 * two spans would save; their additional rate is about that of the span (docs/decisions/0022-spans-in-time.md).
 */
export interface SplitRule {
  /** Share of the steps in the trial. A span that is not split is then trained for all steps. */
  readonly trialShare: number;
  /** Share of the error that splitting is expected to save. */
  readonly savedShare: number;
}

/** Trains a range of tiles of one block of groups. */
export interface TrainSpansTask extends TrainerSettings {
  readonly network: TileNetwork;
  readonly trainer: TileTrainerName;
  readonly block: BlockTarget;
  readonly width: number;
  /** The spans to begin with. Together they cover the range and the block. */
  readonly spans: readonly SpanWeights[];
  /** Undefined: no span is split. */
  readonly rule: SplitRule | undefined;
  /** Squared error of 8-bit samples that saving one nat may cost. */
  readonly lambda: number;
  readonly stepSizes: QuantizationSteps;
  /** Plan of a span, without its keys and quantization. */
  readonly plan: Omit<TrainingPlan, "keys" | "quantization">;
  /** Index of the first group of the block in the video, and number of the phase or pass: keys of random streams. */
  readonly firstGroup: number;
  readonly phase: number;
}

/** A span in training. */
interface SpanRun {
  readonly span: SpanWeights;
  readonly target: GroupTarget;
  readonly problem: TrainingProblem;
}

/** Keys of the two stages of a span in random streams, after the keys of its group and level. */
const TRIAL = 1;
const FINAL = 2;

/**
 * Chooses the spans of each tile from the longest to the shortest, and trains them. Reports steps per tile, where a group
 * counts as `plan.steps` whatever its spans take.
 */
export async function trainSpans(task: TrainSpansTask, context: TaskContext): Promise<TrainedSpan[]> {
  const training = new SpanTraining(task, context);
  const pending = [...task.spans];
  const trained: TrainedSpan[] = [];
  for (let span = pending.shift(); span !== undefined; span = pending.shift()) {
    const { finished, split } = await training.train(span);
    trained.push(...finished);
    pending.push(...split);
  }
  return trained;
}

class SpanTraining {
  readonly #task: TrainSpansTask;
  readonly #context: TaskContext;
  /** Tiles times groups that are finished. */
  #covered = 0;

  constructor(task: TrainSpansTask, context: TaskContext) {
    this.#task = task;
    this.#context = context;
  }

  /** Trains a span. Returns it, and the spans that some of its tiles were split into. */
  async train(span: SpanWeights): Promise<{ finished: TrainedSpan[]; split: SpanWeights[] }> {
    const { rule } = this.#task;
    if (span.level === 0 || rule === undefined) return { finished: [await this.#finish(span)], split: [] };
    const run = this.#start(span);
    const weights = await this.#run(run, rule.trialShare, TRIAL);
    const [kept, split] = await this.#divide(run, weights, rule);
    return {
      finished: kept.length > 0 ? [await this.#finish(selectSpan(span, kept, weights))] : [],
      split: split.length > 0 ? this.#split(run, selectSpan(span, split, weights)) : [],
    };
  }

  #start(span: SpanWeights): SpanRun {
    const { block, network, width, plan } = this.#task;
    const target = spanTarget(block, span);
    const shape = { network, tiles: span.tiles.length, width, frames: target.frameCount };
    const weights =
      span.weights === undefined
        ? initialWeights(shape, new Random(plan.seed, ...this.#keys(span), 0))
        : resampleMotion(span.weights, shape.tiles, shape.frames);
    return { span, target, problem: { network, target, width, learnEncoder: false, weights } };
  }

  /** Trains a share of the steps. */
  async #run(run: SpanRun, share: number, stage: typeof TRIAL | typeof FINAL): Promise<TrainingWeights> {
    const { plan, stepSizes, lambda, block } = this.#task;
    const { signal, reportSteps } = this.#context;
    const { span, target, problem } = run;
    const steps = Math.max(1, Math.round(share * plan.steps));
    const trainer = await createTrainer(this.#task.trainer, this.#task);
    const covered = stage === FINAL ? span.tiles.length * coveredGroups(span, block) : 0;
    return trainer.train(
      problem,
      {
        ...plan,
        steps,
        keys: this.#keys(span, stage),
        quantization: fakeQuantization(stepSizes, lambda, target),
      },
      {
        signal,
        onProgress: (done) => {
          const inRun = (covered * done) / steps;
          reportSteps(Math.floor((plan.steps * (this.#covered + inRun)) / block.tiles.count));
        },
      },
    );
  }

  async #finish(span: SpanWeights): Promise<TrainedSpan> {
    const run = this.#start(span);
    const trained = await this.#run(run, 1, FINAL);
    const { weights } = await this.#solve(run, trained, FINAL);
    const { level, group, tiles } = span;
    this.#covered += tiles.length * coveredGroups(span, this.#task.block);
    const { normalization, frameCount } = run.target;
    return { level, group, tiles, normalization, frameCount, weights };
  }

  /** Rounds the hidden layers and solves the heads again. Returns the error of each tile after a trial. */
  async #solve(
    { span, problem }: SpanRun,
    weights: TrainingWeights,
    stage: typeof TRIAL | typeof FINAL,
  ): Promise<{ weights: TrainingWeights; errors: Float64Array }> {
    const { network, stepSizes, plan, trainer, device, kernel, threads } = this.#task;
    const rounded = roundHidden(network, weights, stepSizes);
    const { head, bias, errors } = await solveHeads(
      { ...problem, weights: rounded },
      {
        engine: trainer === "kernel" ? "kernel" : "onnx",
        kernel,
        // TensorFlow.js may train on a GPU although onnxruntime's GPU library is not installed.
        device: trainer === "tfjs" && device === "cuda" ? "auto" : device,
        threads,
        seed: plan.seed,
        keys: this.#keys(span, stage),
        measureErrors: stage === TRIAL,
        signal: this.#context.signal,
      },
    );
    return { weights: rounded.set("head", head).set("head_bias", bias), errors };
  }

  /** Returns the tiles that keep the span and those that split it after a trial, as indices into its tiles. */
  async #divide(
    run: SpanRun,
    weights: TrainingWeights,
    { savedShare }: SplitRule,
  ): Promise<[kept: number[], split: number[]]> {
    const { network, stepSizes, lambda } = this.#task;
    const { span, target } = run;
    const { errors } = await this.#solve(run, weights, TRIAL);
    const { normalizedLambda } = fakeQuantization(stepSizes, lambda, target);
    const rates = tileRates(network, weights, span.tiles.length, stepSizes);
    const kept: number[] = [];
    const split: number[] = [];
    for (const i of span.tiles.keys()) {
      const pays = savedShare * errors[i] > normalizedLambda * rates[i];
      (pays ? split : kept).push(i);
    }
    return [kept, split];
  }

  /** Returns the two halves of a span with weights to start from. */
  #split({ target }: SpanRun, span: Span & { readonly weights: TrainingWeights }): SpanWeights[] {
    const { block, network } = this.#task;
    let firstFrame = 0;
    return halvesOf(span, block).map((half) => {
      const { frameCount, normalization } = spanTarget(block, half);
      const weights = splitInTime(span.weights, {
        network,
        tiles: span.tiles.length,
        frames: target.frameCount,
        firstFrame,
        frameCount,
        from: target.normalization,
        to: normalization,
      });
      firstFrame += frameCount;
      return { ...half, weights };
    });
  }

  /** Returns the keys of a span's random streams. Those of a single group do not depend on the longer spans. */
  #keys({ level, group, tiles }: Span, stage: typeof TRIAL | typeof FINAL = FINAL): number[] {
    const { phase, firstGroup } = this.#task;
    const keys = [phase, firstGroup + group, tiles[0]];
    return level === 0 ? keys : [...keys, level, stage];
  }
}

/** Returns a span of some of its tiles. `indices` count from its first tile. */
function selectSpan(
  { level, group, tiles }: Span,
  indices: readonly number[],
  weights: TrainingWeights,
): Span & { readonly weights: TrainingWeights } {
  return {
    level,
    group,
    tiles: indices.map((i) => tiles[i]),
    weights: selectWeights(weights, tiles.length, indices),
  };
}
