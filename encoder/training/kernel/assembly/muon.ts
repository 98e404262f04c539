// Muon, as in encoder/training/optimizers/muon.ts. Wide matrices are transposed, so that every matrix is tall. Rows are
// padded with zeros to a multiple of 4, and columns to a multiple of 8. The padding stays 0.

import { horizontalSum, madd, maddIf, storePair, transpose, transpose4, WIDE } from "./lanes";

const MOMENTUM: f32 = 0.95;
const ITERATIONS = 5;
const A: f32 = 3.4445;
const B: f32 = -4.775;
const C: f32 = 2.0315;

/**
 * Runs one Muon step on a matrix values: f32[n][m], m a multiple of 4. scratch: f32 matrices X and Y [rows][columns], gram
 * and polynomial [columns][columns].
 */
export function muon(
  values: usize,
  momentum: usize,
  gradient: usize,
  n: i32,
  m: i32,
  learningRate: f32,
  scratch: usize,
): void {
  const wide = m > n;
  const tall4 = (n + 3) & ~3;
  const rows = wide ? m : tall4;
  const columns = ((wide ? n : m) + 7) & ~7;
  const size = (<usize>(rows * columns)) << 2;
  const x = scratch;
  const y = x + size;
  const gram = y + size;
  const polynomial = gram + ((<usize>(columns * columns)) << 2);

  const norm = nesterov(momentum, gradient, n * m);
  memory.fill(x, 0, size);
  if (wide) {
    // Reads up to three rows past the end, which belong to the next parameters, and then clears their columns.
    transpose(gradient, tall4, m, x, columns, 1 / (norm + 1e-12));
    clearColumns(x, rows, n, columns);
  } else {
    const scale = f32x4.splat(1 / (norm + 1e-12));
    for (let i = 0; i < n; i++) {
      const from = gradient + ((<usize>(i * m)) << 2);
      const to = x + ((<usize>(i * columns)) << 2);
      for (let o: usize = 0; o < (<usize>m) << 2; o += 16)
        v128.store(to + o, f32x4.mul(v128.load(from + o), scale));
    }
  }
  let from = x;
  let to = y;
  for (let i = 0; i < ITERATIONS; i++) {
    computeGram(from, rows, columns, gram);
    computePolynomial(gram, columns, polynomial);
    newtonSchulzStep(from, rows, columns, polynomial, to);
    const swap = from;
    from = to;
    to = swap;
  }
  const step = f32x4.splat(learningRate);
  if (wide) {
    transpose(from, rows, columns, to, rows, 1);
    for (let i: usize = 0; i < (<usize>(n * m)) << 2; i += 16) {
      v128.store(values + i, f32x4.sub(v128.load(values + i), f32x4.mul(v128.load(to + i), step)));
    }
    return;
  }
  for (let i = 0; i < n; i++) {
    const row = values + ((<usize>(i * m)) << 2);
    const update = from + ((<usize>(i * columns)) << 2);
    for (let o: usize = 0; o < (<usize>m) << 2; o += 16) {
      v128.store(row + o, f32x4.sub(v128.load(row + o), f32x4.mul(v128.load(update + o), step)));
    }
  }
}

/** Replaces the gradient by the Nesterov momentum update before orthogonalization. Returns the update's Frobenius norm. */
function nesterov(momentum: usize, gradient: usize, count: i32): f32 {
  const momentumFactor = f32x4.splat(MOMENTUM);
  let squares = f32x4.splat(0);
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) {
    const g = v128.load(gradient + i);
    const next = f32x4.add(f32x4.mul(v128.load(momentum + i), momentumFactor), g);
    const update = f32x4.add(g, f32x4.mul(next, momentumFactor));
    v128.store(momentum + i, next);
    v128.store(gradient + i, update);
    squares = f32x4.add(squares, f32x4.mul(update, update));
  }
  return Mathf.sqrt(horizontalSum(squares));
}

/** Sets the columns from `first` to the next multiple of 4 to 0. */
function clearColumns(at: usize, rows: i32, first: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let o = first; o & 3; o++) store<f32>(at + ((<usize>(i * columns + o)) << 2), 0);
  }
}

const GRAM = 0;
const POLYNOMIAL = 1;
const UPDATE = 2;

/**
 * Multiplies matrices, a block of the product at a time in registers, and stores
 * GRAM: out = product; POLYNOMIAL: out = B other + C product; UPDATE: out = A other + product.
 * The first two are symmetric: `mirror` fills in the blocks of eight columns that lie entirely below the diagonal.
 * left: the element of row r and term k is at left + r * rowStride + k * termStride.
 */
// @ts-ignore: decorator
@inline
function multiply(
  kind: i32,
  left: usize,
  rowStride: usize,
  termStride: usize,
  right: usize,
  terms: i32,
  rows: i32,
  columns: i32,
  other: usize,
  out: usize,
): void {
  const stride = (<usize>columns) << 2;
  const end = <usize>terms * stride;
  for (let i = 0; i < rows; i += 4) {
    const first: usize = kind == UPDATE ? 0 : (<usize>(i & ~7)) << 2;
    let o = first;
    for (; WIDE && o + 64 <= stride; o += 64)
      multiplyBlock(kind, true, left, rowStride, termStride, right + o, end, stride, other + o, out + o);
    for (; o < stride; o += 32)
      multiplyBlock(kind, false, left, rowStride, termStride, right + o, end, stride, other + o, out + o);
    left += 4 * rowStride;
    out += 4 * stride;
    other += 4 * stride;
  }
}

/** Computes four rows and eight columns of the product, or sixteen columns if `wide`. end: bytes of all terms of `right`. */
// @ts-ignore: decorator
@inline
function multiplyBlock(
  kind: i32,
  wide: bool,
  left: usize,
  rowStride: usize,
  termStride: usize,
  right: usize,
  end: usize,
  stride: usize,
  other: usize,
  out: usize,
): void {
  let a0 = f32x4.splat(0);
  let b0 = a0;
  let c0 = a0;
  let d0 = a0;
  let a1 = a0;
  let b1 = a0;
  let c1 = a0;
  let d1 = a0;
  let a2 = a0;
  let b2 = a0;
  let c2 = a0;
  let d2 = a0;
  let a3 = a0;
  let b3 = a0;
  let c3 = a0;
  let d3 = a0;
  let l = left;
  let r = right;
  const last = r + end;
  do {
    const xa = v128.load(r);
    const xb = v128.load(r, 16);
    const xc = wide ? v128.load(r, 32) : xa;
    const xd = wide ? v128.load(r, 48) : xb;
    let k = v128.load32_splat(l);
    a0 = madd(xa, k, a0);
    b0 = madd(xb, k, b0);
    c0 = maddIf(wide, xc, k, c0);
    d0 = maddIf(wide, xd, k, d0);
    k = v128.load32_splat(l + rowStride);
    a1 = madd(xa, k, a1);
    b1 = madd(xb, k, b1);
    c1 = maddIf(wide, xc, k, c1);
    d1 = maddIf(wide, xd, k, d1);
    k = v128.load32_splat(l + 2 * rowStride);
    a2 = madd(xa, k, a2);
    b2 = madd(xb, k, b2);
    c2 = maddIf(wide, xc, k, c2);
    d2 = maddIf(wide, xd, k, d2);
    k = v128.load32_splat(l + 3 * rowStride);
    a3 = madd(xa, k, a3);
    b3 = madd(xb, k, b3);
    c3 = maddIf(wide, xc, k, c3);
    d3 = maddIf(wide, xd, k, d3);
    l += termStride;
    r += stride;
  } while (r != last);
  storeResult(kind, a0, b0, other, out);
  if (wide) storeResult(kind, c0, d0, other + 32, out + 32);
  other += stride;
  out += stride;
  storeResult(kind, a1, b1, other, out);
  if (wide) storeResult(kind, c1, d1, other + 32, out + 32);
  other += stride;
  out += stride;
  storeResult(kind, a2, b2, other, out);
  if (wide) storeResult(kind, c2, d2, other + 32, out + 32);
  other += stride;
  out += stride;
  storeResult(kind, a3, b3, other, out);
  if (wide) storeResult(kind, c3, d3, other + 32, out + 32);
}

/** Stores eight columns of a row. */
// @ts-ignore: decorator
@inline
function storeResult(kind: i32, a: v128, b: v128, other: usize, out: usize): void {
  if (kind != GRAM) {
    const otherA = v128.load(other);
    const otherB = v128.load(other, 16);
    const factor = f32x4.splat(kind == POLYNOMIAL ? B : A);
    if (kind == POLYNOMIAL) {
      a = f32x4.mul(a, f32x4.splat(C));
      b = f32x4.mul(b, f32x4.splat(C));
    }
    a = madd(otherA, factor, a);
    b = madd(otherB, factor, b);
  }
  storePair(out, a, b);
}

/** Copies the upper triangle of a symmetric matrix to the blocks that `multiply` skipped. */
function mirror(at: usize, columns: i32): void {
  const stride = (<usize>columns) << 2;
  for (let i = 8; i < columns; i += 4) {
    for (let o = 0; o < (i & ~7); o += 4) {
      transpose4(
        at + <usize>o * stride + ((<usize>i) << 2),
        stride,
        at + <usize>i * stride + ((<usize>o) << 2),
        stride,
        f32x4.splat(1),
      );
    }
  }
}

/** Computes gram = x^T x. */
function computeGram(x: usize, rows: i32, columns: i32, gram: usize): void {
  multiply(GRAM, x, 4, (<usize>columns) << 2, x, rows, columns, columns, gram, gram);
  mirror(gram, columns);
}

/** Computes polynomial = B gram + C gram^2. The matrix is symmetric, so columns can be read as rows. */
function computePolynomial(gram: usize, columns: i32, polynomial: usize): void {
  multiply(POLYNOMIAL, gram, 4, (<usize>columns) << 2, gram, columns, columns, columns, gram, polynomial);
  mirror(polynomial, columns);
}

/** Computes out = A x + x polynomial. */
function newtonSchulzStep(x: usize, rows: i32, columns: i32, polynomial: usize, out: usize): void {
  multiply(UPDATE, x, (<usize>columns) << 2, 4, polynomial, columns, rows, columns, x, out);
}
