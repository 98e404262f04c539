import type { Kernel } from "../kernel/kernel.js";
import { CHANNELS } from "../network/definition.js";
import type { PixelFormat } from "./color.js";
import type { Viewport } from "./viewport.js";

/** Output rows `top` to `top + rows - 1`. For 4:2:0, both are even. */
export interface Strip {
  readonly top: number;
  readonly rows: number;
}

/** A strip of samples that was computed outside the kernel. */
export interface StripSamples {
  /** [3, rows x factorY, width x factorX], 0 .. 255. */
  readonly samples: Float32Array;
  readonly viewport: Viewport;
  /** Samples per output pixel along each axis. */
  readonly sampling: { readonly factorX: number; readonly factorY: number };
  readonly format: PixelFormat;
  readonly strip: Strip;
}

/**
 * Averages, rounds and clamps the samples of a strip, subsamples chroma for 4:2:0, exactly as for samples that
 * the kernel computes, and writes the result to `frame`, the buffer of the entire frame.
 */
export function finishStrip(
  kernel: Kernel,
  { samples, viewport, sampling, format, strip }: StripSamples,
  frame: Uint8Array | Uint8ClampedArray,
): void {
  const { width, height } = viewport;
  const { factorX, factorY } = sampling;
  const { top, rows } = strip;
  const pixels = rows * width;
  const stride = width * factorX * 4;
  const plane = pixels * factorX * factorY * 4;
  const sums = kernel.start;
  const output = sums + CHANNELS * plane + 64;
  const { exports } = kernel;
  kernel.ensureSize(output + pixels * 4 + 64);
  kernel.floats(sums, samples.length).set(samples);
  if (factorX * factorY > 1) exports.reduce(sums, stride, plane, width, rows, factorX, factorY);
  if (format === "rgba") {
    exports.finishRgba(sums, stride, plane, width, rows, output);
    frame.set(kernel.bytes(output, pixels * 4), top * width * 4);
    return;
  }
  const quarter = pixels / 4;
  const cb = output + pixels + 16;
  const cr = cb + quarter + 16;
  exports.finishI420(sums, stride, plane, width, rows, output, cb, cr);
  const lumaBytes = width * height;
  frame.set(kernel.bytes(output, pixels), top * width);
  frame.set(kernel.bytes(cb, quarter), lumaBytes + (top * width) / 4);
  frame.set(kernel.bytes(cr, quarter), (lumaBytes * 5) / 4 + (top * width) / 4);
}
