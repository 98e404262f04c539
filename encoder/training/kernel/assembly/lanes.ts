// Lanes are four points, or four weights of a row. Matrices of activations are rows of STRIP points.

/** Points that go through the network together: their activations stay in the first-level cache. */
export const STRIP = 32;
/** Bytes of a row of activations. */
export const ROW: usize = STRIP * 4;

/** a b + c; in one instruction, rounded once, where relaxed SIMD is there. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** The sums of the lanes of a, b, c and d. */
// @ts-ignore: decorator
@inline
export function sums4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** The sum of the lanes. */
// @ts-ignore: decorator
@inline
export function sum(a: v128): f32 {
  return f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3));
}

/** Four rows of four -> four rows of four, transposed and times a factor; `across` and `down` are bytes from row to row. */
// @ts-ignore: decorator
@inline
export function transpose4(at: usize, across: usize, out: usize, down: usize, factor: v128): void {
  const a = f32x4.mul(v128.load(at), factor);
  const b = f32x4.mul(v128.load(at + across), factor);
  const c = f32x4.mul(v128.load(at + 2 * across), factor);
  const d = f32x4.mul(v128.load(at + 3 * across), factor);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(out + down, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(out + 2 * down, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(out + 3 * down, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}

/** Rows [n][m] of floats -> [m][stride] times a factor; n and m are multiples of 4; what lies beyond n in a row is left alone. */
export function transpose(from: usize, n: i32, m: i32, to: usize, stride: i32, factor: f32): void {
  const scale = f32x4.splat(factor);
  const across = <usize>m << 2;
  const down = <usize>stride << 2;
  for (let i = 0; i < n; i += 4) {
    for (let o = 0; o < m; o += 4) {
      transpose4(from + <usize>i * across + (<usize>o << 2), across, to + <usize>o * down + (<usize>i << 2), down, scale);
    }
  }
}
