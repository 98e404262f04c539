import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-node";
import { createFrameDecoder, fullRegion, memorySource, openAsset } from "../../codec/internal.js";
import { framePsnr } from "../../encoder/index.js";
import { loadVideo } from "../baselines/video.js";
import { rounded } from "../machine.js";
import type { RowClip } from "./clip.js";
import { assetPath } from "./rows.js";
import type { Row, Settings } from "./settings.js";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** One asset decoded at one size. */
export interface SizeResult {
  readonly profile: "paper" | "tile";
  readonly size: string;
  /** dB against the true frames at this size, averaged down from the video's; null above the video's size. */
  readonly psnr: number | null;
  /** dB between this picture averaged down to the smallest size, and the asset decoded there; null at the smallest. */
  readonly consistency: number | null;
  /** Of the frames that the paper profile's decoder computes together, for each of them. */
  readonly secondsPerFrame: number;
}

/** Frames compared. */
const COMPARED = 2;
/** What a decoder of the paper profile keeps of frames that it computed together: so many are timed. */
const WINDOW_BYTES = 64 * 1024 * 1024;

/** RGBA of one size -> RGBA of a smaller one, by area. */
function averaged(frame: Uint8Array, from: Size, to: Size): Uint8Array {
  const raw = ["-f", "rawvideo", "-pix_fmt", "rgba"];
  const input = [...raw, "-s", `${from.width}x${from.height}`, "-i", "-"];
  const filter = `scale=${to.width}:${to.height}:flags=area+accurate_rnd`;
  const run = spawnSync("ffmpeg", ["-v", "error", ...input, "-vf", filter, ...raw, "-"], {
    input: frame,
    maxBuffer: 2 ** 28,
  });
  if (run.status !== 0) throw new Error(`ffmpeg could not scale a frame: ${run.stderr}`);
  return run.stdout;
}

const packed = (rgba: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: (rgba.length / 4) * 3 }, (_, i) => rgba[4 * Math.floor(i / 3) + (i % 3)]);

/** The first group of both profiles' assets of one row at all sizes, the smallest first. */
export async function measureSizes(
  row: Row,
  clip: RowClip,
  { sizes }: Settings,
  folder: string,
  say: (line: string) => void,
): Promise<SizeResult[]> {
  const results: SizeResult[] = [];
  const [smallest] = sizes.pixels;
  for (const profile of ["paper", "tile"] as const) {
    const asset = await openAsset(memorySource(await readFile(assetPath(folder, row, profile))));
    const engine = await createFrameDecoder(asset, { runtime: async () => ort });
    const group = engine.loadGroup(0, await asset.readGroup(0));
    const below: Uint8Array[] = [];
    for (const size of sizes.pixels) {
      const bytes = size.width * size.height * 4;
      const count = Math.max(COMPARED, Math.min(group.frameCount, Math.floor(WINDOW_BYTES / bytes)));
      const request = { region: fullRegion(asset), ...size };
      const frames: Uint8Array[] = [];
      const scratch = new Uint8Array(bytes);
      const began = performance.now();
      for (let frame = 0; frame < count; frame++) {
        await engine.decodeRgba(group, frame, request, scratch);
        if (frame < COMPARED) frames.push(scratch.slice());
      }
      const secondsPerFrame = rounded((performance.now() - began) / 1000 / count, 4);
      const known = size.width <= row.width && size.height <= row.height;
      const result = {
        profile,
        size: `${size.width} x ${size.height}`,
        psnr: known ? await truth(frames, clip, size) : null,
        consistency: size === smallest ? null : consistency(frames, size, below, smallest),
        secondsPerFrame,
      };
      if (size === smallest) below.push(...frames.map(packed));
      results.push(result);
      say(
        `${profile} at ${result.size}: ${result.psnr} dB, ${result.consistency} dB, ${secondsPerFrame} s a frame`,
      );
    }
  }
  return results;
}

async function truth(frames: readonly Uint8Array[], clip: RowClip, size: Size): Promise<number> {
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
  below: readonly Uint8Array[],
  smallest: Size,
): number {
  const sum = frames.reduce(
    (total, frame, i) => total + framePsnr(averaged(frame, size, smallest), below[i]),
    0,
  );
  return rounded(sum / frames.length);
}
