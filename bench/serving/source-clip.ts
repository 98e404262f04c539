import { execFile } from "node:child_process";
import { mkdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { benchClip } from "../machine.js";

const folder = join(resolve(import.meta.dirname, "../../.."), ".siedd/bench");
const run = promisify(execFile);

/** Frame rate of the source. */
export const SOURCE_RATE = { num: 25, den: 1 };
/** Seconds of the source. */
export const SOURCE_SECONDS = 30;

async function made(name: string, ...args: readonly string[]): Promise<string> {
  const output = join(folder, name);
  const exists = await stat(output).then(
    () => true,
    () => false,
  );
  if (exists) return output;
  await mkdir(folder, { recursive: true });
  await run("ffmpeg", ["-y", "-loglevel", "error", ...args, output]);
  return output;
}

/** Returns the path of a source as most videos are stored: H.264 at 1920x1080, a keyframe every ten seconds. */
export async function fullHdSource(): Promise<string> {
  const { path, name } = await benchClip(folder);
  return made(
    `source-${name}.mp4`,
    ...["-stream_loop", "-1", "-i", path, "-t", `${SOURCE_SECONDS}`, "-an"],
    ...["-vf", `scale=1920:1080:flags=bicubic,fps=${SOURCE_RATE.num}`],
    ..."-c:v libx264 -preset medium -crf 20 -g 250 -keyint_min 250 -sc_threshold 0 -pix_fmt yuv420p".split(
      " ",
    ),
  );
}

/** Returns the path of a small source that is encoded in a few seconds. */
export async function smallSource(): Promise<string> {
  const { path, name } = await benchClip(folder);
  return made(
    `small-source-${name}.mp4`,
    ...["-i", path, "-t", "2", "-an", "-vf", "scale=192:108", "-c:v", "libx264", "-crf", "18"],
  );
}
