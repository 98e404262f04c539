// Forward and backward pass of one strip of points.

import { encode, encodingSlope } from "./encoding";
import { ROW, STRIP, sum } from "./lanes";
import { addProducts } from "./outer";
import { Layer, Plan } from "./plan";
import { backwards, linear, sineLayer, slopes } from "./product";

const LAYER = offsetof<Layer>();

/** Puts positions, moved by their displacements, and time into the features. */
function place(plan: Plan, samples: usize, offsetX: f32, offsetY: f32): void {
  const row = <usize>plan.points << 2;
  const features = plan.features;
  const u = plan.motion;
  const v = u + (<usize>plan.motionLength << 2);
  for (let p: usize = 0; p < ROW; p += 4) {
    const frame = load<u32>(samples + 5 * row + p) << 2;
    store<f32>(features + p, load<f32>(samples + p) + offsetX + load<f32>(u + frame));
    store<f32>(features + ROW + p, load<f32>(samples + row + p) + offsetY + load<f32>(v + frame));
  }
  const time = features + <usize>(2 + 4 * plan.frequencies) * ROW;
  for (let p: usize = 0; p < ROW; p += 16) {
    v128.store(time + p, v128.load(samples + 2 * row + p));
    v128.store(time + ROW + p, v128.load(samples + 3 * row + p));
    v128.store(time + 2 * ROW + p, v128.load(samples + 4 * row + p));
  }
}

/** Errors of what came out, scaled to the gradient of the mean. -> the sum of their squares */
function judge(plan: Plan, real: usize, targets: usize): f32 {
  const plane = <usize>plan.points << 2;
  const scale = f32x4.splat(2 * plan.share);
  let squares = f32x4.splat(0);
  for (let c: usize = 0; c < 3; c++) {
    const out = plan.output + c * ROW;
    const error = plan.errors + c * ROW;
    for (let p: usize = 0; p < ROW; p += 16) {
      const d = f32x4.mul(f32x4.sub(v128.load(out + p), v128.load(targets + p)), v128.load(real + p));
      squares = f32x4.add(squares, f32x4.mul(d, d));
      v128.store(error + p, f32x4.mul(d, scale));
    }
    targets += plane;
  }
  return sum(squares);
}

/** Adds the gradient by the position to that by the displacement of the point's frame. */
function moveSlope(plan: Plan, frames: usize): void {
  const u = plan.gradient + (<usize>plan.motionAt << 2);
  const v = u + (<usize>plan.motionLength << 2);
  const slope = plan.featureSlopes;
  for (let p: usize = 0; p < ROW; p += 4) {
    const frame = load<u32>(frames + p) << 2;
    store<f32>(u + frame, load<f32>(u + frame) + load<f32>(slope + p));
    store<f32>(v + frame, load<f32>(v + frame) + load<f32>(slope + ROW + p));
  }
}

/** All sine layers of the strip whose points begin at `samples`. */
function hidden(plan: Plan, samples: usize, offsetX: f32, offsetY: f32): void {
  place(plan, samples, offsetX, offsetY);
  encode(plan.features, plan.frequencies);
  for (let l = 0; l < plan.count; l++) {
    const layer = changetype<Layer>(plan.layers + <usize>l * LAYER);
    sineLayer(
      layer.input, layer.inputs, layer.weights, <usize>layer.outputs << 2, layer.bias, layer.outputs, layer.output, layer.slopes,
    );
  }
}

/**
 * Adds to the normal equations of the head: gram is v128[width + 1][width], the sums of h h^T where h ends with a one,
 * and the head's own sums become those of h y^T. All points of the strip count.
 */
export function normalEquations(plan: Plan, index: i32, samples: usize, offsetX: f32, offsetY: f32, gram: usize): void {
  const at = <usize>index * ROW;
  hidden(plan, samples + at, offsetX, offsetY);
  const head = changetype<Layer>(plan.layers + <usize>plan.count * LAYER);
  for (let c: usize = 0; c < 3; c++) {
    memory.copy(plan.errors + c * ROW, plan.targets + c * (<usize>plan.points << 2) + at, ROW);
  }
  addProducts(head.input, head.inputs + 1, head.input, head.inputs, gram);
  addProducts(head.input, head.inputs + 1, plan.errors, 4, head.sums);
}

/** Strip `index` of a step: adds to all sums. -> the sum of squared errors */
export function strip(plan: Plan, index: i32, samples: usize, offsetX: f32, offsetY: f32): f32 {
  const at = <usize>index * ROW;
  hidden(plan, samples + at, offsetX, offsetY);
  const first = plan.layers;
  const head = changetype<Layer>(first + <usize>plan.count * LAYER);
  linear(head.input, head.inputs, head.weights, 16, head.bias, 4, head.output);
  const squares = judge(plan, plan.real + at, plan.targets + at);
  let from = plan.errors;
  for (let l = plan.count; l >= 0; l--) {
    const layer = changetype<Layer>(first + <usize>l * LAYER);
    const outputs = layer.outputs;
    if (layer.sums != 0) addProducts(layer.input, layer.inputs + 1, from, outputs, layer.sums);
    if (l == 0) {
      backwards(from, outputs, layer.transposed, <usize>layer.across << 2, (2 + 4 * plan.frequencies + 3) & ~3, plan.featureSlopes);
    } else {
      const before = changetype<Layer>(first + <usize>(l - 1) * LAYER).slopes;
      slopes(from, outputs, layer.transposed, <usize>layer.across << 2, layer.inputs, before);
      from = before;
    }
  }
  encodingSlope(plan.features, plan.frequencies, plan.featureSlopes);
  moveSlope(plan, samples + 5 * (<usize>plan.points << 2) + at);
  return squares;
}

/** Bytes of the pixels that a step draws -> normalized targets. pixels: u32 each, R' lowest. */
export function draw(plan: Plan, samples: usize, pixels: usize): void {
  const plane = <usize>plan.points << 2;
  const rows = samples + 6 * plane;
  const scale = f32x4.splat(plan.targetScale);
  const shift = f32x4.splat(plan.targetShift);
  const byte = i32x4.splat(255);
  const targets = plan.targets;
  for (let p: usize = 0; p < plane; p += 16) {
    let four = v128.load32_zero(pixels + (load<u32>(rows + p) << 2));
    four = v128.load32_lane(pixels + (load<u32>(rows + p, 4) << 2), four, 1);
    four = v128.load32_lane(pixels + (load<u32>(rows + p, 8) << 2), four, 2);
    four = v128.load32_lane(pixels + (load<u32>(rows + p, 12) << 2), four, 3);
    const red = f32x4.convert_i32x4_s(v128.and(four, byte));
    const green = f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(four, 8), byte));
    const blue = f32x4.convert_i32x4_s(i32x4.shr_u(four, 16));
    v128.store(targets + p, f32x4.add(f32x4.mul(red, scale), shift));
    v128.store(targets + plane + p, f32x4.add(f32x4.mul(green, scale), shift));
    v128.store(targets + 2 * plane + p, f32x4.add(f32x4.mul(blue, scale), shift));
  }
}

/** Strips of a step. */
// @ts-ignore: decorator
@inline
export function strips(plan: Plan): i32 {
  return plan.points / STRIP;
}
