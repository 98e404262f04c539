import { chooseSampling, type Sampling } from "./sampling.js";
import type { Viewport } from "./viewport.js";

/** One step of a progressively decoded frame. */
export interface ProgressiveFrame {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** R'G'B' and opaque alpha, full range, 4 bytes per pixel. */
  readonly rgba: Uint8Array;
}

/**
 * Decodes a viewport as RGBA. `sampling` defaults to the result of `chooseSampling`. The region may exceed the frame
 * by half an output pixel.
 */
type DecodePart = (viewport: Viewport, sampling?: Sampling) => Uint8Array;

/** Yields a frame at half the width and height, then at full size. */
export function* renderProgressively(
  viewport: Viewport,
  decode: DecodePart,
): Generator<ProgressiveFrame, void, undefined> {
  const { region, width, height } = viewport;
  const sampling = chooseSampling(viewport);
  const oneSamplePerPixel = sampling.factorX * sampling.factorY * sampling.offsets.length === 1;
  if (!oneSamplePerPixel || width < 2 || height < 2) {
    const half = { region, width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
    yield { width: half.width, height: half.height, rgba: decode(half) };
    yield { width, height, rgba: decode(viewport) };
    return;
  }
  const rgba = new Uint8Array(width * height * 4);
  for (const [column, row] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ]) {
    const part = everyOtherSample(viewport, column, row);
    const pixels = decode(part, sampling);
    scatterPixels(pixels, { rgba, width }, column, row);
    if (column === 0 && row === 0) yield { width: part.width, height: part.height, rgba: pixels };
  }
  yield { width, height, rgba };
}

/** Returns the viewport with every second sample of every second row, starting at (column, row). */
function everyOtherSample({ region, width, height }: Viewport, column: number, row: number): Viewport {
  const stepX = region.width / width;
  const stepY = region.height / height;
  const part = { width: Math.ceil((width - column) / 2), height: Math.ceil((height - row) / 2) };
  return {
    ...part,
    region: {
      x: region.x + (column - 0.5) * stepX,
      y: region.y + (row - 0.5) * stepY,
      width: 2 * part.width * stepX,
      height: 2 * part.height * stepY,
    },
  };
}

/** Writes RGBA pixels to every second column of every second row of an image of `width`, starting at (column, row). */
function scatterPixels(
  pixels: Uint8Array,
  image: { readonly rgba: Uint8Array; readonly width: number },
  column: number,
  row: number,
): void {
  const { rgba, width } = image;
  const source = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4);
  const target = new Uint32Array(rgba.buffer, rgba.byteOffset, rgba.length / 4);
  for (let i = 0, y = row; i < source.length; y += 2) {
    const end = (y + 1) * width;
    for (let at = y * width + column; at < end; at += 2) target[at] = source[i++];
  }
}
