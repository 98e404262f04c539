import { CHANNELS } from "../../codec/internal.js";
import { gradients } from "../../encoder/graph/gradient.js";
import { exportFunction, exportLoop } from "../../encoder/graph/onnx-export.js";
import { Operations } from "../../encoder/graph/operations.js";
import { OPTIMIZERS, type Optimizer } from "../../encoder/paper/optimizers.js";
import { meanSquaredError } from "../../encoder/training/network/forward.js";
import {
  type Feed,
  float32Tensor,
  type GraphSession,
  int64Tensor,
  loadGraph,
  uint8Tensor,
} from "../../encoder/training/onnx/onnx-runtime.js";
import { Random } from "../../encoder/training/sampling/random.js";
import { requireWeights, type TrainingWeights } from "../../encoder/training/weights.js";
import { initialSirenWeights, type SirenNetwork, sirenForward } from "./siren.js";
import type { Video } from "./video.js";

/** How a baseline is trained. */
export interface SirenPlan {
  readonly optimizer: "schedule-free" | "adam-onecycle";
  readonly learningRate: number;
  /** Coordinates per step. */
  readonly points: number;
  /** Length of the schedule; training may end earlier. */
  readonly steps: number;
  readonly threads: number;
}

/** Weights after some steps. */
export interface SirenProgress {
  readonly steps: number;
  /** Training time, without the time that the caller spends between runs. */
  readonly seconds: number;
  /** CPU time of all threads of the process. */
  readonly cpuSeconds: number;
  weights(): TrainingWeights;
}

const STEPS_PER_RUN = 10;
/** Maximum number of floats in the activations of one layer when frames are decoded. */
const MAX_ACTIVATIONS = 1 << 21;

/** Trains in runs of several steps. After each run, the caller can read the weights or stop. */
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
    for (const [name, values] of initialSirenWeights(network, random)) {
      for (const [key, first] of [[name, values] as const, ...optimizer.initialState(name, values)]) {
        state.set(key, first);
        stateShapes.set(key, shapes.get(name) as readonly number[]);
      }
    }
    const frames = uint8Tensor(video.frames, [networks, pixels, CHANNELS]);
    let seconds = 0;
    let cpuSeconds = 0;
    for (let done = 0; done < plan.steps; ) {
      const started = performance.now();
      const before = process.cpuUsage();
      const steps = Math.min(STEPS_PER_RUN, plan.steps - done);
      const samples = sampleCoordinates(video, network, steps * plan.points, random);
      const schedule = optimizer.schedule(plan.learningRate, plan.steps, done, done + steps);
      const feeds: Record<string, Feed> = {
        frames,
        steps: int64Tensor(BigInt64Array.of(BigInt(steps)), []),
        all_pixels: int64Tensor(samples.pixels, [steps, plan.points]),
        all_position: float32Tensor(transposeSteps(samples.position, steps, inputs), [
          steps,
          1,
          inputs,
          plan.points,
        ]),
        all_schedule: float32Tensor(schedule, [steps, optimizer.scheduleLength]),
      };
      for (const [key, values] of state)
        feeds[`first_${key}`] = float32Tensor(values, stateShapes.get(key) as readonly number[]);
      const results = await graph.run(feeds);
      for (const key of state.keys()) state.set(key, results[`next_${key}`]);
      done += steps;
      seconds += (performance.now() - started) / 1000;
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
): Promise<{ graph: GraphSession; shapes: Map<string, readonly number[]> }> {
  const g = new Operations();
  const { networks, inputs } = network;
  const position = g.input("position", [1, inputs, points]);
  const pixelIndices = g.input("pixels", [points], "int64");
  const frames = g.input("frames", [networks, pixels, CHANNELS], "uint8");
  const colors = g.make("Gather", [frames, pixelIndices], {
    shape: [networks, points, CHANNELS],
    type: "uint8",
    attributes: { axis: 1 },
  });
  const target = g.subtract(g.scale(g.transpose(g.toFloat(colors)), 2 / 255), g.constant(1));
  const { output, parameters } = sirenForward(g, network, position);
  const loss = meanSquaredError(g, output, target);
  const parameterGradients = gradients(g, loss, parameters);
  const schedule = g.input("schedule", [optimizer.scheduleLength]);
  const state = parameters.flatMap((tensor, i) => optimizer.step(g, tensor, parameterGradients[i], schedule));
  const model = exportLoop({ state, perStep: [pixelIndices, position, schedule], record: { loss } });
  const shapes = new Map(parameters.map(({ name, shape }) => [name as string, shape]));
  return { graph: await loadGraph(model, "cpu", threads), shapes };
}

/** Samples coordinates from all frames, or the same coordinates for every frame if each frame has its own network. */
function sampleCoordinates(video: Video, { inputs }: SirenNetwork, count: number, random: Random) {
  const framePixels = video.width * video.height;
  const pixels = new BigInt64Array(count);
  const position = new Float32Array(count * inputs);
  for (let i = 0; i < count; i++) {
    const frame = inputs === 3 ? random.intBelow(video.frameCount) : 0;
    const pixel = random.intBelow(framePixels);
    pixels[i] = BigInt(frame * framePixels + pixel);
    position.set(normalizedCoordinate(video, frame, pixel, inputs), i * inputs);
  }
  return { pixels, position };
}

/** Returns x and y, and t if there are three inputs, each from -1 to 1. */
function normalizedCoordinate(video: Video, frame: number, pixel: number, inputs: number): number[] {
  const row = Math.floor(pixel / video.width);
  const x = (2 * (pixel - row * video.width) + 1) / video.width - 1;
  const coordinate = [x, (2 * row + 1) / video.height - 1, (2 * frame + 1) / video.frameCount - 1];
  return coordinate.slice(0, inputs);
}

/** Transposes [steps, points, inputs] to [steps, inputs, points]. */
function transposeSteps(position: Float32Array, steps: number, inputs: number): Float32Array {
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
 * Decodes frames to packed R'G'B' and returns them with the original pixels of the video. Decodes only every `stride`-th
 * pixel of every `stride`-th row.
 */
export async function decodeSirenFrames({
  network,
  weights,
  video,
  frames: frameNumbers,
  stride,
}: {
  readonly network: SirenNetwork;
  readonly weights: TrainingWeights;
  readonly video: Video;
  readonly frames: readonly number[];
  readonly stride: number;
}): Promise<{ readonly decoded: Uint8Array; readonly original: Uint8Array }[]> {
  const { networks, inputs, width } = network;
  const columns = Math.ceil(video.width / stride);
  const pixels = Array.from({ length: columns * Math.ceil(video.height / stride) }, (_, i) => {
    return Math.floor(i / columns) * stride * video.width + (i % columns) * stride;
  });
  const batch = Math.min(pixels.length, Math.max(256, Math.floor(MAX_ACTIVATIONS / width / networks)));
  const g = new Operations();
  const { output, parameters } = sirenForward(g, network, g.input("position", [1, inputs, batch]));
  const graph = await loadGraph(exportFunction({ colors: output }), "cpu", 0);
  const feeds = Object.fromEntries(
    parameters.map(({ name = "", shape }) => [name, float32Tensor(requireWeights(weights, name), shape)]),
  );
  const results = frameNumbers.map((number) => {
    const decoded = new Uint8Array(pixels.length * CHANNELS);
    const first = number * video.width * video.height;
    const original = Uint8Array.from(decoded, (_, i) => {
      return video.frames[CHANNELS * (first + pixels[Math.floor(i / CHANNELS)]) + (i % CHANNELS)];
    });
    return { decoded, original };
  });
  try {
    // If each frame has its own network, one run decodes all frames.
    for (const frame of inputs === 3 ? frameNumbers : [0]) {
      for (let from = 0; from < pixels.length; from += batch) {
        const position = new Float32Array(inputs * batch);
        const count = Math.min(batch, pixels.length - from);
        for (let i = 0; i < count; i++) {
          normalizedCoordinate(video, frame, pixels[from + i], inputs).forEach((value, axis) => {
            position[axis * batch + i] = value;
          });
        }
        const { colors } = await graph.run({
          ...feeds,
          position: float32Tensor(position, [1, inputs, batch]),
        });
        frameNumbers.forEach((number, index) => {
          if (inputs === 3 && number !== frame) return;
          const plane = inputs === 3 ? 0 : number * CHANNELS;
          for (let i = 0; i < count * CHANNELS; i++) {
            const value = colors[(plane + (i % CHANNELS)) * batch + Math.floor(i / CHANNELS)];
            results[index].decoded[from * CHANNELS + i] = Math.max(
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
  return results;
}
