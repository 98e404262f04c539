// Sine in turns: sin(2 pi z). With r = z - round(z) in [-1/2, 1/2] and s = r^2,
// sin(2 pi r) = r (1/4 - s) Q(s); Q is the cubic that minimises the largest error (6.7e-6 in float32).
// The factors r and 1/4 - s put the zeros of the sine exactly where they belong.

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
