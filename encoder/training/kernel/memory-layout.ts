import { CHANNELS, type TileNetwork } from "../../../codec/internal.js";
import { ADAM_SCHEDULE_LENGTH } from "../optimizers/adam.js";
import type { FakeQuantization } from "../quantization/fake-quantization.js";
import {
  decoderLayers,
  encoderLayer,
  encoderParameterLayout,
  findSlice,
  type LayerShape,
  type ParameterLayout,
  roundUpTo4,
  tileParameterLayout,
} from "./parameter-layout.js";
import { type ConfigRecord, Float, type LayerRecord, recordBytes, writeRecord } from "./records.js";

/** Points that pass through the network together, as in encoder/training/kernel/assembly/lanes.ts. */
const STRIP = 32;
const ROW_BYTES = STRIP * 4;
/** Alignment of every allocation in bytes: a cache line. */
const ALIGNMENT = 64;
/** Rows of samples per step: x, y, t, sin t, cos t, frame, pixel. */
export const SAMPLE_ROWS = 7;

/** Dimensions and settings that determine the memory of a kernel. */
export interface LayoutOptions {
  readonly network: TileNetwork;
  /** Width of the decoders. */
  readonly width: number;
  readonly frames: number;
  /** Points per tile and step. */
  readonly points: number;
  /** Steps whose samples are in memory at a time. */
  readonly steps: number;
  readonly tiles: number;
  /** Pixels per tile, over all frames. */
  readonly pixels: number;
  readonly learnEncoder: boolean;
  readonly quantization: FakeQuantization | undefined;
  /** A training target is byte * targetScale + targetShift. */
  readonly targetScale: number;
  readonly targetShift: number;
  /** Learning rate of the displacements, as a multiple of the scheduled one. */
  readonly motionLearningRateScale: number;
  /** Learning rate of Muon, as a multiple of the scheduled one. If undefined, AdamW trains all parameters. */
  readonly muonLearningRateScale: number | undefined;
}

/** Layout of the kernel's memory. Addresses are in bytes. */
export interface MemoryLayout {
  /** Size of the memory in bytes. */
  readonly bytes: number;
  readonly tileParameters: ParameterLayout;
  readonly encoderParameters: ParameterLayout | undefined;
  /** Points per step: the requested number, and that number rounded up to complete strips. */
  readonly pointCount: number;
  readonly paddedPoints: number;
  /** Points per strip. */
  readonly stripLength: number;
  /** Address of the configuration record. */
  readonly configAddress: number;
  /** The configuration record. The host uses its addresses too. */
  readonly config: Readonly<ConfigRecord>;
  /** Parameters and moment buffers of the shared encoder, and its gradient. */
  readonly encoderState: number;
  readonly encoderGradient: number;
  /** Normal equations of a head: lane sums, gram f32[paddedWidth + 1][paddedWidth] and cross f32[paddedWidth + 1][4]. */
  readonly sums: number;
  readonly gram: number;
  readonly cross: number;
  /** Parameters and moment buffers of the first tile, and the stride from tile to tile in bytes. */
  readonly tiles: number;
  readonly tileBytes: number;
  /** uint32[tiles][pixels of a tile], and the length of that array. */
  readonly pixels: number;
  readonly pixelCount: number;
  /** Width of a decoder, rounded up to a multiple of 4. */
  readonly paddedWidth: number;
  /** Writes the records and constants that the kernel reads. The memory must be zeroed. */
  initialize(memory: DataView): void;
}

/** Allocates aligned, consecutive addresses and never frees them. */
class BumpAllocator {
  #next: number;

  constructor(start: number) {
    this.#next = start;
  }

  /** Returns the address of the next `bytes` bytes. */
  allocate(bytes: number): number {
    const address = Math.ceil(this.#next / ALIGNMENT) * ALIGNMENT;
    this.#next = address + bytes;
    return address;
  }

  /** End of the last allocation, with padding for a vector load that reads past it. */
  get end(): number {
    return this.#next + ALIGNMENT;
  }
}

/** Parameters of a tile and of the shared encoder, with the encoder's state. */
interface ParameterMemory {
  readonly tile: ParameterLayout;
  readonly encoderShape: LayerShape | undefined;
  readonly encoder: ParameterLayout | undefined;
  readonly encoderState: number;
  readonly encoderGradient: number;
}

/** Activations and layers of the network. */
interface LayerMemory {
  readonly features: number;
  readonly featureCount: number;
  /** In the order of evaluation, the head last. */
  readonly layers: readonly LayerRecord[];
  /** Addresses of the rows of ones, which make a bias the weight of one more input. */
  readonly ones: readonly number[];
}

/** Plans the kernel's memory beginning at address `start`. */
export function planMemory(start: number, options: LayoutOptions): MemoryLayout {
  const memory = new BumpAllocator(start);
  const parameters = allocateParameters(memory, options);
  const network = allocateLayers(memory, options, parameters);
  const { layers } = network;
  const head = layers[layers.length - 1];
  const config = configRecord(memory, options, parameters, network);
  const paddedWidth = head.inputs;
  const sums = memory.allocate(16 * (paddedWidth + 1) * paddedWidth);
  const gram = memory.allocate(4 * (paddedWidth + 1) * paddedWidth);
  const cross = memory.allocate(4 * (paddedWidth + 1) * 4);
  const configAddress = memory.allocate(recordBytes(config));
  const tileBytes = 4 * 3 * parameters.tile.size;
  const tiles = memory.allocate(options.tiles * tileBytes);
  const pixelCount = options.tiles * options.pixels;
  const pixels = memory.allocate(4 * pixelCount);
  return {
    bytes: memory.end,
    tileParameters: parameters.tile,
    encoderParameters: parameters.encoder,
    pointCount: options.points,
    paddedPoints: config.points,
    stripLength: STRIP,
    configAddress,
    config,
    encoderState: parameters.encoderState,
    encoderGradient: parameters.encoderGradient,
    sums,
    gram,
    cross,
    tiles,
    tileBytes,
    pixels,
    pixelCount,
    paddedWidth,
    initialize(view) {
      layers.forEach((layer, l) => {
        writeRecord(view, config.layers + l * recordBytes(layer), layer);
      });
      writeRecord(view, configAddress, config);
      for (const row of network.ones) fillOnes(view, row, STRIP);
      fillOnes(view, config.mask, options.points);
    },
  };
}

function fillOnes(view: DataView, address: number, count: number): void {
  for (let i = 0; i < count; i++) view.setFloat32(address + 4 * i, 1, true);
}

function allocateParameters(
  memory: BumpAllocator,
  { network, width, frames }: LayoutOptions,
): ParameterMemory {
  const encoderShape = encoderLayer(network);
  const encoder = encoderShape && encoderParameterLayout(encoderShape);
  const encoderSize = encoder?.size ?? 0;
  return {
    tile: tileParameterLayout(network, width, frames),
    encoderShape,
    encoder,
    encoderState: memory.allocate(3 * 4 * encoderSize),
    encoderGradient: memory.allocate(4 * encoderSize),
  };
}

function allocateLayers(
  memory: BumpAllocator,
  { network, width, learnEncoder, quantization }: LayoutOptions,
  parameters: ParameterMemory,
): LayerMemory {
  const featureCount = positionFeatures(network) + 3;
  const features = memory.allocate((featureCount + 1) * ROW_BYTES);
  const ones = [features + featureCount * ROW_BYTES];
  let input = features;
  // `hidden`: index among the decoder's sine layers, which are fake-quantized; undefined for other layers.
  const allocateLayer = (shape: LayerShape, owner: ParameterLayout, hidden?: number): LayerRecord => {
    const { name, paddedInputs: inputs, paddedOutputs: outputs } = shape;
    const isHead = name === "head";
    const isShared = owner !== parameters.tile;
    const transposedStride = roundUpTo4(inputs);
    const output = memory.allocate((outputs + 1) * ROW_BYTES);
    ones.push(output + outputs * ROW_BYTES);
    const layer = {
      input,
      inputs,
      outputs,
      weights: memory.allocate(4 * transposedStride * outputs),
      transposed: memory.allocate(4 * outputs * transposedStride),
      transposedStride,
      bias: memory.allocate(4 * outputs),
      output,
      angleGradient: memory.allocate(outputs * ROW_BYTES),
      laneSums: !isShared || learnEncoder ? memory.allocate(16 * (inputs + 1) * outputs) : 0,
      weightsOffset: 4 * findSlice(owner, name).offset,
      biasOffset: 4 * findSlice(owner, `${name}_bias`).offset,
      weightStep: new Float(hidden === undefined ? 0 : (quantization?.stepSizes.hidden[hidden] ?? 0)),
      biasStep: new Float(hidden === undefined ? 0 : (quantization?.stepSizes.hiddenBias[hidden] ?? 0)),
      gradientScale: new Float(isHead ? 1 : network.omega),
      turnScale: new Float(isHead ? 1 : network.omega / (2 * Math.PI)),
      backwardScale: new Float(isHead ? 1 : 2 * Math.PI),
      sharedWeights: isShared ? parameters.encoderState : 0,
    };
    input = output;
    return layer;
  };
  const { encoderShape, encoder } = parameters;
  const layers = encoderShape && encoder ? [allocateLayer(encoderShape, encoder)] : [];
  for (const [l, shape] of decoderLayers(network, width).entries()) {
    layers.push(allocateLayer(shape, parameters.tile, shape.name === "head" ? undefined : l));
  }
  return { features, featureCount, layers, ones };
}

function configRecord(
  memory: BumpAllocator,
  options: LayoutOptions,
  { tile }: ParameterMemory,
  { features, featureCount, layers }: LayerMemory,
): ConfigRecord {
  const { network, width, frames, steps, tiles, quantization } = options;
  const points = Math.ceil(options.points / STRIP) * STRIP;
  const head = layers[layers.length - 1];
  const motion = findSlice(tile, "motion");
  const scratchFloats = Math.max(frames + 8, ...decoderLayers(network, width).map(muonScratchFloats));
  return {
    layers: memory.allocate(layers.length * recordBytes(head)),
    hiddenLayers: layers.length - 1,
    frequencies: network.frequencies,
    points,
    samples: memory.allocate(4 * steps * SAMPLE_ROWS * points),
    mask: memory.allocate(4 * points),
    schedule: memory.allocate(4 * ADAM_SCHEDULE_LENGTH * steps),
    quantized: memory.allocate(4 * steps),
    losses: memory.allocate(8 * steps),
    targets: memory.allocate(4 * CHANNELS * points),
    features,
    featureCount,
    featureGradient: memory.allocate(roundUpTo4(positionFeatures(network)) * ROW_BYTES),
    output: head.output,
    errors: head.angleGradient,
    parameterCount: tile.size,
    adamStart: findSlice(tile, "hidden0_bias").offset,
    motionStart: motion.offset,
    motionStride: motion.stride,
    frames,
    // Muon reads up to three rows past the end of a matrix.
    gradient: memory.allocate(4 * (tile.size + 4 * roundUpTo4(width))),
    motion: memory.allocate(4 * 2 * motion.stride),
    motionStep: new Float(quantization?.stepSizes.motion ?? 0),
    targetScale: new Float(options.targetScale),
    targetShift: new Float(options.targetShift),
    meanFactor: new Float(1 / (tiles * CHANNELS * options.points)),
    lambda: new Float((quantization?.normalizedLambda ?? 0) / tiles),
    motionLearningRateScale: new Float(options.motionLearningRateScale),
    muonLearningRateScale: new Float(options.muonLearningRateScale ?? 0),
    useMuon: options.muonLearningRateScale === undefined ? 0 : 1,
    scratch: memory.allocate(4 * scratchFloats),
  };
}

/** Features that depend on the position: x, y, and their sines and cosines. */
const positionFeatures = (network: TileNetwork): number => 2 + 4 * network.frequencies;

/** Scratch memory of Muon for one layer in floats: two padded matrices and two of their Gram matrices. */
function muonScratchFloats({ paddedInputs, paddedOutputs }: LayerShape): number {
  const wide = paddedOutputs > paddedInputs;
  const rows = wide ? paddedOutputs : roundUpTo4(paddedInputs);
  const columns = Math.ceil((wide ? paddedInputs : paddedOutputs) / 8) * 8;
  return 2 * rows * columns + 2 * columns * columns;
}
