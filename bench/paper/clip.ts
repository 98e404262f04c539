import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { probeVideo } from "../../media/index.js";
import type { Row } from "./settings.js";

/** Where clips begin that are shorter than the source. */
const FIRST = 40;

/** A row's clip as a file without sound, the same pixels for every codec. */
export interface RowClip {
  readonly path: string;
  /** What is not as it was filmed. */
  readonly notes: readonly string[];
}

/** Cuts, repeats and enlarges the source as the row asks, without loss. */
export async function rowClip(source: string, row: Row, folder: string): Promise<RowClip> {
  const info = await probeVideo(source);
  const all = Math.round((info.duration * info.frameRate.num) / info.frameRate.den);
  const first = FIRST + row.frames <= all ? FIRST : 0;
  const loops = Math.ceil(row.frames / all) - 1;
  const filters = [`trim=start_frame=${first}:end_frame=${first + row.frames}`, "setpts=PTS-STARTPTS"];
  const enlarged = row.width > info.width;
  if (enlarged) filters.push(`scale=${row.width}:${row.height}:flags=bicubic`);
  const path = join(folder, `${row.name.replaceAll(/[^\da-z]/gi, "-")}.mp4`);
  const input = ["-v", "error", "-y", "-stream_loop", String(loops), "-i", source, "-an"];
  const output = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", path];
  await promisify(execFile)("ffmpeg", [...input, "-vf", filters.join(","), ...output]);
  const notes = [
    ...(loops > 0 ? [`the ${all} frames of the clip, repeated`] : []),
    ...(enlarged ? [`enlarged from ${info.width} x ${info.height}`] : []),
  ];
  return { path, notes };
}
