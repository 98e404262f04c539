// SIMD helpers. The four lanes of a vector hold four points, or four weights of a row. Activation matrices have rows of
// STRIP points.

/** Points that pass through the network together, so that their activations stay in the L1 cache. */
export const STRIP = 32;
/** Bytes per row of activations. */
export const ROW_BYTES: usize = STRIP * 4;

/** Returns a b + c; with relaxed SIMD a fused multiply-add, which rounds once. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/**
 * Whether this is the wide build, whose loops keep twice as many vectors in registers. It is faster where the engine merges
 * pairs of vectors into 256 bits, and slower elsewhere. Both builds compute the same bits.
 */
// @ts-ignore: the compiler option --use defines WIDE_BUILD
export const WIDE: bool = WIDE_BUILD != 0;

/** Returns a b + c if `enabled`, else c. `enabled` is a compile-time constant. */
// @ts-ignore: decorator
@inline
export function maddIf(enabled: bool, a: v128, b: v128, c: v128): v128 {
  return enabled ? madd(a, b, c) : c;
}

/**
 * Stores two vectors side by side. V8 merges such a pair of stores into one of 256 bits, together with the operations that
 * lead to it, if the stores follow each other, have the same base and differ in their immediate offset, and both vectors are
 * computed by the same operations from adjacent vectors or common factors.
 */
// @ts-ignore: decorator
@inline
export function storePair(at: usize, a: v128, b: v128): void {
  v128.store(at, a);
  v128.store(at, b, 16);
}

/** Returns a vector of the lane sums of a, b, c and d. */
// @ts-ignore: decorator
@inline
export function horizontalSums4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** Returns the sum of the lanes. */
// @ts-ignore: decorator
@inline
export function horizontalSum(a: v128): f32 {
  return (
    f32x4.extract_lane(a, 0) +
    f32x4.extract_lane(a, 1) +
    (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3))
  );
}

/** Transposes a block of 4 x 4 floats and multiplies it by `factor`. Strides are in bytes. */
// @ts-ignore: decorator
@inline
export function transpose4(from: usize, fromStride: usize, to: usize, toStride: usize, factor: v128): void {
  const a = f32x4.mul(v128.load(from), factor);
  const b = f32x4.mul(v128.load(from + fromStride), factor);
  const c = f32x4.mul(v128.load(from + 2 * fromStride), factor);
  const d = f32x4.mul(v128.load(from + 3 * fromStride), factor);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to + toStride, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(to + 2 * toStride, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(to + 3 * toStride, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}

/**
 * Transposes from: f32[n][m] to f32[m][stride] and multiplies it by `factor`. n, m: multiples of 4. Columns of the output
 * from n on are not written.
 */
export function transpose(from: usize, n: i32, m: i32, to: usize, stride: i32, factor: f32): void {
  const scale = f32x4.splat(factor);
  const fromStride = (<usize>m) << 2;
  const toStride = (<usize>stride) << 2;
  for (let i = 0; i < n; i += 4) {
    for (let o = 0; o < m; o += 4) {
      const source = from + <usize>i * fromStride + ((<usize>o) << 2);
      transpose4(source, fromStride, to + <usize>o * toStride + ((<usize>i) << 2), toStride, scale);
    }
  }
}
