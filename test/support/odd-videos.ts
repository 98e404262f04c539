import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Runs ffmpeg, quiet; stdout as bytes. */
export const ffmpeg = async (...args: readonly string[]): Promise<Buffer> =>
  (await run("ffmpeg", ["-v", "error", "-y", ...args], { encoding: "buffer", maxBuffer: 2 ** 26 })).stdout;

export interface Stream {
  readonly codec_name?: string;
  readonly codec_type: string;
  readonly channels?: number;
  readonly tags?: { readonly language?: string };
}

/** What ffprobe says of each stream. */
export async function streamsOf(path: string): Promise<Stream[]> {
  const { stdout } = await run("ffprobe", ["-v", "error", "-of", "json", "-show_streams", path]);
  return JSON.parse(stdout).streams;
}

/** ffmpeg's options for an input made by one of its filters. */
export const lavfi = (graph: string): string[] => ["-f", "lavfi", "-i", graph];

/** An H.264 stream that keeps every frame as it comes. */
export const exact = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "4", "-fps_mode", "passthrough"];

/** Color bars at a high dynamic range, white at 100 candela a square metre. */
export const hdrBars = (transfer: "smpte2084" | "arib-std-b67"): string[] => [
  ...lavfi("smptehdbars=s=64x36:r=10:d=0.3"),
  "-vf",
  "scale=out_color_matrix=bt709,format=yuv444p16," +
    `zscale=tin=bt709:min=bt709:pin=bt709:rin=tv:t=${transfer}:p=bt2020:m=2020_ncl:r=tv:npl=100,format=yuv420p10le`,
  ...["-c:v", "ffv1", "-color_trc", transfer, "-color_primaries", "bt2020", "-colorspace", "bt2020nc"],
];
