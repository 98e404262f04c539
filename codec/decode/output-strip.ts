import type { Kernel } from "../kernel/kernel.js";
import { CHANNELS } from "../network/definition.js";
import type { PixelFormat } from "./color.js";
import type { Viewport } from "./viewport.js";

/** Output rows `top` to `top + rows - 1`; for 4:2:0 both are even. */
export interface Strip {
  readonly top: number;
  readonly rows: number;
}

/**
 * Averages, rounds, clamps and, for 4:2:0, halves the chroma of a strip that was computed elsewhere than in the
 * kernel, as the kernel does. samples: [3, rows x factorY, width x factorX], 0 .. 255; `frame`: the whole picture.
 */
export function finishStrip(
  kernel: Kernel,
  samples: Float32Array,
  { width, height }: Viewport,
  { factorX, factorY }: { readonly factorX: number; readonly factorY: number },
  format: PixelFormat,
  { top, rows }: Strip,
  frame: Uint8Array | Uint8ClampedArray,
): void {
  const pixels = rows * width;
  const stride = width * factorX * 4;
  const plane = pixels * factorX * factorY * 4;
  const sums = 64;
  const output = sums + CHANNELS * plane + 64;
  const { exports } = kernel;
  kernel.ensure(output + pixels * 4 + 64);
  kernel.floats(sums, samples.length).set(samples);
  if (factorX * factorY > 1) exports.reduce(sums, stride, plane, width, rows, factorX, factorY);
  if (format === "rgba") {
    exports.finishRgba(sums, stride, plane, width, rows, output);
    frame.set(kernel.bytes(output, pixels * 4), top * width * 4);
    return;
  }
  const quarter = pixels / 4;
  const blue = output + pixels + 16;
  const red = blue + quarter + 16;
  exports.finishI420(sums, stride, plane, width, rows, output, blue, red);
  const all = width * height;
  frame.set(kernel.bytes(output, pixels), top * width);
  frame.set(kernel.bytes(blue, quarter), all + (top * width) / 4);
  frame.set(kernel.bytes(red, quarter), (all * 5) / 4 + (top * width) / 4);
}
