// Training of the tile profile, one tile after the other: all that a step needs of a tile is in the second-level cache,
// what a strip of points needs in the first. Nothing here allocates; the host says where everything is (plan.ts).

import { adam } from "./adam";
import { addChangePrice, addPrice, stored } from "./coding";
import { transpose } from "./lanes";
import { muon } from "./muon";
import { collect, collectMore } from "./outer";
import { Layer, Plan } from "./plan";
import { draw, normalEquations, strip, strips } from "./strip";

const LAYER = offsetof<Layer>();

/** Bytes that the host has to keep free from address 0 on. */
export function staticBytes(): usize {
  return __heap_base;
}

/** Weights as the points of a step see them. */
function prepare(plan: Plan, tile: usize, share: f32): void {
  for (let l = 0; l <= plan.count; l++) {
    const layer = changetype<Layer>(plan.layers + <usize>l * LAYER);
    const from = layer.shared != 0 ? layer.shared : tile;
    const inputs = layer.inputs;
    const outputs = layer.outputs;
    stored(from + layer.weightsAt, inputs * outputs, layer.weightStep, share, layer.turns, layer.weights);
    stored(from + layer.biasAt, outputs, layer.biasStep, share, layer.turns, layer.bias);
    transpose(layer.weights, (inputs + 3) & ~3, outputs, layer.transposed, layer.across, layer.back);
  }
  const displacements = tile + (<usize>plan.motionAt << 2);
  stored(displacements, 2 * plan.motionLength, plan.motionStep, share, 1, plan.motion);
}

/** The sums of a step become gradients; where numbers are priced, that is added. */
function gather(plan: Plan, tile: usize, share: f32): void {
  const price = plan.price * share;
  for (let l = 0; l <= plan.count; l++) {
    const layer = changetype<Layer>(plan.layers + <usize>l * LAYER);
    if (layer.sums == 0 || layer.shared != 0) continue;
    const weights = layer.inputs * layer.outputs;
    const ofWeights = plan.gradient + layer.weightsAt;
    const ofBias = plan.gradient + layer.biasAt;
    collect(layer.sums, weights, layer.factor, ofWeights);
    collect(layer.sums + (<usize>weights << 4), layer.outputs, layer.factor, ofBias);
    if (price == 0 || layer.weightStep == 0) continue;
    addPrice(tile + layer.weightsAt, weights, layer.weightStep, price, ofWeights);
    addPrice(tile + layer.biasAt, layer.outputs, layer.biasStep, price, ofBias);
  }
  if (price == 0 || plan.frames < 2) return;
  const axis = <usize>plan.motionLength << 2;
  const displacements = tile + (<usize>plan.motionAt << 2);
  const slope = plan.gradient + (<usize>plan.motionAt << 2);
  addChangePrice(displacements, plan.frames, plan.motionStep, price, slope, plan.scratch);
  addChangePrice(displacements + axis, plan.frames, plan.motionStep, price, slope + axis, plan.scratch);
}

/** Optimizer: Muon for the matrices of sine layers, AdamW for the rest. A tile is f32[3][size]: numbers, moments. */
function update(plan: Plan, tile: usize, schedule: usize): void {
  const bytes = <usize>plan.size << 2;
  const first = tile + bytes;
  const second = first + bytes;
  const gradient = plan.gradient;
  if (plan.muon) {
    const rate = load<f32>(schedule) * plan.muonRate;
    for (let l = 0; l < plan.count; l++) {
      const layer = changetype<Layer>(plan.layers + <usize>l * LAYER);
      if (layer.shared != 0) continue;
      const at = layer.weightsAt;
      muon(tile + at, first + at, gradient + at, layer.inputs, layer.outputs, rate, plan.scratch);
    }
  }
  const from = plan.muon ? <usize>plan.adamAt << 2 : 0;
  const motion = <usize>plan.motionAt << 2;
  adam(tile + from, first + from, second + from, gradient + from, <i32>((motion - from) >> 2), schedule, 1);
  const rest = plan.size - plan.motionAt;
  adam(tile + motion, first + motion, second + motion, gradient + motion, rest, schedule, plan.motionRate);
}

/** One step of a tile towards what is in `plan.targets`; `step` counts those in memory. */
export function stepTile(plan: Plan, tile: usize, step: i32, offsetX: f32, offsetY: f32): void {
  const share = load<f32>(plan.coded + (<usize>step << 2));
  const samples = plan.samples + (<usize>(step * 7 * plan.points) << 2);
  prepare(plan, tile, share);
  memory.fill(plan.gradient + (<usize>plan.motionAt << 2), 0, <usize>(plan.size - plan.motionAt) << 2);
  let squares: f64 = 0;
  for (let i = 0; i < strips(plan); i++) squares += <f64>strip(plan, i, samples, offsetX, offsetY);
  gather(plan, tile, share);
  update(plan, tile, plan.schedule + (<usize>step << 4));
  const loss = plan.losses + (<usize>step << 3);
  store<f64>(loss, load<f64>(loss) + squares);
}

/** Steps `from` to `to` of those in memory, of one tile. pixels: u32 each. */
export function trainTile(plan: Plan, tile: usize, pixels: usize, from: i32, to: i32, offsetX: f32, offsetY: f32): void {
  for (let step = from; step < to; step++) {
    draw(plan, plan.samples + (<usize>(step * 7 * plan.points) << 2), pixels);
    stepTile(plan, tile, step, offsetX, offsetY);
  }
}

/**
 * The normal equations of a tile's head over the points of steps 0 to `steps`, which are whole strips:
 * gram: f32[width + 1][width], sums of h h^T where h ends with a one; cross: f32[width + 1][4], sums of h y^T.
 * sums: v128[width + 1][width], zeros before and after. Each step is summed on its own first: one long sum of float32
 * loses so many digits that units which hardly differ no longer have a unique best head.
 */
export function sumTile(
  plan: Plan, tile: usize, pixels: usize, steps: i32, offsetX: f32, offsetY: f32, sums: usize, gram: usize, cross: usize,
): void {
  const head = changetype<Layer>(plan.layers + <usize>plan.count * LAYER);
  const ofHidden = (head.inputs + 1) * head.inputs;
  const ofColours = (head.inputs + 1) * 4;
  memory.fill(gram, 0, <usize>ofHidden << 2);
  memory.fill(cross, 0, <usize>ofColours << 2);
  prepare(plan, tile, 0);
  for (let step = 0; step < steps; step++) {
    const samples = plan.samples + (<usize>(step * 7 * plan.points) << 2);
    draw(plan, samples, pixels);
    for (let i = 0; i < strips(plan); i++) normalEquations(plan, i, samples, offsetX, offsetY, sums);
    collectMore(sums, ofHidden, gram);
    collectMore(head.sums, ofColours, cross);
  }
}

/**
 * One step of the shared encoder, when all tiles have done theirs: f32[3][count] numbers and moments, matrix first,
 * then the bias; gradient: f32[count].
 */
export function stepEncoder(plan: Plan, count: i32, gradient: usize, step: i32): void {
  const layer = changetype<Layer>(plan.layers);
  const bytes = <usize>count << 2;
  collect(layer.sums, count, layer.factor, gradient);
  const schedule = plan.schedule + (<usize>step << 4);
  adam(layer.shared, layer.shared + bytes, layer.shared + 2 * bytes, gradient, count, schedule, 1);
}
