// Records that the host writes before it calls the kernel. Every field takes four bytes, in the order of
// encoder/training/kernel/records.ts. Addresses are in bytes.

/** One layer. Sine layers come first, in order, then the linear head. */
@unmanaged
export class Layer {
  /** Input rows (the features, or the previous layer's output), and their count. A row of ones follows them. */
  input: usize;
  inputs: i32;
  /** A multiple of 4. */
  outputs: i32;
  /** f32[inputs][outputs] for the forward pass: fake-quantized if enabled; for sine layers in turns (1 turn = 2 pi). */
  weights: usize;
  /** f32[outputs][transposedStride], the transpose; `transposedStride` is `inputs` rounded up to a multiple of 4. */
  transposed: usize;
  transposedStride: i32;
  bias: usize;
  /** Output rows. For sine layers also rows of cosines, which the backward pass turns into the gradient of the angles. */
  output: usize;
  angleGradient: usize;
  /** v128[inputs + 1][outputs], gradient sums of each lane; 0 if the layer is not trained. */
  laneSums: usize;
  /** Byte offsets of weights and bias within the tile's parameters, or the shared encoder's. */
  weightsOffset: usize;
  biasOffset: usize;
  /** Quantization steps of weights and bias; 0 disables fake quantization. */
  weightStep: f32;
  biasStep: f32;
  /** Factor from the lane sums to the gradient. */
  gradientScale: f32;
  /** The forward pass uses parameters * turnScale, and the backward pass uses parameters * turnScale * backwardScale. */
  turnScale: f32;
  backwardScale: f32;
  /** Address of the shared encoder's parameters; 0 for a layer that belongs to the tile. */
  sharedWeights: usize;
}

/** Addresses and settings of a training run, except those of its layers. */
@unmanaged
export class KernelConfig {
  /** Layer[hiddenLayers + 1] */
  layers: usize;
  /** Number of sine layers. */
  hiddenLayers: i32;
  frequencies: i32;
  /** Points per step, a multiple of STRIP. */
  points: i32;
  /** Samples of the steps in memory: for each step, rows of `points` x, y, t, sin t, cos t, frame, pixel. */
  samples: usize;
  /** f32[points]: 1 for points that count, 0 for points that only pad the last strip. */
  mask: usize;
  /** f32[4] per step: learning rate, beta1, 1 / (1 - beta1^t), 1 / (1 - beta2^t). */
  schedule: usize;
  /** f32 per step: 1 if fake quantization and the rate term are active, else 0. */
  quantized: usize;
  /** f64 per step: sums of squared errors. */
  losses: usize;
  /** f32[3][points]: target colors. */
  targets: usize;
  /** Feature rows, followed by a row of ones. */
  features: usize;
  featureCount: i32;
  /** Gradient rows of the position features, rounded up to a multiple of 4. */
  featureGradient: usize;
  /** Four output rows, and four rows of output errors; the fourth error row is 0. */
  output: usize;
  errors: usize;
  /**
   * A tile's parameters, each moment buffer and the gradient are f32[parameterCount]: matrices, then from `adamStart`
   * on the parameters that AdamW trains, and last, from `motionStart` on, the displacements.
   */
  parameterCount: i32;
  adamStart: i32;
  motionStart: i32;
  /** Displacements along one axis, rounded up to a multiple of 4; and their count. */
  motionStride: i32;
  frames: i32;
  /** f32[parameterCount]. */
  gradient: usize;
  /** f32[2][motionStride], the displacements for the forward pass, fake-quantized if enabled. */
  motion: usize;
  motionStep: f32;
  /** A target is byte * targetScale + targetShift. */
  targetScale: f32;
  targetShift: f32;
  /** 1 / (values in the mean squared error): the gradient with respect to an output is 2 * meanFactor * error. */
  meanFactor: f32;
  /** Weight of the rate term: normalized squared error per nat, divided by the number of tiles. */
  lambda: f32;
  motionLearningRateScale: f32;
  muonLearningRateScale: f32;
  /** 1: Muon trains the matrices of sine layers; 0: AdamW trains all parameters. */
  useMuon: i32;
  /** Scratch memory of Muon and of the rate term. */
  scratch: usize;
}
