import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Frames per second of gray videos. */
export const RATE = 25;
/** Frames after which the gray levels repeat: not a number of segments, so that two swapped segments differ. */
const PERIOD = 27;

/** Luma of frame n, in limited range. Neighbors differ by 7. */
export const lumaOf = (n: number): number => 20 + 7 * (n % PERIOD);

/** Gray of frame n on the screen, from 0 to 255. Neighbors differ by 8. */
export const shownGray = (n: number): number => ((lumaOf(n) - 16) * 255) / 219;

/** Writes an H.264 video of 64x36 pixels with a tone, whose frames tell their number by their gray. */
export async function writeGrayVideo(output: string, seconds: number): Promise<void> {
  const frames = `color=black:s=64x36:r=${RATE}:d=${seconds},geq=lum='20+7*mod(N,${PERIOD})':cb=128:cr=128`;
  await run("ffmpeg", [
    ...["-y", "-v", "error", "-f", "lavfi", "-i", frames],
    ...["-f", "lavfi", "-i", `sine=440:sample_rate=48000:duration=${seconds}`],
    ...["-c:v", "libx264", "-qp", "0", "-bf", "3", "-c:a", "aac", output],
  ]);
}
