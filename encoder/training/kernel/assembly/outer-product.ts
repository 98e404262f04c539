// Weight gradients: sums of activation times gradient over all points. Each of the four lanes has its own sum over all
// strips of a step. The lane sums are added at the end of the step.

import { horizontalSums4, madd, ROW_BYTES } from "./lanes";

/** Adds the outer product of rows [n] and gradients [m], lane by lane, to sums: v128[n][m]. m: a multiple of 4. */
export function addOuterProducts(rows: usize, n: i32, gradients: usize, m: i32, sums: usize): void {
  const stride = (<usize>m) << 4;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const first = rows + <usize>i * ROW_BYTES;
    let to = sums + <usize>i * stride;
    for (let o = 0; o < m; o += 2) {
      let x = first;
      let d = gradients + <usize>o * ROW_BYTES;
      let to1 = to + stride;
      let to2 = to1 + stride;
      let to3 = to2 + stride;
      let a0 = v128.load(to);
      let b0 = v128.load(to, 16);
      let a1 = v128.load(to1);
      let b1 = v128.load(to1, 16);
      let a2 = v128.load(to2);
      let b2 = v128.load(to2, 16);
      let a3 = v128.load(to3);
      let b3 = v128.load(to3, 16);
      const end = x + ROW_BYTES;
      do {
        let da = v128.load(d);
        let db = v128.load(d, ROW_BYTES);
        let k = v128.load(x);
        a0 = madd(k, da, a0);
        b0 = madd(k, db, b0);
        k = v128.load(x, ROW_BYTES);
        a1 = madd(k, da, a1);
        b1 = madd(k, db, b1);
        k = v128.load(x, 2 * ROW_BYTES);
        a2 = madd(k, da, a2);
        b2 = madd(k, db, b2);
        k = v128.load(x, 3 * ROW_BYTES);
        a3 = madd(k, da, a3);
        b3 = madd(k, db, b3);
        da = v128.load(d, 16);
        db = v128.load(d, ROW_BYTES + 16);
        k = v128.load(x, 16);
        a0 = madd(k, da, a0);
        b0 = madd(k, db, b0);
        k = v128.load(x, ROW_BYTES + 16);
        a1 = madd(k, da, a1);
        b1 = madd(k, db, b1);
        k = v128.load(x, 2 * ROW_BYTES + 16);
        a2 = madd(k, da, a2);
        b2 = madd(k, db, b2);
        k = v128.load(x, 3 * ROW_BYTES + 16);
        a3 = madd(k, da, a3);
        b3 = madd(k, db, b3);
        x += 32;
        d += 32;
      } while (x != end);
      v128.store(to, a0);
      v128.store(to, b0, 16);
      v128.store(to1, a1);
      v128.store(to1, b1, 16);
      v128.store(to2, a2);
      v128.store(to2, b2, 16);
      v128.store(to3, a3);
      v128.store(to3, b3, 16);
      to += 32;
    }
  }
  for (; i < n; i++) addRow(rows + <usize>i * ROW_BYTES, gradients, m, sums + <usize>i * stride);
}

/** Does the same as `addOuterProducts` for one row. */
// @ts-ignore: decorator
@inline
function addRow(row: usize, gradients: usize, m: i32, to: usize): void {
  for (let o = 0; o < m; o += 4) {
    let a = v128.load(to);
    let b = v128.load(to, 16);
    let c = v128.load(to, 32);
    let e = v128.load(to, 48);
    const end = row + ROW_BYTES;
    let d = gradients + <usize>o * ROW_BYTES;
    for (let x = row; x != end; x += 16) {
      const k = v128.load(x);
      a = madd(k, v128.load(d), a);
      b = madd(k, v128.load(d, ROW_BYTES), b);
      c = madd(k, v128.load(d, 2 * ROW_BYTES), c);
      e = madd(k, v128.load(d, 3 * ROW_BYTES), e);
      d += 16;
    }
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, e, 48);
    to += 64;
  }
}

/** Returns the lane sums of sums: v128[4], and resets it to 0. */
// @ts-ignore: decorator
@inline
function takeLaneSums(sums: usize): v128 {
  const all = horizontalSums4(v128.load(sums), v128.load(sums, 16), v128.load(sums, 32), v128.load(sums, 48));
  const zero = f32x4.splat(0);
  v128.store(sums, zero);
  v128.store(sums, zero, 16);
  v128.store(sums, zero, 32);
  v128.store(sums, zero, 48);
  return all;
}

/** Adds the lane sums of sums: v128[count] to to: f32[count], and resets them to 0. count: a multiple of 4. */
export function addLaneSums(sums: usize, count: i32, to: usize): void {
  for (let i = 0; i < count; i += 4) {
    v128.store(to, f32x4.add(v128.load(to), takeLaneSums(sums)));
    sums += 64;
    to += 16;
  }
}

/**
 * Writes gradient: f32[count] = factor * the lane sums of sums: v128[count], and resets them to 0. count: a multiple of 4.
 */
export function reduceLanes(sums: usize, count: i32, factor: f32, gradient: usize): void {
  for (let i = 0; i < count; i += 4) {
    v128.store(gradient, f32x4.mul(takeLaneSums(sums), f32x4.splat(factor)));
    sums += 64;
    gradient += 16;
  }
}
