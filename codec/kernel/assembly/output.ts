// Converts sums of floats in 0 .. 255 to bytes, rounded to nearest and clamped.

/** 1.5 * 2^23 and 1/4. In memory, because V8 would compile a constant vector at every use (see sine.ts). */
const ROUNDING_SHIFT = memory.data<f32>([12582912], 16);
const QUARTER = memory.data<f32>([0.25], 16);

/** Rounds values below 2^22 to the nearest integer: adding 1.5 * 2^23 leaves it in the low bits. */
// @ts-ignore: decorator
@inline
function roundToInt(values: v128): v128 {
  const shift = v128.load32_splat(ROUNDING_SHIFT);
  return i32x4.sub(f32x4.add(values, shift), shift);
}

// @ts-ignore: decorator
@inline
function loadRounded4(at: usize): v128 {
  return roundToInt(v128.load(at));
}

/**
 * Averages blocks of factorX x factorY samples in place. Afterwards, the first `rows` rows of `width` samples of each
 * plane hold the means of factorX * width x factorY * rows samples.
 */
export function reduce(
  sum: usize,
  stride: usize,
  plane: usize,
  width: i32,
  rows: i32,
  factorX: i32,
  factorY: i32,
): void {
  const weight: f32 = 1 / <f32>(factorX * factorY);
  const sampleBytes = (<usize>(width * factorX)) << 2;
  for (let channel = 0; channel < 3; channel++) {
    for (let row = 0; row < rows; row++) {
      const first = sum + <usize>(row * factorY) * stride;
      for (let k = 1; k < factorY; k++) {
        const next = first + <usize>k * stride;
        for (let x: usize = 0; x < sampleBytes; x += 16) {
          v128.store(first + x, f32x4.add(v128.load(first + x), v128.load(next + x)));
        }
      }
      let at = first;
      const to = sum + <usize>row * stride;
      for (let x: usize = 0; x < (<usize>width) << 2; x += 4) {
        let total: f32 = 0;
        for (let k = 0; k < factorX; k++) {
          total += load<f32>(at);
          at += 4;
        }
        store<f32>(to + x, total * weight);
      }
    }
    sum += plane;
  }
}

/** Converts 16 floats to 16 bytes. */
// @ts-ignore: decorator
@inline
function bytes16(at: usize): v128 {
  const low = i16x8.narrow_i32x4_s(loadRounded4(at), loadRounded4(at + 16));
  const high = i16x8.narrow_i32x4_s(loadRounded4(at + 32), loadRounded4(at + 48));
  return i8x16.narrow_i16x8_u(low, high);
}

/** Averages four blocks of 2 x 2 floats. */
// @ts-ignore: decorator
@inline
function mean2x2(at: usize, stride: usize): v128 {
  const left = f32x4.add(v128.load(at), v128.load(at + stride));
  const right = f32x4.add(v128.load(at, 16), v128.load(at + stride, 16));
  const even = v128.shuffle<f32>(left, right, 0, 2, 4, 6);
  const odd = v128.shuffle<f32>(left, right, 1, 3, 5, 7);
  return roundToInt(f32x4.mul(f32x4.add(even, odd), v128.load32_splat(QUARTER)));
}

/**
 * Converts planes Y', Cb, Cr of floats to 8-bit I420. Chroma is the mean of 2 x 2 samples (sited at their center).
 * `stride` and `plane` are in bytes; `rows` is even. The rows of the output planes have `width` and `width` / 2 bytes.
 * Up to 15 bytes past the end of each output plane are overwritten.
 */
export function finishI420(
  sum: usize,
  stride: usize,
  plane: usize,
  width: i32,
  rows: i32,
  lumaOut: usize,
  cbOut: usize,
  crOut: usize,
): void {
  for (let row = 0; row < rows; row++) {
    const from = sum + <usize>row * stride;
    const to = lumaOut + <usize>(row * width);
    for (let x = 0; x < width; x += 16) v128.store(to + <usize>x, bytes16(from + ((<usize>x) << 2)));
  }
  const half = width >> 1;
  for (let row = 0; row < rows; row += 2) {
    const fromCb = sum + plane + <usize>row * stride;
    const fromCr = fromCb + plane;
    const at = <usize>((row >> 1) * half);
    for (let x = 0; x < half; x += 4) {
      const offset = (<usize>x) << 3;
      const cb = mean2x2(fromCb + offset, stride);
      const cr = mean2x2(fromCr + offset, stride);
      const words = i16x8.narrow_i32x4_s(cb, cr);
      const pair = i8x16.narrow_i16x8_u(words, words);
      v128.store32_lane(cbOut + at + <usize>x, pair, 0);
      v128.store32_lane(crOut + at + <usize>x, pair, 1);
    }
  }
}

/** Converts planes R', G', B' of floats to opaque RGBA bytes. Up to 12 bytes past the end are overwritten. */
export function finishRgba(sum: usize, stride: usize, plane: usize, width: i32, rows: i32, out: usize): void {
  for (let row = 0; row < rows; row++) {
    const from = sum + <usize>row * stride;
    const to = out + ((<usize>(row * width)) << 2);
    for (let x = 0; x < width; x += 4) {
      const at = from + ((<usize>x) << 2);
      const words = i16x8.narrow_i32x4_s(loadRounded4(at), loadRounded4(at + plane));
      const rest = i16x8.narrow_i32x4_s(loadRounded4(at + 2 * plane), i32x4.splat(255));
      const planes = i8x16.narrow_i16x8_u(words, rest);
      v128.store(
        to + ((<usize>x) << 2),
        i8x16.shuffle(planes, planes, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
      );
    }
  }
}
