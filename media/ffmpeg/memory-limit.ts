import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import type { ProbeResult } from "../probe/probe.js";

/** Bytes that every decoder may take: 16 reference frames of 4096 x 2304 pixels. */
const MIN_BYTES = 2 ** 30;
/** Bytes that a decoder may take besides its frames. */
const BASE_BYTES = 2 ** 29;
/** Bytes per thread: its stack and its part of the heap. ffmpeg starts one per core for filters. */
const THREAD_BYTES = 24 * 2 ** 20;
/** Bytes per pixel: 16 frames of 8-bit 4:2:0, which is twice what the highest levels of the codecs allow at 8192 x 8192. */
const BYTES_PER_PIXEL = 24;

/**
 * Returns the bytes of memory that ffmpeg may take to decode a video. They follow from the size of its frames: the number
 * of reference frames is what a file claims, and the decoders obey. Frames with more than 8 bits take twice as much, and
 * the tone mapping of HDR again.
 */
export function decodingMemory({
  codedWidth,
  codedHeight,
  pixelFormat,
  dynamicRange,
}: Pick<ProbeResult, "codedWidth" | "codedHeight" | "pixelFormat" | "dynamicRange">): number {
  const sampleBytes = /(9|1[0-9]|48|64)(le|be)$/.test(pixelFormat) ? 2 : 1;
  const floats = dynamicRange === "sdr" ? 1 : 2;
  const frames = BYTES_PER_PIXEL * sampleBytes * floats * codedWidth * codedHeight;
  return Math.max(MIN_BYTES, BASE_BYTES + frames) + THREAD_BYTES * availableParallelism();
}

let isInstalled: boolean | undefined;

/**
 * Returns the command that runs a program with at most this memory (`prlimit` of util-linux, so on Linux), or an empty
 * list where it is not installed.
 */
export function memoryLimit(bytes: number): readonly string[] {
  const command = (limit: number) => ["prlimit", `--data=${limit}`];
  const [program, ...args] = command(bytes);
  isInstalled ??= spawnSync(program, [...args, "true"]).status === 0;
  return isInstalled ? command(bytes) : [];
}

/**
 * Returns whether a lack of memory explains the stderr of ffmpeg. H.264 decoders do not say why they get no buffer; frames of
 * an invalid size are another reason.
 */
export const lacksMemory = (stderr: string): boolean =>
  /Cannot allocate memory/.test(stderr) ||
  (/get_buffer\(\) failed/.test(stderr) && !/pixel count|is invalid/.test(stderr));
