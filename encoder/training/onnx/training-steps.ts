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

/** Feeds that are the same at every step. */
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
  graph: GraphSession,
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
    constants[name] = float32Tensor(values, weightShape(name, values, shape));
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
  for (const [name, first] of lossScaleState(precision, shape.tiles * CHANNELS, plan.points)) {
    shapes.set(name, [1]);
    state.set(name, first);
  }
  const sampler = new Sampler(problem.target, plan);
  for (let done = 0; done < plan.steps; ) {
    options.signal?.throwIfAborted();
    const steps = Math.min(graph.stepsPerRun, plan.steps - done);
    const samples = sampler.sample(steps);
    const feeds: Record<string, Feed> = {
      ...constants,
      steps: int64Tensor(BigInt64Array.of(BigInt(steps)), []),
      all_rows: int64Tensor(samples.rows, [steps, plan.points]),
      all_position: float32Tensor(samples.position, [steps, 1, 2, plan.points]),
      all_frame: float32Tensor(samples.frame, [steps, plan.points]),
      all_schedule: float32Tensor(oneCycle(plan.learningRate, plan.steps, done, done + steps), [
        steps,
        ADAM_SCHEDULE_LENGTH,
      ]),
    };
    if (plan.quantization !== undefined)
      feeds.all_coded = float32Tensor(quantizationSchedule(plan, done, done + steps), [steps, 1]);
    for (const [name, values] of state)
      feeds[`first_${name}`] = float32Tensor(values, shapes.get(name) as number[]);
    const results = await graph.run(feeds);
    for (const name of state.keys()) state.set(name, results[`next_${name}`]);
    done += steps;
    options.onProgress?.(done, results.loss);
  }
  for (const name of learned) weights.set(name, state.get(name) as Float32Array);
  return weights;
}
