// The decoder of the tile profile, fused: coordinates, sine layers, head, cross-fade, and the
// rounding to 8 bits. Memory is laid out by codec/kernel/memory.ts; nothing is allocated here.

import { axisFeatures, axisLayer, timeOffset } from "./axis";
import { headLayer, sineLayer } from "./dense";

export { finishI420, finishRgba } from "./output";

/**
 * Adds one tile's part of a strip to the sums.
 *
 * first:   weights of the separable layer: f32 x[n][outputs], y[n][outputs], t[3][outputs], bias[outputs]
 * dense:   `layers` times f32 weights[in][width], bias[width]; then head[width][3], bias[3]
 * columns: f32 position[columnCount], fade[columnCount]; columnCount is a multiple of 8, padding has fade 0
 * rows:    f32 position[rowCount], fade[rowCount]
 * scratch: see `scratchBytes`
 * sum:     first of three planes of f32, `stride` and `plane` in bytes
 */
export function sampleTile(
  first: usize, outputs: i32, frequencies: i32, dense: usize, layers: i32, width: i32,
  columns: usize, columnCount: i32, u: f32, rows: usize, rowCount: i32, v: f32, time: usize,
  scratch: usize, sum: usize, stride: usize, plane: usize,
): void {
  const n = 1 + 2 * frequencies;
  const columnBytes = <usize>columnCount << 2;
  const rowPadded = (rowCount + 3) & ~3;
  const rowBytes = <usize>rowPadded << 2;
  const layerBytes = <usize>(n * outputs) << 2;

  const here = scratch;
  const there = here + 2048;
  const offset = there + 2048;
  const features = offset + 256;
  const columnSines = features + <usize>n * max(columnBytes, rowBytes);
  const columnCosines = columnSines + <usize>outputs * columnBytes;
  const rowSines = columnCosines + <usize>outputs * columnBytes;
  const rowCosines = rowSines + <usize>outputs * rowBytes;

  timeOffset(first + 2 * layerBytes, first + 2 * layerBytes + (<usize>(3 * outputs) << 2), time, 3, outputs, offset);
  axisFeatures(columns, columnCount, u, frequencies, features);
  axisLayer(features, n, columnCount, first, outputs, 0, columnSines, columnCosines);
  axisFeatures(rows, rowPadded, v, frequencies, features);
  axisLayer(features, n, rowPadded, first + layerBytes, outputs, offset, rowSines, rowCosines);

  const fades = columns + columnBytes;
  const rowFades = rows + rowBytes;
  for (let row: usize = 0; row < <usize>rowCount << 2; row += 4) {
    const rowFade = v128.load32_splat(rowFades + row);
    for (let column: usize = 0; column < columnBytes; column += 32) {
      let input = here;
      let output = there;
      let sines = columnSines + column;
      let cosines = columnCosines + column;
      let rowSine = rowSines + row;
      let rowCosine = rowCosines + row;
      const end = here + (<usize>outputs << 5);
      for (let h = here; h < end; h += 32) {
        const s = v128.load32_splat(rowSine);
        const c = v128.load32_splat(rowCosine);
        v128.store(h, f32x4.add(f32x4.mul(v128.load(sines), c), f32x4.mul(v128.load(cosines), s)));
        v128.store(h, f32x4.add(f32x4.mul(v128.load(sines, 16), c), f32x4.mul(v128.load(cosines, 16), s)), 16);
        sines += columnBytes;
        cosines += columnBytes;
        rowSine += rowBytes;
        rowCosine += rowBytes;
      }
      let weights = dense;
      let inputs = outputs;
      for (let layer = 0; layer < layers; layer++) {
        const bias = weights + (<usize>(inputs * width) << 2);
        sineLayer(weights, bias, input, inputs, output, width);
        const swap = input;
        input = output;
        output = swap;
        inputs = width;
        weights = bias + (<usize>width << 2);
      }
      headLayer(weights, input, width, fades + column, rowFade, sum + column, plane);
    }
    sum += stride;
  }
}

/** Bytes of scratch that sampleTile needs. */
export function scratchBytes(outputs: i32, frequencies: i32, columnCount: i32, rowCount: i32): usize {
  const n = 1 + 2 * frequencies;
  const rowPadded = (rowCount + 3) & ~3;
  return (<usize>(n * max(columnCount, rowPadded) + 2 * outputs * (columnCount + rowPadded)) << 2) + 4352;
}

/** Adds a tile of one colour (f32[3] at `colour`) to a strip; see sampleTile. */
export function fillTile(
  colour: usize, columns: usize, columnCount: i32, rows: usize, rowCount: i32, sum: usize, stride: usize, plane: usize,
): void {
  const columnBytes = <usize>columnCount << 2;
  const fades = columns + columnBytes;
  const rowFades = rows + (<usize>((rowCount + 3) & ~3) << 2);
  for (let row: usize = 0; row < <usize>rowCount << 2; row += 4) {
    const rowFade = v128.load32_splat(rowFades + row);
    for (let channel: usize = 0; channel < 3; channel++) {
      const value = f32x4.mul(rowFade, v128.load32_splat(colour + (channel << 2)));
      const at = sum + channel * plane;
      for (let column: usize = 0; column < columnBytes; column += 16) {
        v128.store(at + column, f32x4.add(v128.load(at + column), f32x4.mul(value, v128.load(fades + column))));
      }
    }
    sum += stride;
  }
}
