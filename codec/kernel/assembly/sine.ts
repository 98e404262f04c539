// Sine and cosine of an argument in turns: sin(2 pi z).
//
// Constants are in memory. The V8 of Node 24 and later compiles a constant vector into three instructions at every use,
// also inside loops. Loading it from memory takes one, and before a loop it leaves the vector in a register.

/** Constants of `sine4`: the coefficients of Q, highest power first. */
const SINE_POLYNOMIAL = memory.data<f32>(
  [-32.60916782949009, 66.23887593325463, -64.79273855377302, 25.132169112153772],
  16,
);
/** A quarter of a turn. */
const QUARTER = memory.data<f32>([0.25], 16);

// @ts-ignore: decorator
@inline
export function quarterTurn(): v128 {
  return v128.load32_splat(QUARTER);
}

/**
 * Returns sin(2 pi z) in floats, for the axes. With r = z - round(z) in [-1/2, 1/2] and s = r^2,
 * sin(2 pi r) = r (1/4 - s) Q(s), where Q is the cubic that minimizes the maximum error (6.7e-6 in float32). The
 * factors r and 1/4 - s make the zeros of the sine exact.
 */
// @ts-ignore: decorator
@inline
export function sine4(z: v128): v128 {
  const r = f32x4.sub(z, f32x4.nearest(z));
  const s = f32x4.mul(r, r);
  let q = f32x4.add(f32x4.mul(v128.load32_splat(SINE_POLYNOMIAL), s), v128.load32_splat(SINE_POLYNOMIAL, 4));
  q = f32x4.add(f32x4.mul(q, s), v128.load32_splat(SINE_POLYNOMIAL, 8));
  q = f32x4.add(f32x4.mul(q, s), v128.load32_splat(SINE_POLYNOMIAL, 12));
  return f32x4.mul(f32x4.mul(r, f32x4.sub(quarterTurn(), s)), q);
}

// @ts-ignore: decorator
@inline
export function cosine4(z: v128): v128 {
  return sine4(f32x4.add(z, quarterTurn()));
}

/**
 * Returns the rounded product of 1.15 fixed-point numbers. Callers never multiply -1 by -1, the only case in which the
 * result of the relaxed instruction (one machine instruction instead of five) may differ. Both builds of the kernel
 * therefore compute the same bits.
 */
// @ts-ignore: decorator
@inline
function product8(a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i16x8.relaxed_q15mulr_s(a, b) : i16x8.q15mulr_sat_s(a, b);
}

/**
 * Constants of `cosine8`, each as a pair of 16-bit numbers: 1/2, -1 (rounded up), C2, C1, C0. Load each with
 * `cosineConstant`, before a loop.
 */
const COSINE_CONSTANTS = memory.data<i16>(
  [16384, 16384, -32767, -32767, 2355, 2355, -21041, -21041, 18688, 18688],
  16,
);

// @ts-ignore: decorator
@inline
export function cosineConstant(index: usize): v128 {
  return v128.load32_splat(COSINE_CONSTANTS + (index << 2));
}

/**
 * Returns the cosine of 2 pi x / 65536 for eight phases, in 1.15 fixed point. With w = 1 - 4 |x| / 65536,
 * cos = sin(pi w / 2) = w (1 + C0 + C1 w^2 + C2 w^4), with coefficients that minimize the maximum error (7e-5).
 * Rounding adds as much. The other parameters are constants 0 to 4.
 */
// @ts-ignore: decorator
@inline
export function cosine8(x: v128, half: v128, minusOne: v128, c2: v128, c1: v128, c0: v128): v128 {
  const v = i16x8.sub(half, i16x8.abs(x));
  const w = i16x8.max_s(i16x8.add_sat_s(v, v), minusOne);
  const s = product8(w, w);
  let p = i16x8.add(product8(s, c2), c1);
  p = i16x8.add(product8(p, s), c0);
  return i16x8.add_sat_s(w, product8(p, w));
}
