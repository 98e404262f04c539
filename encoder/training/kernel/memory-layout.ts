import type { TileNetwork } from "../../../codec/internal.js";
import type { CodingTerms } from "../quantization/coded-tile.js";
import {
  decoderLayers,
  encoderLayer,
  encoderParameterLayout,
  type LayerShape,
  type ParameterLayout,
  partOf,
  roundUpTo4,
  tileParameterLayout,
} from "./parameter-layout.js";

/** Points that go through the network together; as in encoder/training/kernel/assembly/lanes.ts. */
const STRIP = 32;
const ROW = STRIP * 4;
/** Rows that the kernel reads of a step: x, y, t, sin t, cos t, frame, pixel. */
export const SAMPLE_ROWS = 7;
/** Floats of an optimizer's step. */
const SCHEDULE = 4;

/** What the memory is laid out for. */
export interface LayoutRequest {
  readonly network: TileNetwork;
  readonly width: number;
  readonly frames: number;
  readonly points: number;
  /** Steps that are in memory at a time. */
  readonly steps: number;
  readonly tiles: number;
  /** Pixels of a tile in all frames. */
  readonly pixels: number;
  readonly learnEncoder: boolean;
  readonly coding: CodingTerms | undefined;
  /** A byte's value becomes value times scale plus shift. */
  readonly targetScale: number;
  readonly targetShift: number;
  /** Rates of displacements and of Muon as shares of the rate; without `muonRate`, AdamW trains all. */
  readonly motionRate: number;
  readonly muonRate: number | undefined;
}

/** A sine layer or the head, as encoder/training/kernel/assembly/plan.ts has it: the same fields in the same order. */
interface LayerRecord {
  input: number;
  inputs: number;
  outputs: number;
  weights: number;
  transposed: number;
  across: number;
  bias: number;
  output: number;
  slopes: number;
  sums: number;
  weightsAt: number;
  biasAt: number;
  weightStep: Float;
  biasStep: Float;
  factor: Float;
  turns: Float;
  back: Float;
  shared: number;
}

/** A number that the kernel reads as a float. */
class Float {
  constructor(readonly value: number) {}
}

/** Where everything is in the kernel's memory, and what it reads first. */
export interface Layout {
  /** Bytes of memory. */
  readonly bytes: number;
  readonly numbers: ParameterLayout;
  readonly encoder: ParameterLayout | undefined;
  /** Points of a step, as asked for and in whole strips. */
  readonly realPoints: number;
  readonly points: number;
  /** Points of a strip. */
  readonly strip: number;
  readonly plan: number;
  readonly samples: number;
  readonly real: number;
  readonly schedule: number;
  readonly coded: number;
  readonly losses: number;
  readonly targets: number;
  readonly errors: number;
  readonly gradient: number;
  /** Numbers and moments of the shared encoder, and its gradient. */
  readonly encoderState: number;
  readonly encoderGradient: number;
  /** Normal equations of a head: sums, and f32[width + 1][width] and [width + 1][4], width in fours. */
  readonly sums: number;
  readonly gram: number;
  readonly cross: number;
  /** Numbers and moments of the first tile, and bytes from tile to tile. */
  readonly tiles: number;
  readonly tileBytes: number;
  /** uint32[tiles][pixels of a tile], and how many they are. */
  readonly pixels: number;
  readonly pixelCount: number;
  /** Of a decoder, in fours. */
  readonly width: number;
  /** Rows of ones. */
  readonly ones: readonly number[];
  /** Writes the records that the kernel reads. */
  write(memory: DataView): void;
}

/** Decides where everything lies from address `start` on. */
export function planMemory(start: number, request: LayoutRequest): Layout {
  const { network, width, frames, steps, tiles, coding } = request;
  let next = start;
  const take = (bytes: number): number => {
    const at = Math.ceil(next / 64) * 64;
    next = at + bytes;
    return at;
  };
  const points = Math.ceil(request.points / STRIP) * STRIP;
  const numbers = tileParameterLayout(network, width, frames);
  const shared = encoderLayer(network);
  const encoder = shared === undefined ? undefined : encoderParameterLayout(shared);
  const encoderSize = encoder?.size ?? 0;
  const encoderState = take(3 * 4 * encoderSize);
  const encoderGradient = take(4 * encoderSize);

  const spatial = 2 + 4 * network.frequencies;
  const featureCount = spatial + 3;
  const features = take((featureCount + 1) * ROW);
  const ones = [features + featureCount * ROW];
  let input = features;
  const turns = network.omega / (2 * Math.PI);
  const record = (shape: LayerShape, of: ParameterLayout, hidden: number | undefined): LayerRecord => {
    const { name, paddedInputs: inputs, paddedOutputs: outputs } = shape;
    const isHead = name === "head";
    const across = roundUpTo4(inputs);
    const learned = of === numbers || request.learnEncoder;
    const output = take((outputs + 1) * ROW);
    ones.push(output + outputs * ROW);
    const layer = {
      input,
      inputs,
      outputs,
      weights: take(4 * across * outputs),
      transposed: take(4 * outputs * across),
      across,
      bias: take(4 * outputs),
      output,
      slopes: take(outputs * ROW),
      sums: learned ? take(16 * (inputs + 1) * outputs) : 0,
      weightsAt: 4 * partOf(of, name).at,
      biasAt: 4 * partOf(of, `${name}_bias`).at,
      weightStep: new Float(hidden === undefined ? 0 : (coding?.steps.hidden[hidden] ?? 0)),
      biasStep: new Float(hidden === undefined ? 0 : (coding?.steps.hiddenBias[hidden] ?? 0)),
      factor: new Float(isHead ? 1 : network.omega),
      turns: new Float(isHead ? 1 : turns),
      back: new Float(isHead ? 1 : 2 * Math.PI),
      shared: of === numbers ? 0 : encoderState,
    };
    input = output;
    return layer;
  };
  const decoder = decoderLayers(network, width);
  const layers = [
    ...(shared === undefined || encoder === undefined ? [] : [record(shared, encoder, undefined)]),
    ...decoder.map((shape, l) => record(shape, numbers, shape.name === "head" ? undefined : l)),
  ];
  const head = layers[layers.length - 1];
  const motion = partOf(numbers, "motion");
  const capacity = Math.max(frames + 8, ...decoder.map(muonRoom));
  const plan = {
    layers: take(layers.length * Object.keys(head).length * 4),
    count: layers.length - 1,
    frequencies: network.frequencies,
    points,
    samples: take(4 * steps * SAMPLE_ROWS * points),
    real: take(4 * points),
    schedule: take(4 * SCHEDULE * steps),
    coded: take(4 * steps),
    losses: take(8 * steps),
    targets: take(4 * 3 * points),
    features,
    featureCount,
    featureSlopes: take(roundUpTo4(spatial) * ROW),
    output: head.output,
    errors: head.slopes,
    size: numbers.size,
    adamAt: partOf(numbers, "hidden0_bias").at,
    motionAt: motion.at,
    motionLength: motion.stride,
    frames,
    gradient: take(4 * (numbers.size + 4 * roundUpTo4(width))),
    motion: take(4 * 2 * motion.stride),
    motionStep: new Float(coding?.steps.motion ?? 0),
    targetScale: new Float(request.targetScale),
    targetShift: new Float(request.targetShift),
    share: new Float(1 / (tiles * 3 * request.points)),
    price: new Float((coding?.price ?? 0) / tiles),
    motionRate: new Float(request.motionRate),
    muonRate: new Float(request.muonRate ?? 0),
    muon: request.muonRate === undefined ? 0 : 1,
    scratch: take(4 * capacity),
  };
  const { inputs: last } = head;
  const sums = take(16 * (last + 1) * last);
  const gram = take(4 * (last + 1) * last);
  const cross = take(4 * (last + 1) * 4);
  const planAt = take(4 * Object.keys(plan).length);
  const tileBytes = 4 * 3 * numbers.size;
  const tilesAt = take(tiles * tileBytes);
  const pixels = take(4 * tiles * request.pixels);
  return {
    bytes: next + 64,
    numbers,
    encoder,
    realPoints: request.points,
    points,
    strip: STRIP,
    plan: planAt,
    samples: plan.samples,
    real: plan.real,
    schedule: plan.schedule,
    coded: plan.coded,
    losses: plan.losses,
    targets: plan.targets,
    errors: plan.errors,
    gradient: plan.gradient,
    encoderState,
    encoderGradient,
    sums,
    gram,
    cross,
    tiles: tilesAt,
    tileBytes,
    pixels,
    pixelCount: tiles * request.pixels,
    width: last,
    ones,
    write(memory) {
      layers.forEach((layer, l) => {
        writeRecord(memory, plan.layers + l * Object.keys(layer).length * 4, layer);
      });
      writeRecord(memory, planAt, plan);
      for (const row of ones) for (let p = 0; p < STRIP; p++) memory.setFloat32(row + 4 * p, 1, true);
      for (let p = 0; p < request.points; p++) memory.setFloat32(plan.real + 4 * p, 1, true);
    },
  };
}

/** Floats that Muon needs for one layer: two matrices, tall and padded, and two of their products with themselves. */
function muonRoom({ paddedInputs, paddedOutputs }: LayerShape): number {
  const wide = paddedOutputs > paddedInputs;
  const rows = wide ? paddedOutputs : roundUpTo4(paddedInputs);
  const columns = Math.ceil((wide ? paddedInputs : paddedOutputs) / 8) * 8;
  return 2 * rows * columns + 2 * columns * columns;
}

function writeRecord(memory: DataView, at: number, record: object): void {
  Object.values(record).forEach((value: number | Float, i) => {
    if (value instanceof Float) memory.setFloat32(at + 4 * i, value.value, true);
    else memory.setUint32(at + 4 * i, value, true);
  });
}
