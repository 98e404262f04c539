// Forward and backward pass of one strip of points.

import { KernelConfig, Layer } from "./config";
import { backwardEncoding, encodePosition } from "./encoding";
import { horizontalSum, ROW_BYTES, STRIP } from "./lanes";
import { backwardLinear, backwardSine, linear, sineLayer } from "./matmul";
import { addOuterProducts } from "./outer-product";

const LAYER_BYTES = offsetof<Layer>();

/** Writes the displaced positions and the time features into the feature rows. */
function writeFeatures(config: KernelConfig, samples: usize, offsetX: f32, offsetY: f32): void {
  const row = (<usize>config.points) << 2;
  const features = config.features;
  const u = config.motion;
  const v = u + ((<usize>config.motionStride) << 2);
  for (let p: usize = 0; p < ROW_BYTES; p += 4) {
    const frame = load<u32>(samples + 5 * row + p) << 2;
    store<f32>(features + p, load<f32>(samples + p) + offsetX + load<f32>(u + frame));
    store<f32>(features + ROW_BYTES + p, load<f32>(samples + row + p) + offsetY + load<f32>(v + frame));
  }
  const time = features + <usize>(2 + 4 * config.frequencies) * ROW_BYTES;
  for (let p: usize = 0; p < ROW_BYTES; p += 16) {
    v128.store(time + p, v128.load(samples + 2 * row + p));
    v128.store(time + ROW_BYTES + p, v128.load(samples + 3 * row + p));
    v128.store(time + 2 * ROW_BYTES + p, v128.load(samples + 4 * row + p));
  }
}

/** Writes the output errors, scaled to the gradient of the mean squared error. Returns the sum of squared errors. */
function outputError(config: KernelConfig, mask: usize, targets: usize): f32 {
  const plane = (<usize>config.points) << 2;
  const scale = f32x4.splat(2 * config.meanFactor);
  let squares = f32x4.splat(0);
  for (let c: usize = 0; c < 3; c++) {
    const out = config.output + c * ROW_BYTES;
    const error = config.errors + c * ROW_BYTES;
    for (let p: usize = 0; p < ROW_BYTES; p += 16) {
      const d = f32x4.mul(f32x4.sub(v128.load(out + p), v128.load(targets + p)), v128.load(mask + p));
      squares = f32x4.add(squares, f32x4.mul(d, d));
      v128.store(error + p, f32x4.mul(d, scale));
    }
    targets += plane;
  }
  return horizontalSum(squares);
}

/** Adds the gradient of each point's position to the gradient of the displacement of its frame. */
function scatterMotionGradient(config: KernelConfig, frames: usize): void {
  const u = config.gradient + ((<usize>config.motionStart) << 2);
  const v = u + ((<usize>config.motionStride) << 2);
  const positionGradient = config.featureGradient;
  for (let p: usize = 0; p < ROW_BYTES; p += 4) {
    const frame = load<u32>(frames + p) << 2;
    store<f32>(u + frame, load<f32>(u + frame) + load<f32>(positionGradient + p));
    store<f32>(v + frame, load<f32>(v + frame) + load<f32>(positionGradient + ROW_BYTES + p));
  }
}

/** Computes all sine layers for the strip whose samples begin at `samples`. */
function forwardHidden(config: KernelConfig, samples: usize, offsetX: f32, offsetY: f32): void {
  writeFeatures(config, samples, offsetX, offsetY);
  encodePosition(config.features, config.frequencies);
  for (let l = 0; l < config.hiddenLayers; l++) {
    const layer = changetype<Layer>(config.layers + <usize>l * LAYER_BYTES);
    sineLayer(
      layer.input,
      layer.inputs,
      layer.weights,
      (<usize>layer.outputs) << 2,
      layer.bias,
      layer.outputs,
      layer.output,
      layer.angleGradient,
    );
  }
}

/**
 * Adds a strip to the normal equations of the head. gram: v128[width + 1][width], sums of h h^T, where h ends with a one.
 * The head's lane sums accumulate h y^T. Every point of the strip counts, padding included.
 */
export function addNormalEquations(
  config: KernelConfig,
  index: i32,
  samples: usize,
  offsetX: f32,
  offsetY: f32,
  gram: usize,
): void {
  const at = <usize>index * ROW_BYTES;
  forwardHidden(config, samples + at, offsetX, offsetY);
  const head = changetype<Layer>(config.layers + <usize>config.hiddenLayers * LAYER_BYTES);
  for (let c: usize = 0; c < 3; c++) {
    memory.copy(
      config.errors + c * ROW_BYTES,
      config.targets + c * ((<usize>config.points) << 2) + at,
      ROW_BYTES,
    );
  }
  addOuterProducts(head.input, head.inputs + 1, head.input, head.inputs, gram);
  addOuterProducts(head.input, head.inputs + 1, config.errors, 4, head.laneSums);
}

/** Runs the forward and backward pass of strip `index` of a step. Returns its sum of squared errors. */
export function trainStrip(
  config: KernelConfig,
  index: i32,
  samples: usize,
  offsetX: f32,
  offsetY: f32,
): f32 {
  const at = <usize>index * ROW_BYTES;
  forwardHidden(config, samples + at, offsetX, offsetY);
  const first = config.layers;
  const head = changetype<Layer>(first + <usize>config.hiddenLayers * LAYER_BYTES);
  linear(head.input, head.inputs, head.weights, 16, head.bias, 4, head.output);
  const squares = outputError(config, config.mask + at, config.targets + at);
  let from = config.errors;
  for (let l = config.hiddenLayers; l >= 0; l--) {
    const layer = changetype<Layer>(first + <usize>l * LAYER_BYTES);
    const outputs = layer.outputs;
    const stride = (<usize>layer.transposedStride) << 2;
    if (layer.laneSums != 0) addOuterProducts(layer.input, layer.inputs + 1, from, outputs, layer.laneSums);
    if (l == 0) {
      const positionFeatures = (2 + 4 * config.frequencies + 3) & ~3;
      backwardLinear(from, outputs, layer.transposed, stride, positionFeatures, config.featureGradient);
    } else {
      const previous = changetype<Layer>(first + <usize>(l - 1) * LAYER_BYTES).angleGradient;
      backwardSine(from, outputs, layer.transposed, stride, layer.inputs, previous);
      from = previous;
    }
  }
  backwardEncoding(config.features, config.frequencies, config.featureGradient);
  scatterMotionGradient(config, samples + 5 * ((<usize>config.points) << 2) + at);
  return squares;
}

/** Gathers the sampled pixels of a step and writes them as normalized targets. pixels: u32 each, R' in the lowest byte. */
export function loadTargets(config: KernelConfig, samples: usize, pixels: usize): void {
  const plane = (<usize>config.points) << 2;
  const rows = samples + 6 * plane;
  const scale = f32x4.splat(config.targetScale);
  const shift = f32x4.splat(config.targetShift);
  const byte = i32x4.splat(255);
  const targets = config.targets;
  for (let p: usize = 0; p < plane; p += 16) {
    let packed = v128.load32_zero(pixels + (load<u32>(rows + p) << 2));
    packed = v128.load32_lane(pixels + (load<u32>(rows + p, 4) << 2), packed, 1);
    packed = v128.load32_lane(pixels + (load<u32>(rows + p, 8) << 2), packed, 2);
    packed = v128.load32_lane(pixels + (load<u32>(rows + p, 12) << 2), packed, 3);
    const red = f32x4.convert_i32x4_s(v128.and(packed, byte));
    const green = f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(packed, 8), byte));
    const blue = f32x4.convert_i32x4_s(i32x4.shr_u(packed, 16));
    v128.store(targets + p, f32x4.add(f32x4.mul(red, scale), shift));
    v128.store(targets + plane + p, f32x4.add(f32x4.mul(green, scale), shift));
    v128.store(targets + 2 * plane + p, f32x4.add(f32x4.mul(blue, scale), shift));
  }
}

/** Returns the number of strips per step. */
// @ts-ignore: decorator
@inline
export function stripCount(config: KernelConfig): i32 {
  return config.points / STRIP;
}
