import { execFile } from "node:child_process";
import { mkdir, rename, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { writeSample } from "../../media/index.js";

const run = promisify(execFile);

/**
 * The clips that tests read:
 *
 * - bunny: 1280 x 720, 132 frames at 25 fps, one scene, audio
 * - bikes: 640 x 272, 250 frames at 25 fps, several cuts, no audio
 * - carphone: 176 x 144 with non-square pixels, 120 frames at 30000/1001 fps, no audio
 */
export type ClipName = "bunny" | "bikes" | "carphone";

const repository = join(import.meta.dirname, "../../..");
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Returns the path of a clip in SIEDD_MEDIA or next to the repository. If there is none, renders a substitute once. */
export async function clip(name: ClipName): Promise<string> {
  const path = join(process.env.SIEDD_MEDIA ?? join(repository, "../shared/media"), `${name}.mp4`);
  return (await exists(path)) ? path : substitute(name);
}

/** Returns whether the real clips exist. Only then can tests check measurements that depend on their content. */
export const realClips = async (): Promise<boolean> => !(await clip("bunny")).startsWith(tmpdir());

async function substitute(name: ClipName): Promise<string> {
  const folder = join(tmpdir(), "siedd-test-clips-2");
  const path = join(folder, `${name}.mp4`);
  if (await exists(path)) return path;
  await mkdir(folder, { recursive: true });
  const sample = join(folder, `sample-${process.pid}.mp4`);
  const temporary = join(folder, `${name}-${process.pid}.tmp.mp4`);
  await writeSample({ output: sample });
  await run("ffmpeg", ["-v", "error", "-y", "-i", sample, ...recipes[name], temporary]);
  await rename(temporary, path);
  return path;
}

const x264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "12"];
const silent = ["-an", ...x264];
const day = "trim=end_frame=80";

/** ffmpeg's options that convert the sample video to the size, frame rate, length and cuts of each clip. */
const recipes: Record<ClipName, readonly string[]> = {
  bunny: [
    "-vf",
    `${day},setpts=1.66*PTS,fps=25,scale=1280:720`,
    "-frames:v",
    "132",
    "-t",
    "5.28",
    ...x264,
    "-c:a",
    "aac",
  ],
  bikes: [
    "-filter_complex",
    "[0:v]scale=640:272,split[a][b];[a][b]concat=n=2",
    "-frames:v",
    "250",
    ...silent,
  ],
  carphone: [
    "-vf",
    `${day},setpts=1.26*PTS,fps=30000/1001,scale=176:144,setsar=128/117:max=255`,
    "-frames:v",
    "120",
    ...silent,
  ],
};
