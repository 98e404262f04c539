import { CHANNELS } from "../../codec/internal.js";
import { scalingState } from "../training/onnx/loss-scaling.js";
import { bytes, type Feed, floats, integers, type RunningGraph } from "../training/onnx/onnx-runtime.js";
import type { Precision } from "../training/onnx/precision.js";
import { SCHEDULE_LENGTH } from "../training/optimizers/adam.js";
import { Sampler } from "../training/sampling/sampler.js";
import { codedSteps, oneCycle } from "../training/schedules/schedule.js";
import type { TrainingOptions, TrainingPlan, TrainingProblem } from "../training/trainer.js";
import { tileRows, windowPixels } from "./group-target.js";
import { optimizerStateNames, type TileShape } from "./training-graph.js";
import type { TrainingWeights } from "./weights.js";

/** Feeds that are the same at every step. */
export function constantFeeds(problem: TrainingProblem): Record<string, Feed> {
  const { target } = problem;
  const { mean, deviation } = target.normalization;
  const { first, count } = target.tiles;
  return {
    pixels: bytes(tileRows(target), [target.frameCount * windowPixels(target.windows), count * CHANNELS]),
    target_scale: floats(Float32Array.of(1 / (255 * deviation)), [1]),
    target_shift: floats(Float32Array.of(-mean / deviation), [1]),
    offset: floats(target.windows.offsets.slice(2 * first, 2 * (first + count)), [count, 2, 1]),
  };
}

/** Shapes of the graph for a problem. */
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

/** Shape of a named weight in the graph. */
export function weightShape(name: string, values: Float32Array, shape: TileShape): number[] {
  if (name.startsWith("encoder")) {
    const width = shape.network.encoderWidth;
    return name.endsWith("_bias") ? [1, width, 1] : [1, values.length / width, width];
  }
  if (name === "motion") return [shape.tiles, 2, shape.frames];
  const each = values.length / shape.tiles;
  const outputs = name.startsWith("head") ? 3 : shape.width;
  return name.endsWith("_bias") ? [shape.tiles, outputs, 1] : [shape.tiles, each / outputs, outputs];
}

/** The host's side of training: draws the points of some steps, runs the graph over them, and so on. */
export async function runTileSteps(
  graph: RunningGraph,
  problem: TrainingProblem,
  plan: TrainingPlan,
  shape: TileShape,
  options: TrainingOptions,
  precision: Precision = "float32",
): Promise<TrainingWeights> {
  const weights: TrainingWeights = new Map(problem.weights);
  const fixed = problem.learnEncoder ? [] : [...weights.keys()].filter((name) => name.startsWith("encoder"));
  const learned = [...weights.keys()].filter((name) => !fixed.includes(name));
  const constants = constantFeeds(problem);
  for (const name of fixed) {
    const values = weights.get(name) as Float32Array;
    constants[name] = floats(values, weightShape(name, values, shape));
  }
  const state = new Map<string, Float32Array>();
  const shapes = new Map<string, number[]>();
  for (const name of learned) {
    const values = weights.get(name) as Float32Array;
    for (const key of [name, ...optimizerStateNames(name)]) {
      shapes.set(key, weightShape(name, values, shape));
      state.set(key, key === name ? values : new Float32Array(values.length));
    }
  }
  for (const [name, first] of scalingState(precision, shape.tiles * CHANNELS, plan.points)) {
    shapes.set(name, [1]);
    state.set(name, first);
  }
  const sampler = new Sampler(problem.target, plan);
  for (let done = 0; done < plan.steps; ) {
    options.signal?.throwIfAborted();
    const steps = Math.min(graph.stepsPerRun, plan.steps - done);
    const samples = sampler.draw(steps);
    const feeds: Record<string, Feed> = {
      ...constants,
      steps: integers(BigInt64Array.of(BigInt(steps)), []),
      all_rows: integers(samples.rows, [steps, plan.points]),
      all_position: floats(samples.position, [steps, 1, 2, plan.points]),
      all_frame: floats(samples.frame, [steps, plan.points]),
      all_schedule: floats(oneCycle(plan.rate, plan.steps, done, done + steps), [steps, SCHEDULE_LENGTH]),
    };
    if (plan.coding !== undefined) feeds.all_coded = floats(codedSteps(plan, done, done + steps), [steps, 1]);
    for (const [name, values] of state) feeds[`first_${name}`] = floats(values, shapes.get(name) as number[]);
    const results = await graph.run(feeds);
    for (const name of state.keys()) state.set(name, results[`next_${name}`]);
    done += steps;
    options.onProgress?.(done, results.loss);
  }
  for (const name of learned) weights.set(name, state.get(name) as Float32Array);
  return weights;
}
