/** A field that the kernel reads as f32; plain numbers are u32. */
export class Float {
  constructor(readonly value: number) {}
}

/**
 * A layer in the kernel's format: the fields of `Layer` in encoder/training/kernel/assembly/config.ts, in the same order.
 */
export interface LayerRecord {
  input: number;
  inputs: number;
  outputs: number;
  weights: number;
  transposed: number;
  transposedStride: number;
  bias: number;
  output: number;
  angleGradient: number;
  laneSums: number;
  weightsOffset: number;
  biasOffset: number;
  weightStep: Float;
  biasStep: Float;
  gradientScale: Float;
  turnScale: Float;
  backwardScale: Float;
  sharedWeights: number;
}

/** The configuration in the kernel's format: the fields of `KernelConfig` in the same file, in the same order. */
export interface ConfigRecord {
  layers: number;
  hiddenLayers: number;
  frequencies: number;
  points: number;
  samples: number;
  mask: number;
  schedule: number;
  quantized: number;
  losses: number;
  targets: number;
  features: number;
  featureCount: number;
  featureGradient: number;
  output: number;
  errors: number;
  parameterCount: number;
  adamStart: number;
  motionStart: number;
  motionStride: number;
  frames: number;
  gradient: number;
  motion: number;
  motionStep: Float;
  targetScale: Float;
  targetShift: Float;
  meanFactor: Float;
  lambda: Float;
  motionLearningRateScale: Float;
  muonLearningRateScale: Float;
  useMuon: number;
  scratch: number;
}

/** Returns the size of a record in bytes. Every field has four bytes. */
export const recordBytes = (record: LayerRecord | ConfigRecord): number => 4 * Object.keys(record).length;

/** Writes a record at `address`, field by field in the order of its properties. */
export function writeRecord(memory: DataView, address: number, record: LayerRecord | ConfigRecord): void {
  Object.values(record).forEach((value: number | Float, i) => {
    if (value instanceof Float) memory.setFloat32(address + 4 * i, value.value, true);
    else memory.setUint32(address + 4 * i, value, true);
  });
}
