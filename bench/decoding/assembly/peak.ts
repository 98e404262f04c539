// Peak SIMD throughput with the instructions of the decoding kernel: operands in the L1 cache, and register blocks as in
// codec/kernel/assembly/dense.ts.

import { cosine8 } from "../../../codec/kernel/assembly/sine";

const BYTES: usize = 4096;

/** Reads 4 KiB of activations `iterations` times, with 8 instructions of eight 16-bit multiply-adds per 32 bytes. */
export function multiplyAdds(iterations: i32): i32 {
  let a0 = i32x4.splat(0),
    a1 = a0,
    a2 = a0,
    a3 = a0,
    b0 = a0,
    b1 = a0,
    b2 = a0,
    b3 = a0;
  for (let i = 0; i < iterations; i++) {
    for (let at: usize = 1024; at < 1024 + BYTES; at += 32) {
      const x = v128.load(at);
      const y = v128.load(at, 16);
      let w = v128.load32_splat(at, 32);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, w));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(y, w));
      w = v128.load32_splat(at, 36);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, w));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(y, w));
      w = v128.load32_splat(at, 40);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(x, w));
      b2 = i32x4.add(b2, i32x4.dot_i16x8_s(y, w));
      w = v128.load32_splat(at, 44);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(x, w));
      b3 = i32x4.add(b3, i32x4.dot_i16x8_s(y, w));
    }
  }
  const a = i32x4.add(i32x4.add(a0, a1), i32x4.add(a2, a3));
  return i32x4.extract_lane(i32x4.add(a, i32x4.add(i32x4.add(b0, b1), i32x4.add(b2, b3))), 0);
}

/** Does the same with 32-bit floats: a multiply-add of four numbers takes two instructions. */
export function floatMultiplyAdds(iterations: i32): f32 {
  let a0 = f32x4.splat(0),
    a1 = a0,
    a2 = a0,
    a3 = a0,
    b0 = a0,
    b1 = a0,
    b2 = a0,
    b3 = a0;
  for (let i = 0; i < iterations; i++) {
    for (let at: usize = 1024; at < 1024 + BYTES; at += 32) {
      const x = v128.load(at);
      const y = v128.load(at, 16);
      let w = v128.load32_splat(at, 32);
      a0 = f32x4.add(a0, f32x4.mul(x, w));
      b0 = f32x4.add(b0, f32x4.mul(y, w));
      w = v128.load32_splat(at, 36);
      a1 = f32x4.add(a1, f32x4.mul(x, w));
      b1 = f32x4.add(b1, f32x4.mul(y, w));
      w = v128.load32_splat(at, 40);
      a2 = f32x4.add(a2, f32x4.mul(x, w));
      b2 = f32x4.add(b2, f32x4.mul(y, w));
      w = v128.load32_splat(at, 44);
      a3 = f32x4.add(a3, f32x4.mul(x, w));
      b3 = f32x4.add(b3, f32x4.mul(y, w));
    }
  }
  const a = f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3));
  return f32x4.extract_lane(f32x4.add(a, f32x4.add(f32x4.add(b0, b1), f32x4.add(b2, b3))), 0);
}

/** Computes the sines of 4 KiB of phases in place, `iterations` times, eight per 16 bytes. */
export function sines(iterations: i32): void {
  for (let i = 0; i < iterations; i++) {
    for (let at: usize = 1024; at < 1024 + BYTES; at += 32) {
      const x = cosine8(v128.load(at));
      const y = cosine8(v128.load(at, 16));
      v128.store(at, x);
      v128.store(at, y, 16);
    }
  }
}
