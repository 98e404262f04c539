// Trains the tile profile one tile at a time. The working set of a step fits into the L2 cache, and the working set of a
// strip of points fits into the L1 cache. The kernel never allocates memory: the host passes every address (config.ts).

import { adam } from "./adam";
import { KernelConfig, Layer } from "./config";
import { transpose } from "./lanes";
import { muon } from "./muon";
import { addLaneSums, reduceLanes } from "./outer-product";
import { addDeltaRateGradient, addRateGradient, fakeQuantize } from "./quantization";
import { addNormalEquations, loadTargets, stripCount, trainStrip } from "./strip";

const LAYER_BYTES = offsetof<Layer>();

/** Returns the size of the static data at address 0, in bytes. The host must not overwrite it. */
export function staticBytes(): usize {
  return __heap_base;
}

/** Computes the weights that the forward and backward pass use: fake-quantized, scaled, transposed. */
function prepareWeights(config: KernelConfig, tile: usize, strength: f32): void {
  for (let l = 0; l <= config.hiddenLayers; l++) {
    const layer = changetype<Layer>(config.layers + <usize>l * LAYER_BYTES);
    const from = layer.sharedWeights != 0 ? layer.sharedWeights : tile;
    const inputs = layer.inputs;
    const outputs = layer.outputs;
    fakeQuantize(
      from + layer.weightsOffset,
      inputs * outputs,
      layer.weightStep,
      strength,
      layer.turnScale,
      layer.weights,
    );
    fakeQuantize(from + layer.biasOffset, outputs, layer.biasStep, strength, layer.turnScale, layer.bias);
    transpose(
      layer.weights,
      (inputs + 3) & ~3,
      outputs,
      layer.transposed,
      layer.transposedStride,
      layer.backwardScale,
    );
  }
  const displacements = tile + ((<usize>config.motionStart) << 2);
  fakeQuantize(displacements, 2 * config.motionStride, config.motionStep, strength, 1, config.motion);
}

/** Reduces the lane sums of a step to gradients, and adds the gradient of the rate term. */
function reduceGradients(config: KernelConfig, tile: usize, strength: f32): void {
  const lambda = config.lambda * strength;
  for (let l = 0; l <= config.hiddenLayers; l++) {
    const layer = changetype<Layer>(config.layers + <usize>l * LAYER_BYTES);
    if (layer.laneSums == 0 || layer.sharedWeights != 0) continue;
    const weights = layer.inputs * layer.outputs;
    const weightsGradient = config.gradient + layer.weightsOffset;
    const biasGradient = config.gradient + layer.biasOffset;
    reduceLanes(layer.laneSums, weights, layer.gradientScale, weightsGradient);
    reduceLanes(layer.laneSums + ((<usize>weights) << 4), layer.outputs, layer.gradientScale, biasGradient);
    if (lambda == 0 || layer.weightStep == 0) continue;
    addRateGradient(tile + layer.weightsOffset, weights, layer.weightStep, lambda, weightsGradient);
    addRateGradient(tile + layer.biasOffset, layer.outputs, layer.biasStep, lambda, biasGradient);
  }
  if (lambda == 0 || config.frames < 2) return;
  const axis = (<usize>config.motionStride) << 2;
  const displacements = tile + ((<usize>config.motionStart) << 2);
  const motionGradient = config.gradient + ((<usize>config.motionStart) << 2);
  addDeltaRateGradient(
    displacements,
    config.frames,
    config.motionStep,
    lambda,
    motionGradient,
    config.scratch,
  );
  addDeltaRateGradient(
    displacements + axis,
    config.frames,
    config.motionStep,
    lambda,
    motionGradient + axis,
    config.scratch,
  );
}

/**
 * Runs the optimizer: Muon for the matrices of sine layers, AdamW for the rest.
 * tile: f32[3][parameterCount], the parameters, first moments and second moments.
 */
function optimizerStep(config: KernelConfig, tile: usize, schedule: usize): void {
  const bytes = (<usize>config.parameterCount) << 2;
  const firstMoments = tile + bytes;
  const secondMoments = firstMoments + bytes;
  const gradient = config.gradient;
  if (config.useMuon) {
    const learningRate = load<f32>(schedule) * config.muonLearningRateScale;
    for (let l = 0; l < config.hiddenLayers; l++) {
      const layer = changetype<Layer>(config.layers + <usize>l * LAYER_BYTES);
      if (layer.sharedWeights != 0) continue;
      const at = layer.weightsOffset;
      muon(
        tile + at,
        firstMoments + at,
        gradient + at,
        layer.inputs,
        layer.outputs,
        learningRate,
        config.scratch,
      );
    }
  }
  const from = config.useMuon ? (<usize>config.adamStart) << 2 : 0;
  const motion = (<usize>config.motionStart) << 2;
  const count = <i32>((motion - from) >> 2);
  adam(tile + from, firstMoments + from, secondMoments + from, gradient + from, count, schedule, 1);
  const motionCount = config.parameterCount - config.motionStart;
  adam(
    tile + motion,
    firstMoments + motion,
    secondMoments + motion,
    gradient + motion,
    motionCount,
    schedule,
    config.motionLearningRateScale,
  );
}

/** Trains a tile for one step toward `config.targets`. step: index among the steps in memory. */
export function stepTile(config: KernelConfig, tile: usize, step: i32, offsetX: f32, offsetY: f32): void {
  const strength = load<f32>(config.quantized + ((<usize>step) << 2));
  const samples = config.samples + ((<usize>(step * 7 * config.points)) << 2);
  prepareWeights(config, tile, strength);
  const motionBytes = (<usize>(config.parameterCount - config.motionStart)) << 2;
  memory.fill(config.gradient + ((<usize>config.motionStart) << 2), 0, motionBytes);
  let squares: f64 = 0;
  for (let i = 0; i < stripCount(config); i++)
    squares += <f64>trainStrip(config, i, samples, offsetX, offsetY);
  reduceGradients(config, tile, strength);
  optimizerStep(config, tile, config.schedule + ((<usize>step) << 4));
  const loss = config.losses + ((<usize>step) << 3);
  store<f64>(loss, load<f64>(loss) + squares);
}

/** Trains a tile for steps `from` to `to` (exclusive) of those in memory. pixels: u32[frames x window pixels]. */
export function trainTile(
  config: KernelConfig,
  tile: usize,
  pixels: usize,
  from: i32,
  to: i32,
  offsetX: f32,
  offsetY: f32,
): void {
  for (let step = from; step < to; step++) {
    loadTargets(config, config.samples + ((<usize>(step * 7 * config.points)) << 2), pixels);
    stepTile(config, tile, step, offsetX, offsetY);
  }
}

/**
 * Computes the normal equations of a tile's head over the points of the first `steps` steps in memory. The number of points
 * per step must be a multiple of STRIP, because padding points would count.
 * gram: f32[width + 1][width], sums of h h^T, where h ends with a one; cross: f32[width + 1][4], sums of h y^T.
 * sums: v128[width + 1][width], zeros before and after.
 * Each step is summed separately first. A single long float32 sum would lose so many digits that units that hardly differ
 * no longer have a unique best head.
 */
export function sumNormalEquations(
  config: KernelConfig,
  tile: usize,
  pixels: usize,
  steps: i32,
  offsetX: f32,
  offsetY: f32,
  sums: usize,
  gram: usize,
  cross: usize,
): void {
  const head = changetype<Layer>(config.layers + <usize>config.hiddenLayers * LAYER_BYTES);
  const gramLength = (head.inputs + 1) * head.inputs;
  const crossLength = (head.inputs + 1) * 4;
  memory.fill(gram, 0, (<usize>gramLength) << 2);
  memory.fill(cross, 0, (<usize>crossLength) << 2);
  prepareWeights(config, tile, 0);
  for (let step = 0; step < steps; step++) {
    const samples = config.samples + ((<usize>(step * 7 * config.points)) << 2);
    loadTargets(config, samples, pixels);
    for (let i = 0; i < stripCount(config); i++)
      addNormalEquations(config, i, samples, offsetX, offsetY, sums);
    addLaneSums(sums, gramLength, gram);
    addLaneSums(head.laneSums, crossLength, cross);
  }
}

/**
 * Runs one optimizer step of the shared encoder, after all tiles have added to its gradient. Its state is f32[3][count]:
 * parameters (matrix, then bias), first and second moments. gradient: f32[count].
 */
export function stepEncoder(config: KernelConfig, count: i32, gradient: usize, step: i32): void {
  const layer = changetype<Layer>(config.layers);
  const bytes = (<usize>count) << 2;
  reduceLanes(layer.laneSums, count, layer.gradientScale, gradient);
  const schedule = config.schedule + ((<usize>step) << 4);
  adam(
    layer.sharedWeights,
    layer.sharedWeights + bytes,
    layer.sharedWeights + 2 * bytes,
    gradient,
    count,
    schedule,
    1,
  );
}
