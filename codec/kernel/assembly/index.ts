// The fused decoder of the tile profile: coordinates, sine layers, head, cross-fade, and rounding to 8 bits. It
// allocates nothing: codec/decode/memory-map.ts lays out the memory.

import { axisFeatures, axisLayer, timeOffset } from "./axis";
import { combinePairs, headLayer, sineLayer } from "./dense";

export { finishI420, finishRgba, reduce } from "./output";

/** Returns the size of the static data at address 0, in bytes. The host must not overwrite it. */
export function staticBytes(): usize {
  return __heap_base;
}

/** Shift of most trained layers: weights below one turn. */
const COMMON_SHIFT = 2;

/** Computes two channels of the first layer for four pixels. */
// @ts-ignore: decorator
@inline
function firstLayerPair(at: usize, even: v128, odd: v128, row: usize, rowBytes: usize): void {
  const a = i32x4.dot_i16x8_s(even, v128.load32_splat(row));
  const b = i32x4.dot_i16x8_s(odd, v128.load32_splat(row + rowBytes));
  v128.store(at, combinePairs(i32x4.shr_u(a, 15), i32x4.shl(b, 1)));
}

/**
 * Adds the samples of one tile in a strip to the sums, four columns of two rows at a time.
 *
 * first:   weights of the separable layer: f32 x[n][outputs], y[n][outputs], t[3][outputs], bias[outputs]
 * dense:   `layers` times i32 shift, then the layer (see sineLayer); then the head (see headLayer)
 * u, v:    displacement of the tile
 * blurX, blurY: see axisLayer
 * columns: f32 position[columnCount], fade[columnCount]; columnCount is a multiple of 4, padding has fade 0
 * rows:    f32 position[padded], fade[padded], padded to a multiple of 4
 * time:    f32[3]
 * scratch: see `scratchBytes`
 * sum:     first of three planes of f32, with `stride` and `plane` in bytes; an odd rowCount touches one extra row
 */
export function sampleTile(
  first: usize,
  outputs: i32,
  frequencies: i32,
  dense: usize,
  layers: i32,
  width: i32,
  columns: usize,
  columnCount: i32,
  u: f32,
  blurX: f32,
  rows: usize,
  rowCount: i32,
  v: f32,
  blurY: f32,
  time: usize,
  scratch: usize,
  sum: usize,
  stride: usize,
  plane: usize,
): void {
  const n = 1 + 2 * frequencies;
  const columnBytes = (<usize>columnCount) << 2;
  const rowPadded = (rowCount + 3) & ~3;
  const rowBytes = (<usize>rowPadded) << 2;
  const layerBytes = (<usize>(n * outputs)) << 2;

  // Activations alternate between two buffers: 32 channels of eight pixels in two halves.
  const activationsA = scratch;
  const activationsB = activationsA + 1024;
  const offset = activationsB + 1024;
  const features = offset + 256;
  const columnPairs = features + <usize>n * max(columnBytes, rowBytes);
  const rowPairs = columnPairs + <usize>outputs * columnBytes;

  timeOffset(
    first + 2 * layerBytes,
    first + 2 * layerBytes + ((<usize>(3 * outputs)) << 2),
    time,
    3,
    outputs,
    offset,
  );
  axisFeatures(columns, columnCount, u, blurX, frequencies, features);
  axisLayer(features, n, columnCount, first, outputs, 0, false, blurX, columnPairs);
  axisFeatures(rows, rowPadded, v, blurY, frequencies, features);
  axisLayer(features, n, rowPadded, first + layerBytes, outputs, offset, true, blurY, rowPairs);

  const fades = columns + columnBytes;
  const rowFades = rows + rowBytes;
  for (let row: usize = 0; row < (<usize>rowCount) << 2; row += 8) {
    const upperFade = v128.load32_splat(rowFades + row);
    const lowerFade = v128.load32_splat(rowFades + row, 4);
    for (let column: usize = 0; column < columnBytes; column += 16) {
      let at = columnPairs + column;
      let rowAt = rowPairs + row;
      const end = activationsA + ((<usize>outputs) << 4);
      for (let h = activationsA; h < end; h += 32) {
        const even = v128.load(at);
        const odd = v128.load(at + columnBytes);
        firstLayerPair(h, even, odd, rowAt, rowBytes);
        firstLayerPair(h + 16, even, odd, rowAt + 4, rowBytes);
        at += 2 * columnBytes;
        rowAt += 2 * rowBytes;
      }
      let weights = dense;
      let inputs = outputs;
      let input = activationsA;
      let output = activationsB;
      for (let layer = 0; layer < layers; layer++) {
        const shift = load<i32>(weights);
        weights =
          shift == COMMON_SHIFT
            ? sineLayer(weights + 4, input, inputs, output, width, COMMON_SHIFT)
            : sineLayer(weights + 4, input, inputs, output, width, shift);
        const swap = input;
        input = output;
        output = swap;
        inputs = width;
      }
      const fade = v128.load(fades + column);
      headLayer(
        weights,
        input,
        width,
        f32x4.mul(fade, upperFade),
        f32x4.mul(fade, lowerFade),
        sum + column,
        stride,
        plane,
      );
    }
    sum += 2 * stride;
  }
}

/** Returns the bytes of scratch memory that sampleTile needs. */
export function scratchBytes(outputs: i32, frequencies: i32, columnCount: i32, rowCount: i32): usize {
  const n = 1 + 2 * frequencies;
  const rowPadded = (rowCount + 3) & ~3;
  return ((<usize>(n * max(columnCount, rowPadded) + outputs * (columnCount + rowPadded))) << 2) + 2304;
}

/** Adds a tile of constant color (f32[3] at `color`) to the sums; see sampleTile. */
export function fillTile(
  color: usize,
  columns: usize,
  columnCount: i32,
  rows: usize,
  rowCount: i32,
  sum: usize,
  stride: usize,
  plane: usize,
): void {
  const columnBytes = (<usize>columnCount) << 2;
  const fades = columns + columnBytes;
  const rowFades = rows + ((<usize>((rowCount + 3) & ~3)) << 2);
  for (let row: usize = 0; row < (<usize>rowCount) << 2; row += 4) {
    const rowFade = v128.load32_splat(rowFades + row);
    for (let channel: usize = 0; channel < 3; channel++) {
      const value = f32x4.mul(rowFade, v128.load32_splat(color + (channel << 2)));
      const at = sum + channel * plane;
      for (let column: usize = 0; column < columnBytes; column += 16) {
        v128.store(
          at + column,
          f32x4.add(v128.load(at + column), f32x4.mul(value, v128.load(fades + column))),
        );
      }
    }
    sum += stride;
  }
}
