// Sine and cosine of an argument in turns: sin(2 pi z).

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
  let q = f32x4.add(f32x4.mul(f32x4.splat(-32.60916782949009), s), f32x4.splat(66.23887593325463));
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(-64.79273855377302));
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(25.132169112153772));
  return f32x4.mul(f32x4.mul(r, f32x4.sub(f32x4.splat(0.25), s)), q);
}

// @ts-ignore: decorator
@inline
export function cosine4(z: v128): v128 {
  return sine4(f32x4.add(z, f32x4.splat(0.25)));
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
 * Returns the cosine of 2 pi x / 65536 for eight phases, in 1.15 fixed point. With w = 1 - 4 |x| / 65536,
 * cos = sin(pi w / 2) = w (1 + C0 + C1 w^2 + C2 w^4), with coefficients that minimize the maximum error (7e-5).
 * Rounding adds as much.
 */
// @ts-ignore: decorator
@inline
export function cosine8(x: v128): v128 {
  const v = i16x8.sub(i16x8.splat(16384), i16x8.abs(x));
  const w = i16x8.max_s(i16x8.add_sat_s(v, v), i16x8.splat(-32767));
  const s = product8(w, w);
  let p = i16x8.add(product8(s, i16x8.splat(2355)), i16x8.splat(-21041));
  p = i16x8.add(product8(p, s), i16x8.splat(18688));
  return i16x8.add_sat_s(w, product8(p, w));
}
