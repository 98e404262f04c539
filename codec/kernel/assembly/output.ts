// From sums of floats in 0 .. 255 to bytes, rounded to nearest and clamped.

/** To the nearest integer, of values below 2^22: adding 1.5 * 2^23 leaves it in the low bits. */
// @ts-ignore: decorator
@inline
function rounded(values: v128): v128 {
  return i32x4.sub(f32x4.add(values, f32x4.splat(12582912)), i32x4.splat(0x4b400000));
}

// @ts-ignore: decorator
@inline
function bytes4(at: usize): v128 {
  return rounded(v128.load(at));
}

/**
 * Means of factorX x factorY samples, in place: the first `rows` rows of `width` samples of each plane
 * then hold what was in factorX * width x factorY * rows.
 */
export function reduce(
  sum: usize, stride: usize, plane: usize, width: i32, rows: i32, factorX: i32, factorY: i32,
): void {
  const share: f32 = 1 / <f32>(factorX * factorY);
  const from = <usize>(width * factorX) << 2;
  for (let channel = 0; channel < 3; channel++) {
    for (let row = 0; row < rows; row++) {
      const first = sum + <usize>(row * factorY) * stride;
      for (let k = 1; k < factorY; k++) {
        const next = first + <usize>k * stride;
        for (let x: usize = 0; x < from; x += 16) {
          v128.store(first + x, f32x4.add(v128.load(first + x), v128.load(next + x)));
        }
      }
      let at = first;
      const to = sum + <usize>row * stride;
      for (let x: usize = 0; x < <usize>width << 2; x += 4) {
        let total: f32 = 0;
        for (let k = 0; k < factorX; k++) {
          total += load<f32>(at);
          at += 4;
        }
        store<f32>(to + x, total * share);
      }
    }
    sum += plane;
  }
}

/** 16 floats -> 16 bytes. */
// @ts-ignore: decorator
@inline
function bytes16(at: usize): v128 {
  const low = i16x8.narrow_i32x4_s(bytes4(at), bytes4(at + 16));
  const high = i16x8.narrow_i32x4_s(bytes4(at + 32), bytes4(at + 48));
  return i8x16.narrow_i16x8_u(low, high);
}

// @ts-ignore: decorator
@inline
function mean2x2(at: usize, stride: usize): v128 {
  const left = f32x4.add(v128.load(at), v128.load(at + stride));
  const right = f32x4.add(v128.load(at, 16), v128.load(at + stride, 16));
  const even = v128.shuffle<f32>(left, right, 0, 2, 4, 6);
  const odd = v128.shuffle<f32>(left, right, 1, 3, 5, 7);
  return rounded(f32x4.mul(f32x4.add(even, odd), f32x4.splat(0.25)));
}

/**
 * Planes Y', Cb, Cr of floats -> 8-bit I420; chroma is the mean of 2 x 2 (sited in the middle).
 * `stride` and `plane` in bytes; rows is even. Rows of the outputs are `width` and `width` / 2 bytes;
 * up to 15 bytes past the end of each output are overwritten.
 */
export function finishI420(
  sum: usize, stride: usize, plane: usize, width: i32, rows: i32, luma: usize, blue: usize, red: usize,
): void {
  for (let row = 0; row < rows; row++) {
    const from = sum + <usize>row * stride;
    const to = luma + <usize>(row * width);
    for (let x = 0; x < width; x += 16) v128.store(to + <usize>x, bytes16(from + (<usize>x << 2)));
  }
  const half = width >> 1;
  for (let row = 0; row < rows; row += 2) {
    const fromBlue = sum + plane + <usize>row * stride;
    const fromRed = fromBlue + plane;
    const at = <usize>((row >> 1) * half);
    for (let x = 0; x < half; x += 4) {
      const skip = <usize>x << 3;
      const cb = mean2x2(fromBlue + skip, stride);
      const cr = mean2x2(fromRed + skip, stride);
      const words = i16x8.narrow_i32x4_s(cb, cr);
      const pair = i8x16.narrow_i16x8_u(words, words);
      v128.store32_lane(blue + at + <usize>x, pair, 0);
      v128.store32_lane(red + at + <usize>x, pair, 1);
    }
  }
}

/** Planes R', G', B' of floats -> RGBA bytes, opaque. Up to 12 bytes past the end are overwritten. */
export function finishRgba(sum: usize, stride: usize, plane: usize, width: i32, rows: i32, out: usize): void {
  for (let row = 0; row < rows; row++) {
    const from = sum + <usize>row * stride;
    const to = out + (<usize>(row * width) << 2);
    for (let x = 0; x < width; x += 4) {
      const at = from + (<usize>x << 2);
      const words = i16x8.narrow_i32x4_s(bytes4(at), bytes4(at + plane));
      const rest = i16x8.narrow_i32x4_s(bytes4(at + 2 * plane), i32x4.splat(255));
      const planes = i8x16.narrow_i16x8_u(words, rest);
      v128.store(to + (<usize>x << 2), i8x16.shuffle(planes, planes, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    }
  }
}
