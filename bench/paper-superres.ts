import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { createFrameDecoder, fullRegion, memorySource, openAsset } from "../codec/internal.js";
import { type EncodeOptions, encode, framePsnr } from "../encoder/index.js";
import { probeVideo, readFrames } from "../media/index.js";
import { benchClip, machine, rounded } from "./machine.js";

// Super-resolution: encodes one group of 20 frames per profile at 640 x 360, decodes it at 1280 x 720, and compares it with
// the source at that size. Also compares bicubic interpolation of the decoded and of the source 640 x 360 frames.

const SMALL = { width: 640, height: 360 };
const LARGE = { width: 1280, height: 720 };
const FRAMES = 20;
const FIRST_FRAME = 40;
const paper = {
  profile: "paper",
  width: 256,
  steps: Number(process.env.SIEDD_STEPS ?? 3000),
  phase1Steps: 300,
  points: 1024,
  anchors: 3,
  lr: 1e-3,
  groupFrames: FRAMES,
} as const;
const tile = { profile: "tile", preset: "balanced", groupFrames: FRAMES } as const;

/** Scales a packed R'G'B' or RGBA frame to RGBA with the bicubic filter of ffmpeg. */
function bicubic(
  frame: Uint8Array,
  from: typeof SMALL,
  to: typeof SMALL,
  format: "rgb24" | "rgba",
): Uint8Array {
  const input = ["-f", "rawvideo", "-pix_fmt", format, "-s", `${from.width}x${from.height}`, "-i", "-"];
  const output = [
    "-vf",
    `scale=${to.width}:${to.height}:flags=bicubic`,
    "-f",
    "rawvideo",
    "-pix_fmt",
    "rgba",
    "-",
  ];
  const run = spawnSync("ffmpeg", ["-v", "error", ...input, ...output], { input: frame, maxBuffer: 2 ** 28 });
  if (run.status !== 0) throw new Error(`ffmpeg cannot scale a frame: ${run.stderr}`);
  return run.stdout;
}

async function collect(frames: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const list: Uint8Array[] = [];
  for await (const frame of frames) list.push(frame);
  return list;
}

async function measure(input: string, folder: string, options: Partial<EncodeOptions>) {
  const info = await probeVideo(input);
  const output = join(folder, `${options.profile}.siedd`);
  const rate = info.frameRate.num / info.frameRate.den;
  const span = { from: FIRST_FRAME / rate, to: (FIRST_FRAME + FRAMES) / rate };
  const summary = await encode({ ...options, input, output, size: SMALL, ...span });
  const asset = await openAsset(memorySource(await readFile(output)));
  const decoder = await createFrameDecoder(asset, { runtime: async () => ort });
  const group = decoder.loadGroup(0, await asset.readGroup(0));
  const range = { firstFrame: FIRST_FRAME, frameCount: group.frameCount };
  const largeFrames = await collect(readFrames(input, info, { ...LARGE, ...range }));
  const smallFrames = await collect(readFrames(input, info, { ...SMALL, ...range }));
  const region = fullRegion(asset);
  const decode = async (frame: number, size: typeof SMALL) => {
    const rgba = new Uint8Array(size.width * size.height * 4);
    await decoder.decodeRgba(group, frame, { region, ...size }, rgba);
    return rgba;
  };
  // Decodes all frames at one size before the next size, because the decoder caches the frames of the last viewport.
  const sums = { decoded: 0, assetBicubic: 0, sourceBicubic: 0 };
  for (const [frame, original] of largeFrames.entries()) {
    sums.decoded += framePsnr(await decode(frame, LARGE), original);
    sums.sourceBicubic += framePsnr(bicubic(smallFrames[frame], SMALL, LARGE, "rgb24"), original);
  }
  for (const [frame, original] of largeFrames.entries()) {
    sums.assetBicubic += framePsnr(bicubic(await decode(frame, SMALL), SMALL, LARGE, "rgba"), original);
  }
  const mean = (sum: number) => rounded(sum / group.frameCount);
  return {
    profile: asset.profile,
    psnrAtSourceSize: rounded(summary.psnr),
    psnrDecodedLarge: mean(sums.decoded),
    psnrDecodedSmallThenBicubic: mean(sums.assetBicubic),
    psnrSourceThenBicubic: mean(sums.sourceBicubic),
  };
}

const folder = await mkdtemp(join(tmpdir(), "siedd-superres-"));
try {
  const clip = await benchClip(folder);
  const profiles = [];
  for (const options of [paper, tile]) profiles.push(await measure(clip.path, folder, options));
  process.stdout.write(
    `${JSON.stringify({ bench: "paper-superres", machine: machine(), clip: clip.name, encodedSize: SMALL, decodedSize: LARGE, profiles })}\n`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
