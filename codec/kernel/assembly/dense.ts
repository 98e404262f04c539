// Sine layers and the linear head for eight pixels at a time. Lanes are pixels, activations are
// f32[channel][8], weights are splatted: eight accumulators, two activations and a weight fill
// the sixteen vector registers of x86-64.

import { sine4 } from "./sine";

/**
 * One sine layer: out[o] = sin(2 pi (sum over i of in[i] * weights[i][o] + bias[o])).
 * weights: f32[inputs][outputs], in turns; outputs is a multiple of 4.
 */
// @ts-ignore: decorator
@inline
export function sineLayer(weights: usize, bias: usize, input: usize, inputs: i32, output: usize, outputs: i32): void {
  const stride = <usize>outputs << 2;
  const inputEnd = input + (<usize>inputs << 5);
  for (let o: usize = 0; o < stride; o += 16) {
    let a0 = v128.load32_splat(bias + o);
    let b0 = a0;
    let a1 = v128.load32_splat(bias + o, 4);
    let b1 = a1;
    let a2 = v128.load32_splat(bias + o, 8);
    let b2 = a2;
    let a3 = v128.load32_splat(bias + o, 12);
    let b3 = a3;
    let weight = weights + o;
    for (let h = input; h < inputEnd; h += 32) {
      const x = v128.load(h);
      const y = v128.load(h, 16);
      const w0 = v128.load32_splat(weight);
      a0 = f32x4.add(a0, f32x4.mul(x, w0));
      b0 = f32x4.add(b0, f32x4.mul(y, w0));
      const w1 = v128.load32_splat(weight, 4);
      a1 = f32x4.add(a1, f32x4.mul(x, w1));
      b1 = f32x4.add(b1, f32x4.mul(y, w1));
      const w2 = v128.load32_splat(weight, 8);
      a2 = f32x4.add(a2, f32x4.mul(x, w2));
      b2 = f32x4.add(b2, f32x4.mul(y, w2));
      const w3 = v128.load32_splat(weight, 12);
      a3 = f32x4.add(a3, f32x4.mul(x, w3));
      b3 = f32x4.add(b3, f32x4.mul(y, w3));
      weight += stride;
    }
    const at = output + (o << 3);
    v128.store(at, sine4(a0));
    v128.store(at, sine4(b0), 16);
    v128.store(at, sine4(a1), 32);
    v128.store(at, sine4(b1), 48);
    v128.store(at, sine4(a2), 64);
    v128.store(at, sine4(b2), 80);
    v128.store(at, sine4(a3), 96);
    v128.store(at, sine4(b3), 112);
  }
}

/**
 * The linear head, weighted by the cross-fade and added to three planes of the picture.
 * weights: f32[width][3], then bias f32[3]; fade: f32[8] along the row, `rowFade` across it.
 */
// @ts-ignore: decorator
@inline
export function headLayer(weights: usize, input: usize, width: i32, fade: usize, rowFade: v128, sum: usize, plane: usize): void {
  const bias = weights + <usize>width * 12;
  let r0 = v128.load32_splat(bias);
  let r1 = r0;
  let g0 = v128.load32_splat(bias, 4);
  let g1 = g0;
  let b0 = v128.load32_splat(bias, 8);
  let b1 = b0;
  for (let i = 0; i < width; i++) {
    const x = v128.load(input);
    const y = v128.load(input, 16);
    const wr = v128.load32_splat(weights);
    r0 = f32x4.add(r0, f32x4.mul(x, wr));
    r1 = f32x4.add(r1, f32x4.mul(y, wr));
    const wg = v128.load32_splat(weights, 4);
    g0 = f32x4.add(g0, f32x4.mul(x, wg));
    g1 = f32x4.add(g1, f32x4.mul(y, wg));
    const wb = v128.load32_splat(weights, 8);
    b0 = f32x4.add(b0, f32x4.mul(x, wb));
    b1 = f32x4.add(b1, f32x4.mul(y, wb));
    input += 32;
    weights += 12;
  }
  const f0 = f32x4.mul(v128.load(fade), rowFade);
  const f1 = f32x4.mul(v128.load(fade, 16), rowFade);
  addTo(sum, f32x4.mul(r0, f0), f32x4.mul(r1, f1));
  addTo(sum + plane, f32x4.mul(g0, f0), f32x4.mul(g1, f1));
  addTo(sum + 2 * plane, f32x4.mul(b0, f0), f32x4.mul(b1, f1));
}

// @ts-ignore: decorator
@inline
function addTo(at: usize, left: v128, right: v128): void {
  v128.store(at, f32x4.add(v128.load(at), left));
  v128.store(at, f32x4.add(v128.load(at, 16), right), 16);
}
