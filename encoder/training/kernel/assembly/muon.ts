// Muon, as in encoder/training/muon.ts. Matrices are made tall, and padded with zeros, which stay zeros, to rows in
// fours and columns in eights.

import { madd, sum, transpose, transpose4 } from "./lanes";

const MOMENTUM: f32 = 0.95;
const ITERATIONS = 5;
const A: f32 = 3.4445;
const B: f32 = -4.775;
const C: f32 = 2.0315;

/**
 * One step on a matrix [n][m], m a multiple of 4. room: f32 matrices X and Y [rows][columns], gram and polynomial
 * [columns][columns].
 */
export function muon(values: usize, momentum: usize, gradient: usize, n: i32, m: i32, rate: f32, room: usize): void {
  const wide = m > n;
  const tall4 = (n + 3) & ~3;
  const rows = wide ? m : tall4;
  const columns = ((wide ? n : m) + 7) & ~7;
  const size = <usize>(rows * columns) << 2;
  const x = room;
  const y = x + size;
  const gram = y + size;
  const polynomial = gram + (<usize>(columns * columns) << 2);

  const norm = nesterov(momentum, gradient, n * m);
  memory.fill(x, 0, size);
  if (wide) {
    // Up to three rows past the end are read: they belong to the next numbers of `gradient`, and are cleared.
    transpose(gradient, tall4, m, x, columns, 1 / (norm + 1e-12));
    clearColumns(x, rows, n, columns);
  } else {
    const scale = f32x4.splat(1 / (norm + 1e-12));
    for (let i = 0; i < n; i++) {
      const from = gradient + (<usize>(i * m) << 2);
      const to = x + (<usize>(i * columns) << 2);
      for (let o: usize = 0; o < <usize>m << 2; o += 16) v128.store(to + o, f32x4.mul(v128.load(from + o), scale));
    }
  }
  let from = x;
  let to = y;
  for (let i = 0; i < ITERATIONS; i++) {
    gramOf(from, rows, columns, gram);
    polynomialOf(gram, columns, polynomial);
    improve(from, rows, columns, polynomial, to);
    const swap = from;
    from = to;
    to = swap;
  }
  const step = f32x4.splat(rate);
  if (wide) {
    transpose(from, rows, columns, to, rows, 1);
    for (let i: usize = 0; i < <usize>(n * m) << 2; i += 16) {
      v128.store(values + i, f32x4.sub(v128.load(values + i), f32x4.mul(v128.load(to + i), step)));
    }
    return;
  }
  for (let i = 0; i < n; i++) {
    const row = values + (<usize>(i * m) << 2);
    const update = from + (<usize>(i * columns) << 2);
    for (let o: usize = 0; o < <usize>m << 2; o += 16) {
      v128.store(row + o, f32x4.sub(v128.load(row + o), f32x4.mul(v128.load(update + o), step)));
    }
  }
}

/** The gradient becomes the update before it is made orthogonal. -> its Frobenius norm */
function nesterov(momentum: usize, gradient: usize, count: i32): f32 {
  const keep = f32x4.splat(MOMENTUM);
  let squares = f32x4.splat(0);
  for (let i: usize = 0; i < <usize>count << 2; i += 16) {
    const g = v128.load(gradient + i);
    const next = f32x4.add(f32x4.mul(v128.load(momentum + i), keep), g);
    const update = f32x4.add(g, f32x4.mul(next, keep));
    v128.store(momentum + i, next);
    v128.store(gradient + i, update);
    squares = f32x4.add(squares, f32x4.mul(update, update));
  }
  return Mathf.sqrt(sum(squares));
}

/** Columns from `first` to the next multiple of four become 0. */
function clearColumns(at: usize, rows: i32, first: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let o = first; o & 3; o++) store<f32>(at + (<usize>(i * columns + o) << 2), 0);
  }
}

const GRAM = 0;
const POLYNOMIAL = 1;
const IMPROVE = 2;

/**
 * Four rows and eight columns of a product at a time in registers, then:
 * GRAM out = sum; POLYNOMIAL out = B other + C sum; IMPROVE out = A other + sum. The first two are symmetric: what lies
 * in columns of eights wholly below the diagonal is left to `mirror`.
 * left: f32 at (row r, term k) is left + r across + k down.
 */
// @ts-ignore: decorator
@inline
function multiply(
  kind: i32, left: usize, across: usize, down: usize, right: usize, terms: i32, rows: i32, columns: i32, other: usize, out: usize,
): void {
  const stride = <usize>columns << 2;
  const end = <usize>terms * stride;
  for (let i = 0; i < rows; i += 4) {
    const first: usize = kind == IMPROVE ? 0 : <usize>(i & ~7) << 2;
    for (let o: usize = first; o < stride; o += 32) {
      let a0 = f32x4.splat(0);
      let b0 = a0;
      let a1 = a0;
      let b1 = a0;
      let a2 = a0;
      let b2 = a0;
      let a3 = a0;
      let b3 = a0;
      let l = left;
      let r = right + o;
      const last = r + end;
      do {
        const x = v128.load(r);
        const y = v128.load(r, 16);
        let k = v128.load32_splat(l);
        a0 = madd(x, k, a0);
        b0 = madd(y, k, b0);
        k = v128.load32_splat(l + across);
        a1 = madd(x, k, a1);
        b1 = madd(y, k, b1);
        k = v128.load32_splat(l + 2 * across);
        a2 = madd(x, k, a2);
        b2 = madd(y, k, b2);
        k = v128.load32_splat(l + 3 * across);
        a3 = madd(x, k, a3);
        b3 = madd(y, k, b3);
        l += down;
        r += stride;
      } while (r != last);
      const to = out + o;
      const beside = other + o;
      keep(kind, a0, beside, to);
      keep(kind, b0, beside + 16, to + 16);
      keep(kind, a1, beside + stride, to + stride);
      keep(kind, b1, beside + stride + 16, to + stride + 16);
      keep(kind, a2, beside + 2 * stride, to + 2 * stride);
      keep(kind, b2, beside + 2 * stride + 16, to + 2 * stride + 16);
      keep(kind, a3, beside + 3 * stride, to + 3 * stride);
      keep(kind, b3, beside + 3 * stride + 16, to + 3 * stride + 16);
    }
    left += 4 * across;
    out += 4 * stride;
    other += 4 * stride;
  }
}

// @ts-ignore: decorator
@inline
function keep(kind: i32, value: v128, other: usize, out: usize): void {
  if (kind == GRAM) v128.store(out, value);
  else if (kind == POLYNOMIAL) v128.store(out, madd(v128.load(other), f32x4.splat(B), f32x4.mul(value, f32x4.splat(C))));
  else v128.store(out, madd(v128.load(other), f32x4.splat(A), value));
}

/** The part of a symmetric matrix that `multiply` has left out, from the part above the diagonal. */
function mirror(at: usize, columns: i32): void {
  const stride = <usize>columns << 2;
  for (let i = 8; i < columns; i += 4) {
    for (let o = 0; o < (i & ~7); o += 4) {
      transpose4(at + <usize>o * stride + (<usize>i << 2), stride, at + <usize>i * stride + (<usize>o << 2), stride, f32x4.splat(1));
    }
  }
}

/** gram = x^T x. */
function gramOf(x: usize, rows: i32, columns: i32, gram: usize): void {
  multiply(GRAM, x, 4, <usize>columns << 2, x, rows, columns, columns, gram, gram);
  mirror(gram, columns);
}

/** B gram + C gram^2; the matrix is symmetric, so that columns do for rows. */
function polynomialOf(gram: usize, columns: i32, polynomial: usize): void {
  multiply(POLYNOMIAL, gram, 4, <usize>columns << 2, gram, columns, columns, columns, gram, polynomial);
  mirror(polynomial, columns);
}

/** A x + x polynomial. */
function improve(x: usize, rows: i32, columns: i32, polynomial: usize, out: usize): void {
  multiply(IMPROVE, x, <usize>columns << 2, 4, polynomial, columns, rows, columns, x, out);
}
