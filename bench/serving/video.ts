import { execFile } from "node:child_process";
import { mkdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { TileNetwork } from "../../codec/internal.js";
import { encode } from "../../encoder/index.js";
import { benchClip, command } from "../machine.js";

/** A small video of random weights: as much work as a trained one. */
export const FRAME = { width: 320, height: 180 };
export const NETWORK: TileNetwork = {
  ...{ profile: "tile", rows: 5, columns: 8, overlap: 1, frequencies: 4 },
  ...{ omega: 20, encoderWidth: 0, hiddenLayers: 3 },
};

const folder = join(resolve(import.meta.dirname, "../../.."), ".siedd/bench");
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Two seconds at 640x360, encoded once: what is measured is the server, not the quality. */
export async function assetToServe(): Promise<string> {
  await mkdir(folder, { recursive: true });
  const { path: input, name } = await benchClip(folder);
  const output = join(folder, `serve-${name}.siedd`);
  if (await exists(output)) return output;
  await encode({ input, output, preset: "draft", size: { width: 640, height: 360 }, from: 0, to: 2 });
  return output;
}

/** The same video as a server that transcodes would keep it: H.264 of its full size, a keyframe every two seconds. */
export async function mezzanine(): Promise<string> {
  await mkdir(folder, { recursive: true });
  const { path: input, name } = await benchClip(folder);
  const output = join(folder, `mezzanine-${name}.mp4`);
  if (await exists(output)) return output;
  await promisify(execFile)("ffmpeg", [
    ...["-y", "-loglevel", "error", "-i", input, "-t", "2", "-an", "-c:v", "libx264", "-preset", "medium"],
    ...["-crf", "18", "-g", "50", "-pix_fmt", "yuv420p", output],
  ]);
  return output;
}

/** What the asset shows, as H.264: the encoder's work is then the same, where a draft is noisier than its source. */
export async function mezzanineOf(asset: string): Promise<string> {
  const output = asset.replace(/\.siedd$/, "-shown.mp4");
  if (!(await exists(output)))
    await promisify(execFile)(process.execPath, [command, "decode", asset, "-o", output]);
  return output;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
