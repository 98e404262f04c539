import { chooseSampling, type Sampling } from "./sampling.js";
import type { Viewport } from "./viewport.js";

/** One of the pictures that follow each other: R'G'B' and opaque alpha, full range, 4 bytes a pixel. */
export interface ProgressiveFrame {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** Decodes a request, with a sampling where it is not the request's own; its region may stand out by half a pixel. */
type DecodePart = (request: Viewport, sampling?: Sampling) => Uint8Array;

/** A coarse picture of half the size, then the picture. */
export function* progressively(
  request: Viewport,
  decode: DecodePart,
): Generator<ProgressiveFrame, void, undefined> {
  const { region, width, height } = request;
  const sampling = chooseSampling(request);
  const alone = sampling.factorX * sampling.factorY * sampling.offsets.length === 1;
  if (!alone || width < 2 || height < 2) {
    const half = { region, width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
    yield { width: half.width, height: half.height, rgba: decode(half) };
    yield { width, height, rgba: decode(request) };
    return;
  }
  const rgba = new Uint8Array(width * height * 4);
  for (const [column, row] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ]) {
    const part = everySecond(request, column, row);
    const pixels = decode(part, sampling);
    spread(pixels, rgba, width, column, row);
    if (column === 0 && row === 0) yield { width: part.width, height: part.height, rgba: pixels };
  }
  yield { width, height, rgba };
}

/** The request whose samples are every second one of every second row, from (column, row) on. */
function everySecond({ region, width, height }: Viewport, column: number, row: number): Viewport {
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

/** Writes pixels to every second place of every second row. */
function spread(from: Uint8Array, to: Uint8Array, width: number, column: number, row: number): void {
  const source = new Uint32Array(from.buffer, from.byteOffset, from.length / 4);
  const target = new Uint32Array(to.buffer, to.byteOffset, to.length / 4);
  for (let i = 0, y = row; i < source.length; y += 2) {
    const end = (y + 1) * width;
    for (let at = y * width + column; at < end; at += 2) target[at] = source[i++];
  }
}
