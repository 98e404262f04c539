// Weight gradients: sums of activation times gradient over all points. Each of the four lanes has its own sum over all
// strips of a step. The lane sums are added at the end of the step.

import { horizontalSums4, madd, maddIf, ROW_BYTES, storePair, WIDE } from "./lanes";

/** Columns of the sums that the registers hold. */
const COLUMNS = WIDE ? 4 : 2;

/** Adds the outer product of rows [n] and gradients [m], lane by lane, to sums: v128[n][m]. m: a multiple of 4. */
export function addOuterProducts(rows: usize, n: i32, gradients: usize, m: i32, sums: usize): void {
  const stride = (<usize>m) << 4;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const first = rows + <usize>i * ROW_BYTES;
    let to = sums + <usize>i * stride;
    for (let o = 0; o < m; o += COLUMNS) {
      let x = first;
      let d = gradients + <usize>o * ROW_BYTES;
      const to1 = to + stride;
      const to2 = to1 + stride;
      const to3 = to2 + stride;
      let a0 = v128.load(to);
      let b0 = v128.load(to, 16);
      let c0 = WIDE ? v128.load(to, 32) : a0;
      let d0 = WIDE ? v128.load(to, 48) : b0;
      let a1 = v128.load(to1);
      let b1 = v128.load(to1, 16);
      let c1 = WIDE ? v128.load(to1, 32) : a1;
      let d1 = WIDE ? v128.load(to1, 48) : b1;
      let a2 = v128.load(to2);
      let b2 = v128.load(to2, 16);
      let c2 = WIDE ? v128.load(to2, 32) : a2;
      let d2 = WIDE ? v128.load(to2, 48) : b2;
      let a3 = v128.load(to3);
      let b3 = v128.load(to3, 16);
      let c3 = WIDE ? v128.load(to3, 32) : a3;
      let d3 = WIDE ? v128.load(to3, 48) : b3;
      const end = x + ROW_BYTES;
      do {
        const da = v128.load(d);
        const db = v128.load(d, ROW_BYTES);
        const dc = WIDE ? v128.load(d, 2 * ROW_BYTES) : da;
        const dd = WIDE ? v128.load(d, 3 * ROW_BYTES) : db;
        let k = v128.load(x);
        a0 = madd(k, da, a0);
        b0 = madd(k, db, b0);
        c0 = maddIf(WIDE, k, dc, c0);
        d0 = maddIf(WIDE, k, dd, d0);
        k = v128.load(x, ROW_BYTES);
        a1 = madd(k, da, a1);
        b1 = madd(k, db, b1);
        c1 = maddIf(WIDE, k, dc, c1);
        d1 = maddIf(WIDE, k, dd, d1);
        k = v128.load(x, 2 * ROW_BYTES);
        a2 = madd(k, da, a2);
        b2 = madd(k, db, b2);
        c2 = maddIf(WIDE, k, dc, c2);
        d2 = maddIf(WIDE, k, dd, d2);
        k = v128.load(x, 3 * ROW_BYTES);
        a3 = madd(k, da, a3);
        b3 = madd(k, db, b3);
        c3 = maddIf(WIDE, k, dc, c3);
        d3 = maddIf(WIDE, k, dd, d3);
        x += 16;
        d += 16;
      } while (x != end);
      storePair(to, a0, b0);
      if (WIDE) storePair(to + 32, c0, d0);
      storePair(to1, a1, b1);
      if (WIDE) storePair(to1 + 32, c1, d1);
      storePair(to2, a2, b2);
      if (WIDE) storePair(to2 + 32, c2, d2);
      storePair(to3, a3, b3);
      if (WIDE) storePair(to3 + 32, c3, d3);
      to += (<usize>COLUMNS) << 4;
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
  const zero = f32x4.splat(0);
  const all = horizontalSums4(v128.load(sums), v128.load(sums, 16), v128.load(sums, 32), v128.load(sums, 48));
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
