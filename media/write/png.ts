import { Readable } from "node:stream";
import { BASE_OPTIONS, ffmpegCommand, fileUrl, runFfmpeg } from "../ffmpeg/run.js";
import { pipeThroughFfmpeg } from "../segments/encoder-process.js";
import { writeAtomically } from "./atomic-file.js";

/** An image in memory. */
export interface RgbImage {
  /** Pixels, may be odd. */
  readonly width: number;
  /** Pixels, may be odd. */
  readonly height: number;
  /** Full-range R'G'B', with or without alpha, which is dropped. Top row first. */
  readonly pixels: Uint8Array;
  readonly format: "rgb24" | "rgba";
}

/**
 * Encodes an image as the bytes of a PNG.
 * @throws MediaError `ffmpeg-missing`, `ffmpeg-failed`; the signal's reason.
 */
export function encodePng(image: RgbImage, signal?: AbortSignal): Promise<Uint8Array> {
  const { width, height, pixels, format } = image;
  return pipeThroughFfmpeg({
    input: Readable.from([Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength)]),
    inputOptions: ["-f", "rawvideo", "-pix_fmt", format, "-s", `${width}x${height}`],
    outputOptions: ["-frames:v", "1", "-c:v", "png", "-pix_fmt", "rgb24", "-f", "image2pipe"],
    failure: `cannot encode a PNG of ${width} x ${height} pixels`,
    signal,
  });
}

/** What `writePng` writes. */
export interface PngOptions {
  /** The file to write. It is replaced atomically. */
  readonly output: string;
  /** Pixels, may be odd. */
  readonly width: number;
  /** Pixels, may be odd. */
  readonly height: number;
  /** Full-range R'G'B'A, width * height * 4 bytes. Alpha is dropped. */
  readonly rgba: Uint8Array | Uint8ClampedArray;
  readonly signal?: AbortSignal;
}

/** Writes an image as a PNG file. @throws MediaError as `writeMp4` does. */
export function writePng({ output, width, height, rgba, signal }: PngOptions): Promise<void> {
  return writeAtomically(output, ".png", async (temporary) => {
    const stdin = Readable.from([Buffer.from(rgba.buffer, rgba.byteOffset, rgba.byteLength)]);
    const command = ffmpegCommand()
      .input(stdin)
      .inputOptions([...BASE_OPTIONS, "-f", "rawvideo", "-pix_fmt", "rgba", "-s", `${width}x${height}`])
      .outputOptions(["-frames:v", "1", "-c:v", "png", "-pix_fmt", "rgb24", "-f", "image2", "-update", "1"])
      .output(fileUrl(temporary));
    await runFfmpeg(command, { failure: `cannot write ${output}`, stdin, signal });
  });
}
