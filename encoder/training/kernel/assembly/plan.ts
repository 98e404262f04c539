// What the host writes down before it calls the kernel. Fields are four bytes each, in the order of
// encoder/training/kernel/plan.ts. Addresses are bytes.

/** A layer: sine layers in their order, then the linear head. */
@unmanaged
export class Layer {
  /** Rows that go in, and how many: the last layer's, or the features. One more row, of ones, comes after them. */
  input: usize;
  inputs: i32;
  /** A multiple of 4. */
  outputs: i32;
  /** f32[inputs][outputs] as the points see it: rounded where that is asked for, in turns for sine layers. */
  weights: usize;
  /** f32[outputs][across], the same transposed; `across` is at least what goes back, in fours. */
  transposed: usize;
  across: i32;
  bias: usize;
  /** Rows that come out, and for sine layers rows of cosines, which become the gradient at the angles. */
  output: usize;
  slopes: usize;
  /** v128[inputs + 1][outputs], sums of products; 0 where the layer is not learned. */
  sums: usize;
  /** Where weights and bias begin in a tile's numbers, or in the shared encoder's; in bytes. */
  weightsAt: usize;
  biasAt: usize;
  /** Quantization steps of weights and bias; 0 where they are not rounded. */
  weightStep: f32;
  biasStep: f32;
  /** What is in the sums times this is the gradient. */
  factor: f32;
  /** Weights times `turns` are what the points see, and those times `back` what the gradient sees. */
  turns: f32;
  back: f32;
  /** The shared encoder's numbers; 0 for a layer of the tile's own. */
  shared: usize;
}

/** All else. */
@unmanaged
export class Plan {
  /** Layer[layers + 1] */
  layers: usize;
  /** Sine layers. */
  count: i32;
  frequencies: i32;
  /** Points of a step, in whole strips. */
  points: i32;
  /** Steps in memory: for each, rows of `points` x, y, t, sin t, cos t, frame, pixel. */
  samples: usize;
  /** f32[points]: 1, and 0 for points that only fill the last strip. */
  real: usize;
  /** f32[4] a step: rate, beta1, corrections of both moments. */
  schedule: usize;
  /** f32 a step: 1 where numbers are rounded and priced. */
  coded: usize;
  /** f64 a step: sums of squared errors. */
  losses: usize;
  /** f32[3][points]: what should come out. */
  targets: usize;
  /** Rows of features, with a row of ones at their end. */
  features: usize;
  featureCount: i32;
  /** Rows of the gradient by the features of the position, in fours. */
  featureSlopes: usize;
  /** Rows: four of what comes out, four of its error, the last of which is 0. */
  output: usize;
  errors: usize;
  /** A tile's numbers, moments and gradients are f32[size]: matrices, then from `adamAt` on what AdamW trains, then displacements. */
  size: i32;
  adamAt: i32;
  motionAt: i32;
  /** Displacements along one axis, in fours; and how many there are. */
  motionLength: i32;
  frames: i32;
  /** f32[size]. */
  gradient: usize;
  /** f32[2][motionLength] as the points see it. */
  motion: usize;
  motionStep: f32;
  /** A byte's value becomes value times scale plus shift. */
  targetScale: f32;
  targetShift: f32;
  /** The gradient of the mean by a difference is twice this times the difference. */
  share: f32;
  /** Price of a nat in the mean. */
  price: f32;
  motionRate: f32;
  muonRate: f32;
  /** 1: Muon for the matrices; 0: AdamW for all. */
  muon: i32;
  /** Room for Muon. */
  scratch: usize;
}
