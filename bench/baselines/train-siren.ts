import { CHANNELS } from "../../codec/internal.js";
import { gradients } from "../../encoder/graph/gradient.js";
import { exportFunction, exportLoop } from "../../encoder/graph/onnx-export.js";
import { Operations } from "../../encoder/graph/operations.js";
import { OPTIMIZERS, type Optimizer } from "../../encoder/paper/optimizers.js";
import { type TrainingWeights, weightsOf } from "../../encoder/tile/weights.js";
import { meanSquaredError } from "../../encoder/training/network/forward.js";
import {
  bytes,
  type Feed,
  floats,
  integers,
  loadGraph,
  type RunningGraph,
} from "../../encoder/training/onnx/onnx-runtime.js";
import { Random } from "../../encoder/training/sampling/random.js";
import { initialSiren, type SirenNetwork, sirenForward } from "./siren.js";
import type { Video } from "./video.js";

/** How a baseline is trained. */
export interface SirenPlan {
  readonly optimizer: "schedule-free" | "adam-onecycle";
  readonly rate: number;
  /** Coordinates a step. */
  readonly points: number;
  /** Of the schedule; training may end before. */
  readonly steps: number;
  readonly threads: number;
}

/** Weights after some steps; `seconds` of training, without what the caller does between the runs. */
export interface SirenProgress {
  readonly steps: number;
  readonly seconds: number;
  /** Of all threads of the process. */
  readonly cpuSeconds: number;
  weights(): TrainingWeights;
}

const STEPS_PER_RUN = 10;
/** Floats of one layer's activations when frames are computed. */
const STRIP_FLOATS = 1 << 21;

/** Trains in runs of some steps, after each of which the caller may look at the weights, or stop. */
export async function* trainSiren(
  network: SirenNetwork,
  video: Video,
  plan: SirenPlan,
): AsyncGenerator<SirenProgress, void> {
  const optimizer = OPTIMIZERS[plan.optimizer];
  const { networks, inputs } = network;
  const pixels = (video.width * video.height * video.frameCount) / networks;
  const { graph, shapes } = await trainingGraph(network, pixels, plan, optimizer);
  try {
    const state = new Map<string, Float32Array>();
    const stateShapes = new Map<string, readonly number[]>();
    const random = new Random(1, 7);
    for (const [name, values] of initialSiren(network, random)) {
      for (const [key, first] of [[name, values] as const, ...optimizer.companions(name, values)]) {
        state.set(key, first);
        stateShapes.set(key, shapes.get(name) as readonly number[]);
      }
    }
    const frames = bytes(video.frames, [networks, pixels, CHANNELS]);
    let seconds = 0;
    let cpuSeconds = 0;
    for (let done = 0; done < plan.steps; ) {
      const began = performance.now();
      const before = process.cpuUsage();
      const steps = Math.min(STEPS_PER_RUN, plan.steps - done);
      const samples = draw(video, network, steps * plan.points, random);
      const schedule = optimizer.schedule(plan.rate, plan.steps, done, done + steps);
      const feeds: Record<string, Feed> = {
        frames,
        steps: integers(BigInt64Array.of(BigInt(steps)), []),
        all_pixels: integers(samples.pixels, [steps, plan.points]),
        all_position: floats(byStep(samples.position, steps, inputs), [steps, 1, inputs, plan.points]),
        all_schedule: floats(schedule, [steps, optimizer.scheduleLength]),
      };
      for (const [key, values] of state)
        feeds[`first_${key}`] = floats(values, stateShapes.get(key) as readonly number[]);
      const results = await graph.run(feeds);
      for (const key of state.keys()) state.set(key, results[`next_${key}`]);
      done += steps;
      seconds += (performance.now() - began) / 1000;
      const { user, system } = process.cpuUsage(before);
      cpuSeconds += (user + system) / 1e6;
      const weights = () =>
        new Map([...shapes.keys()].map((name) => [name, optimizer.result(name, state)] as const));
      yield { steps: done, seconds, cpuSeconds, weights };
    }
  } finally {
    await graph.release();
  }
}

async function trainingGraph(
  network: SirenNetwork,
  pixels: number,
  { points, threads }: SirenPlan,
  optimizer: Optimizer,
): Promise<{ graph: RunningGraph; shapes: Map<string, readonly number[]> }> {
  const g = new Operations();
  const { networks, inputs } = network;
  const position = g.input("position", [1, inputs, points]);
  const drawn = g.input("pixels", [points], "int64");
  const stored = g.input("frames", [networks, pixels, CHANNELS], "uint8");
  const colors = g.make("Gather", [stored, drawn], [networks, points, CHANNELS], "uint8", { axis: 1 });
  const target = g.subtract(g.scale(g.transpose(g.toFloat(colors)), 2 / 255), g.constant(1));
  const { output, parameters } = sirenForward(g, network, position);
  const loss = meanSquaredError(g, output, target);
  const slopes = gradients(g, loss, parameters);
  const schedule = g.input("schedule", [optimizer.scheduleLength]);
  const state = parameters.flatMap((tensor, i) => optimizer.step(g, tensor, slopes[i], schedule));
  const model = exportLoop({ state, perStep: [drawn, position, schedule], record: { loss } });
  const shapes = new Map(parameters.map(({ name, shape }) => [name as string, shape]));
  return { graph: await loadGraph(model, "cpu", threads), shapes };
}

/** Coordinates drawn from all frames, or with a network a frame the same ones for each. */
function draw(video: Video, { inputs }: SirenNetwork, count: number, random: Random) {
  const picture = video.width * video.height;
  const pixels = new BigInt64Array(count);
  const position = new Float32Array(count * inputs);
  for (let i = 0; i < count; i++) {
    const frame = inputs === 3 ? random.below(video.frameCount) : 0;
    const pixel = random.below(picture);
    pixels[i] = BigInt(frame * picture + pixel);
    position.set(coordinate(video, frame, pixel, inputs), i * inputs);
  }
  return { pixels, position };
}

/** x, y and, of three, t, all from -1 to 1. */
function coordinate(video: Video, frame: number, pixel: number, inputs: number): number[] {
  const row = Math.floor(pixel / video.width);
  const x = (2 * (pixel - row * video.width) + 1) / video.width - 1;
  const at = [x, (2 * row + 1) / video.height - 1, (2 * frame + 1) / video.frameCount - 1];
  return at.slice(0, inputs);
}

/** [points, inputs] of each step -> [inputs, points]. */
function byStep(position: Float32Array, steps: number, inputs: number): Float32Array {
  const points = position.length / steps / inputs;
  const out = new Float32Array(position.length);
  for (let i = 0; i < position.length; i++) {
    const [step, point, axis] = [
      Math.floor(i / points / inputs),
      Math.floor(i / inputs) % points,
      i % inputs,
    ];
    out[(step * inputs + axis) * points + point] = position[i];
  }
  return out;
}

/**
 * Eight-bit pixels of the given frames as packed R'G'B', every `stride`-th of each row and every `stride`-th row, with
 * the same pixels of the video.
 */
export async function sirenFrames(
  network: SirenNetwork,
  weights: TrainingWeights,
  video: Video,
  numbers: readonly number[],
  stride: number,
): Promise<{ readonly decoded: Uint8Array; readonly original: Uint8Array }[]> {
  const { networks, inputs, width } = network;
  const columns = Math.ceil(video.width / stride);
  const chosen = Array.from({ length: columns * Math.ceil(video.height / stride) }, (_, i) => {
    return Math.floor(i / columns) * stride * video.width + (i % columns) * stride;
  });
  const strip = Math.min(chosen.length, Math.max(256, Math.floor(STRIP_FLOATS / width / networks)));
  const g = new Operations();
  const { output, parameters } = sirenForward(g, network, g.input("position", [1, inputs, strip]));
  const graph = await loadGraph(exportFunction({ colors: output }), "cpu", 0);
  const feeds = Object.fromEntries(
    parameters.map(({ name = "", shape }) => [name, floats(weightsOf(weights, name), shape)]),
  );
  const shown = numbers.map((number) => {
    const decoded = new Uint8Array(chosen.length * CHANNELS);
    const first = number * video.width * video.height;
    const original = Uint8Array.from(decoded, (_, i) => {
      return video.frames[CHANNELS * (first + chosen[Math.floor(i / CHANNELS)]) + (i % CHANNELS)];
    });
    return { decoded, original };
  });
  try {
    // With a network a frame one run gives all frames.
    for (const turn of inputs === 3 ? numbers : [0]) {
      for (let from = 0; from < chosen.length; from += strip) {
        const position = new Float32Array(inputs * strip);
        const count = Math.min(strip, chosen.length - from);
        for (let i = 0; i < count; i++) {
          coordinate(video, turn, chosen[from + i], inputs).forEach((value, axis) => {
            position[axis * strip + i] = value;
          });
        }
        const { colors } = await graph.run({ ...feeds, position: floats(position, [1, inputs, strip]) });
        numbers.forEach((number, at) => {
          if (inputs === 3 && number !== turn) return;
          const plane = inputs === 3 ? 0 : number * CHANNELS;
          for (let i = 0; i < count * CHANNELS; i++) {
            const value = colors[(plane + (i % CHANNELS)) * strip + Math.floor(i / CHANNELS)];
            shown[at].decoded[from * CHANNELS + i] = Math.max(
              0,
              Math.min(255, Math.round(127.5 * (value + 1))),
            );
          }
        });
      }
    }
  } finally {
    await graph.release();
  }
  return shown;
}
