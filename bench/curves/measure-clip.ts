import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fullRegion, openAsset } from "../../codec/internal.js";
import { type DecodePool, decodeFrames, fileSource } from "../../decode-pool/index.js";
import { compareFrames } from "../../encoder/index.js";
import {
  detectScenes,
  encodeConventional,
  probeVideo,
  readConventional,
  readFrames,
} from "../../media/index.js";
import { rounded } from "../machine.js";
import type { RatePoint } from "./bjontegaard.js";
import { borderRatio, recordChanges } from "./border-ratio.js";
import type { Clip } from "./corpus.js";

/** A point of a curve. */
export interface Point extends RatePoint {
  /** Preset of siedd, or rate factor of x264. */
  readonly setting: string;
  readonly ssim: number;
}

/** One encode with siedd. */
export interface SieddPoint extends Point {
  readonly frames: number;
  /** CPU time of the encode with its ffmpeg processes. */
  readonly cpuSeconds: number;
  readonly cpuSecondsPerMegapixel: number;
  /** See `borderRatio`. */
  readonly borderRatio?: number;
}

/** An encode with the command line. */
export interface Encode {
  /** Path of main.js of the command. */
  readonly command: string;
  readonly clip: Clip;
  readonly preset: string;
  /** Further flags of `siedd encode`. */
  readonly flags: readonly string[];
  /** Folder for the asset. */
  readonly folder: string;
}

/** Encodes a clip, decodes the asset and compares it with the clip. The decoder is that of this checkout. */
export async function measureSiedd(encode: Encode, pool: DecodePool): Promise<SieddPoint> {
  const { clip, preset, flags, folder } = encode;
  const output = join(folder, `${clip.name}.siedd`);
  const range = ["--size", clip.size, "--to", String(clip.seconds)];
  const cpuSeconds = await cpuSecondsOf([
    encode.command,
    ...["encode", clip.path, "-o", output, ...range, "--preset", preset, ...flags],
  ]);
  const source = fileSource(output);
  const asset = await openAsset(source, { name: output });
  const { width, height, frameCount } = asset;
  const info = await probeVideo(clip.path);
  const changes = { decoded: [] as number[], source: [] as number[] };
  const viewport = { region: fullRegion(asset), width, height };
  const decoded = decodeFrames(
    pool,
    { asset, source },
    { from: 0, count: frameCount, viewport, format: "rgba" },
  );
  const reference = readFrames(clip.path, info, { width, height, firstFrame: 0, frameCount });
  const { psnr, ssim, frames } = await compareFrames(
    recordChanges(decoded, 4, changes.decoded),
    recordChanges(reference, 3, changes.source),
    { width, height },
  );
  const { cuts } = await detectScenes(clip.path, info, { from: 0, to: clip.seconds });
  const starts = asset.groups.map(({ firstFrame }) => firstFrame);
  const ratio = borderRatio(changes, starts, cuts);
  const megapixels = (width * height * frames) / 1e6;
  return {
    setting: preset,
    frames,
    psnr: rounded(psnr, 3),
    ssim: rounded(ssim, 4),
    bpp: rounded(((asset.bytes - asset.audioBytes) * 8) / (megapixels * 1e6), 5),
    cpuSeconds: rounded(cpuSeconds),
    cpuSecondsPerMegapixel: rounded(cpuSeconds / megapixels, 3),
    ...(ratio !== undefined && { borderRatio: rounded(ratio, 3) }),
  };
}

/** Runs Node.js and returns the CPU time of it and its children. */
async function cpuSecondsOf(args: readonly string[]): Promise<number> {
  const script = '"$@" >/dev/null || exit; times';
  const child = spawn("sh", ["-c", script, "sh", process.execPath, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [[code], printed, errors] = await Promise.all([
    once(child, "exit"),
    text(child.stdout),
    text(child.stderr),
  ]);
  if (code !== 0) throw new Error(`siedd ${args.slice(1).join(" ")} exited with ${code}: ${errors}`);
  // The second line of `times` holds user and system time of the children, as in 1m2.345s.
  const times = [
    ...printed
      .trim()
      .split("\n")[1]
      .matchAll(/(\d+)m([\d.]+)s/g),
  ];
  return times.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}

/** Rate factors of x264: from above the best preset's quality to below the worst preset's. */
const RATE_FACTORS = [12, 18, 24, 30, 36, 42, 48];

/** Encodes a clip with x264 (medium, closed GOPs of two seconds) at several rate factors. */
export async function measureX264(clip: Clip, folder: string): Promise<Point[]> {
  const [width, height] = clip.size.split("x").map(Number);
  const info = await probeVideo(clip.path);
  const { frameCount } = await detectScenes(clip.path, info, { from: 0, to: clip.seconds });
  const range = { width, height, firstFrame: 0, frameCount };
  const output = join(folder, "x264.mp4");
  const points: Point[] = [];
  for (const rateFactor of RATE_FACTORS) {
    await encodeConventional(clip.path, info, { ...range, codec: "x264", rateFactor, output });
    const { psnr, ssim, frames } = await compareFrames(
      readConventional(output, range),
      readFrames(clip.path, info, range),
      range,
    );
    const bpp = ((await stat(output)).size * 8) / (width * height * frames);
    points.push({
      setting: String(rateFactor),
      psnr: rounded(psnr, 3),
      ssim: rounded(ssim, 4),
      bpp: rounded(bpp, 5),
    });
  }
  return points;
}
