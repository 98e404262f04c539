import { ffmpeg, lavfi } from "./odd-videos.js";

/** Gray level of frame n in `grayClip`. */
export const grayLevel = (n: number): number => 20 + 4 * (n % 50);

/**
 * Renders a clip of 64 x 36 pixels without loss, whose frames differ from their neighbors by 4 gray levels (5 in RGB).
 *
 * @param rate frames per second in ffmpeg's syntax, such as 24000/1001
 */
export const grayClip = (
  rate: string,
  frames: number,
  output: string,
  ...options: string[]
): Promise<Buffer> =>
  ffmpeg(
    ...lavfi(`color=black:s=64x36:r=${rate},geq=lum='20+4*mod(N,50)':cb=128:cr=128`),
    ...["-frames:v", String(frames), "-c:v", "libx264", "-qp", "0", "-bf", "3"],
    ...["-video_track_timescale", "1000000", ...options, output],
  );

/** Returns how often each next frame of a gray clip is not the next level. */
export function countWrongSteps(levels: readonly number[]): number {
  const steps = levels.slice(1).map((level, i) => level - levels[i]!);
  return steps.filter((step) => !((step >= 3 && step <= 7) || step < -150)).length;
}
