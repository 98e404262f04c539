import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-node";
import { createFrameDecoder, fullRegion, memorySource, openAsset } from "../../codec/internal.js";
import { framePsnr } from "../../encoder/index.js";
import { loadVideo } from "../baselines/video.js";
import { rounded } from "../machine.js";
import { assetPath } from "./rows.js";
import type { Measurement, RowClip } from "./settings.js";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** One asset decoded at one size. */
export interface SizeResult {
  readonly profile: "paper" | "tile";
  readonly size: string;
  /** PSNR in dB against the video scaled down to this size; null above the size of the video. */
  readonly psnr: number | null;
  /**
   * PSNR in dB between these frames scaled down to the smallest size, and the asset decoded there; null at the smallest.
   */
  readonly consistency: number | null;
  /** Mean decoding time of the frames that the decoder of the paper profile computes together. */
  readonly secondsPerFrame: number;
}

/** Number of frames to compare. */
const COMPARED_FRAMES = 2;
/** Bytes of RGBA frames that a decoder of the paper profile computes together. These frames are timed. */
const WINDOW_BYTES = 64 * 1024 * 1024;

/** Scales an RGBA frame down by area averaging. */
function scaleDown(frame: Uint8Array, from: Size, to: Size): Uint8Array {
  const raw = ["-f", "rawvideo", "-pix_fmt", "rgba"];
  const input = [...raw, "-s", `${from.width}x${from.height}`, "-i", "-"];
  const filter = `scale=${to.width}:${to.height}:flags=area+accurate_rnd`;
  const run = spawnSync("ffmpeg", ["-v", "error", ...input, "-vf", filter, ...raw, "-"], {
    input: frame,
    maxBuffer: 2 ** 28,
  });
  if (run.status !== 0) throw new Error(`ffmpeg cannot scale a frame: ${run.stderr}`);
  return run.stdout;
}

const withoutAlpha = (rgba: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: (rgba.length / 4) * 3 }, (_, i) => rgba[4 * Math.floor(i / 3) + (i % 3)]);

/** Decodes the first group of the assets of a row at all sizes, the smallest first. */
export async function measureSizes({
  row,
  clip,
  settings: { sizes },
  folder,
  log,
}: Measurement): Promise<SizeResult[]> {
  const results: SizeResult[] = [];
  const [smallest] = sizes.pixels;
  for (const profile of ["paper", "tile"] as const) {
    const asset = await openAsset(memorySource(await readFile(assetPath(folder, row, profile))));
    const decoder = await createFrameDecoder(asset, { runtime: async () => ort });
    const group = decoder.loadGroup(0, await asset.readGroup(0));
    const smallestFrames: Uint8Array[] = [];
    for (const size of sizes.pixels) {
      const bytes = size.width * size.height * 4;
      const count = Math.max(COMPARED_FRAMES, Math.min(group.frameCount, Math.floor(WINDOW_BYTES / bytes)));
      const viewport = { region: fullRegion(asset), ...size };
      const frames: Uint8Array[] = [];
      const scratch = new Uint8Array(bytes);
      const started = performance.now();
      for (let frame = 0; frame < count; frame++) {
        await decoder.decodeRgba(group, frame, viewport, scratch);
        if (frame < COMPARED_FRAMES) frames.push(scratch.slice());
      }
      const secondsPerFrame = rounded((performance.now() - started) / 1000 / count, 4);
      const hasReference = size.width <= row.width && size.height <= row.height;
      const result = {
        profile,
        size: `${size.width} x ${size.height}`,
        psnr: hasReference ? await psnrOf(frames, clip, size) : null,
        consistency: size === smallest ? null : consistency(frames, size, smallestFrames, smallest),
        secondsPerFrame,
      };
      if (size === smallest) smallestFrames.push(...frames.map(withoutAlpha));
      results.push(result);
      log(
        `${profile} at ${result.size}: ${result.psnr} dB, ${result.consistency} dB, ${secondsPerFrame} s per frame`,
      );
    }
  }
  return results;
}

/** Returns the mean PSNR against the video at the same size, dB. */
async function psnrOf(frames: readonly Uint8Array[], clip: RowClip, size: Size): Promise<number> {
  const video = await loadVideo(clip.path, size, frames.length);
  const bytes = video.frames.length / video.frameCount;
  const sum = frames.reduce((total, frame, i) => {
    return total + framePsnr(frame, video.frames.subarray(i * bytes, (i + 1) * bytes));
  }, 0);
  return rounded(sum / frames.length);
}

function consistency(
  frames: readonly Uint8Array[],
  size: Size,
  smallestFrames: readonly Uint8Array[],
  smallest: Size,
): number {
  const sum = frames.reduce(
    (total, frame, i) => total + framePsnr(scaleDown(frame, size, smallest), smallestFrames[i]),
    0,
  );
  return rounded(sum / frames.length);
}
