import { CHANNELS } from "../../../codec/internal.js";
import type { TileShape } from "../network/tile-inputs.js";
import { ADAM_SCHEDULE_LENGTH } from "../optimizers/adam.js";
import { tileRows, windowPixels } from "../sampling/group-target.js";
import { Sampler } from "../sampling/sampler.js";
import { oneCycle, quantizationSchedule } from "../schedules/schedule.js";
import type { TrainingOptions, TrainingPlan, TrainingProblem } from "../trainer.js";
import type { TrainingWeights } from "../weights.js";
import { lossScaleState } from "./loss-scaling.js";
import { type Feed, float32Tensor, type GraphSession, int64Tensor, uint8Tensor } from "./onnx-runtime.js";
import type { Precision } from "./precision.js";
import { optimizerStateNames } from "./tile-training-graph.js";

/** Returns the inputs that are the same in every step. */
export function constantFeeds(problem: TrainingProblem): Record<string, Feed> {
  const { target } = problem;
  const { mean, deviation } = target.normalization;
  const { first, count } = target.tiles;
  return {
    pixels: uint8Tensor(tileRows(target), [
      target.frameCount * windowPixels(target.windows),
      count * CHANNELS,
    ]),
    target_scale: float32Tensor(Float32Array.of(1 / (255 * deviation)), [1]),
    target_shift: float32Tensor(Float32Array.of(-mean / deviation), [1]),
    offset: float32Tensor(target.windows.offsets.slice(2 * first, 2 * (first + count)), [count, 2, 1]),
  };
}

/** Returns the dimensions of the graph for a problem. */
export function tileShape(problem: TrainingProblem, points: number): TileShape {
  const { network, target, width } = problem;
  return {
    network,
    tiles: target.tiles.count,
    frames: target.frameCount,
    width,
    points,
    rows: target.frameCount * windowPixels(target.windows),
  };
}

/** Returns the shape of a parameter in the graph. */
export function weightShape(name: string, values: Float32Array, shape: TileShape): number[] {
  if (name.startsWith("encoder")) {
    const width = shape.network.encoderWidth;
    return name.endsWith("_bias") ? [1, width, 1] : [1, values.length / width, width];
  }
  if (name === "motion") return [shape.tiles, 2, shape.frames];
  const valuesPerTile = values.length / shape.tiles;
  const outputs = name.startsWith("head") ? CHANNELS : shape.width;
  return name.endsWith("_bias") ? [shape.tiles, outputs, 1] : [shape.tiles, valuesPerTile / outputs, outputs];
}

/** The training that `runTileSteps` runs. */
export interface TileRun {
  readonly problem: TrainingProblem;
  readonly plan: TrainingPlan;
  readonly shape: TileShape;
  /** Matrix-multiply precision of the graph; default "float32". */
  readonly precision?: Precision;
}

/** State of the training loop by name, with the shapes of the values. */
interface LoopState {
  readonly values: Map<string, Float32Array>;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/**
 * Runs the training steps of a plan in a graph: samples the points of a few steps, runs the graph for them, and repeats.
 * Returns the trained weights.
 *
 * @throws the signal's reason if aborted
 */
export async function runTileSteps(
  graph: GraphSession,
  run: TileRun,
  { signal, onProgress }: TrainingOptions,
): Promise<TrainingWeights> {
  const { problem, plan, shape } = run;
  const isTrained = (name: string) => problem.learnEncoder || !name.startsWith("encoder");
  const constants = constantFeeds(problem);
  for (const [name, values] of problem.weights) {
    if (!isTrained(name)) constants[name] = float32Tensor(values, weightShape(name, values, shape));
  }
  const trained = [...problem.weights.keys()].filter(isTrained);
  const { values, shapes } = initialState(run, trained);
  const sampler = new Sampler(problem.target, plan);
  for (let done = 0; done < plan.steps; ) {
    signal?.throwIfAborted();
    const end = Math.min(done + graph.stepsPerRun, plan.steps);
    const feeds = { ...constants, ...stepFeeds(plan, sampler, done, end) };
    for (const [name, value] of values) feeds[`first_${name}`] = float32Tensor(value, shapes.get(name) ?? []);
    const results = await graph.run(feeds);
    for (const name of values.keys()) values.set(name, results[`next_${name}`]);
    done = end;
    onProgress?.(done, results.loss);
  }
  const weights: TrainingWeights = new Map(problem.weights);
  for (const name of trained) weights.set(name, values.get(name) as Float32Array);
  return weights;
}

/** Returns the initial state: parameters, zeroed moment buffers, and the loss scale. */
function initialState(
  { problem, plan, shape, precision = "float32" }: TileRun,
  trained: readonly string[],
): LoopState {
  const values = new Map<string, Float32Array>();
  const shapes = new Map<string, readonly number[]>();
  for (const parameter of trained) {
    const initial = problem.weights.get(parameter) as Float32Array;
    for (const name of [parameter, ...optimizerStateNames(parameter)]) {
      shapes.set(name, weightShape(parameter, initial, shape));
      values.set(name, name === parameter ? initial : new Float32Array(initial.length));
    }
  }
  for (const [name, initial] of lossScaleState(precision, shape.tiles * CHANNELS, plan.points)) {
    shapes.set(name, [1]);
    values.set(name, initial);
  }
  return { values, shapes };
}

/** Returns the per-step inputs of steps `from` to `to` (exclusive), and their number. */
function stepFeeds(plan: TrainingPlan, sampler: Sampler, from: number, to: number): Record<string, Feed> {
  const steps = to - from;
  const samples = sampler.sample(steps);
  const schedule = oneCycle(plan.learningRate, plan.steps, from, to);
  const feeds: Record<string, Feed> = {
    steps: int64Tensor(BigInt64Array.of(BigInt(steps)), []),
    all_rows: int64Tensor(samples.rows, [steps, plan.points]),
    all_position: float32Tensor(samples.position, [steps, 1, 2, plan.points]),
    all_frame: float32Tensor(samples.frame, [steps, plan.points]),
    all_schedule: float32Tensor(schedule, [steps, ADAM_SCHEDULE_LENGTH]),
  };
  if (plan.quantization !== undefined)
    feeds.all_strength = float32Tensor(quantizationSchedule(plan, from, to), [steps, 1]);
  return feeds;
}
