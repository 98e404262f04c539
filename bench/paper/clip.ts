import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { probeVideo } from "../../media/index.js";
import type { Row, RowClip } from "./settings.js";

/** First frame of a clip, if the source has enough frames after it. */
const FIRST_FRAME = 40;

/** Trims or repeats the source to the length of a row, upscales it if necessary, and stores it without loss. */
export async function createClip(source: string, row: Row, folder: string): Promise<RowClip> {
  const info = await probeVideo(source);
  const sourceFrames = Math.round((info.duration * info.frameRate.num) / info.frameRate.den);
  const first = FIRST_FRAME + row.frames <= sourceFrames ? FIRST_FRAME : 0;
  const loops = Math.ceil(row.frames / sourceFrames) - 1;
  const filters = [`trim=start_frame=${first}:end_frame=${first + row.frames}`, "setpts=PTS-STARTPTS"];
  const isUpscaled = row.width > info.width;
  if (isUpscaled) filters.push(`scale=${row.width}:${row.height}:flags=bicubic`);
  const path = join(folder, `${row.name.replaceAll(/[^\da-z]/gi, "-")}.mp4`);
  const input = ["-v", "error", "-y", "-stream_loop", String(loops), "-i", source, "-an"];
  const output = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", path];
  await promisify(execFile)("ffmpeg", [...input, "-vf", filters.join(","), ...output]);
  const notes = [
    ...(loops > 0 ? [`${sourceFrames} frames of the clip, repeated`] : []),
    ...(isUpscaled ? [`upscaled from ${info.width} x ${info.height}`] : []),
  ];
  return { path, notes };
}
