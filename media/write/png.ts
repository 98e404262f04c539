import { Readable } from "node:stream";
import { pipeThroughFfmpeg } from "../segments/encoder-process.js";

export interface RgbImage {
  /** Pixels, may be odd. */
  readonly width: number;
  readonly height: number;
  /** Rows from the top, full-range R'G'B' with or without alpha, which is left out. */
  readonly pixels: Uint8Array;
  readonly format: "rgb24" | "rgba";
}

/** One picture as the bytes of a PNG. @throws MediaError "ffmpeg-missing", "ffmpeg-failed"; the signal's reason. */
export function encodePng(image: RgbImage, signal?: AbortSignal): Promise<Uint8Array> {
  const { width, height, pixels, format } = image;
  return pipeThroughFfmpeg({
    input: Readable.from([Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength)]),
    inputOptions: ["-f", "rawvideo", "-pix_fmt", format, "-s", `${width}x${height}`],
    outputOptions: ["-frames:v", "1", "-c:v", "png", "-pix_fmt", "rgb24", "-f", "image2pipe"],
    failure: `cannot make a PNG of ${width} x ${height} pixels`,
    signal,
  });
}
