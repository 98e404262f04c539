import { execFile } from "node:child_process";
import { mkdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { TileNetwork } from "../../codec/internal.js";
import { encode } from "../../encoder/index.js";
import { benchClip, command } from "../machine.js";

/** Frame size and network of a small video whose random weights take as long to decode as trained ones. */
export const FRAME = { width: 320, height: 180 };
export const NETWORK: TileNetwork = {
  profile: "tile",
  rows: 5,
  columns: 8,
  overlap: 1,
  frequencies: 4,
  omega: 20,
  encoderWidth: 0,
  hiddenLayers: 3,
};

const folder = join(resolve(import.meta.dirname, "../../.."), ".siedd/bench");
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Returns the path of a two-second asset at 640x360. Encodes it on the first call. */
export async function assetToServe(): Promise<string> {
  await mkdir(folder, { recursive: true });
  const { path: input, name } = await benchClip(folder);
  const output = join(folder, `serve-${name}.siedd`);
  if (await exists(output)) return output;
  await encode({ input, output, preset: "draft", size: { width: 640, height: 360 }, from: 0, to: 2 });
  return output;
}

/** Returns the path of the same video as a transcoding server would store it: H.264 at full size, a keyframe every 2 s. */
export async function mezzanine(): Promise<string> {
  await mkdir(folder, { recursive: true });
  const { path: input, name } = await benchClip(folder);
  const output = join(folder, `mezzanine-${name}.mp4`);
  if (await exists(output)) return output;
  await promisify(execFile)("ffmpeg", [
    "-y",
    "-loglevel",
    "error",
    "-i",
    input,
    ..."-t 2 -an -c:v libx264 -preset medium -crf 18 -g 50 -pix_fmt yuv420p".split(" "),
    output,
  ]);
  return output;
}

/**
 * Returns the path of the decoded asset as H.264. It has the noise of the asset, so the H.264 encoder has the same work.
 */
export async function decodedMezzanine(asset: string): Promise<string> {
  const output = asset.replace(/\.siedd$/, "-decoded.mp4");
  if (!(await exists(output)))
    await promisify(execFile)(process.execPath, [command, "decode", asset, "-o", output]);
  return output;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
