import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { createFrameDecoder, fullRegion, memorySource, openAsset } from "../../codec/internal.js";
import { encode, framePsnr, SsimEvaluator } from "../../encoder/index.js";
import { compressSiren, type SirenNetwork, sirenLearningRate, widthForBytes } from "../baselines/siren.js";
import { decodeSirenFrames, trainSiren } from "../baselines/train-siren.js";
import { loadVideo, type Video } from "../baselines/video.js";
import { rounded } from "../machine.js";
import { assetPath, type CodecResult, SIREN_LAYERS } from "./rows.js";
import type { Measurement } from "./settings.js";

/** The quality of a codec at about the bytes of the paper profile. */
export interface EqualBytesResult {
  readonly codec: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly psnr: number;
  /** SSIM of luma, mean over the frames. */
  readonly ssim: number;
}

/** Number of steps that measure the speed of a baseline. */
const TRIAL_STEPS = 30;

/** Encodes the clip of a row with all codecs. The baselines get the CPU time of the paper profile. */
export async function measureEqualBytes(
  { row, clip, settings, folder, log }: Measurement,
  paper: CodecResult,
): Promise<EqualBytesResult[]> {
  const size = { width: row.width, height: row.height };
  const video = await loadVideo(clip.path, size, row.frames);
  const rows: EqualBytesResult[] = [];
  const add = (quality: EqualBytesResult) => {
    rows.push(quality);
    log(`${quality.codec}: ${quality.bytes} bytes, ${quality.psnr} dB, SSIM ${quality.ssim}`);
  };
  const assets = { paper: assetPath(folder, row, "paper"), tile: join(folder, "equal-bytes.siedd") };
  add({
    codec: "paper",
    bytes: paper.bytes,
    seconds: paper.seconds,
    ...(await measureAsset(assets.paper, video)),
  });
  const targetBpp = Math.min(10, (paper.bytes * 8) / (row.width * row.height * row.frames));
  const { bytes, audioBytes, seconds } = await encode({
    input: clip.path,
    output: assets.tile,
    size,
    preset: "fast",
    targetBpp,
  });
  const quality = await measureAsset(assets.tile, video);
  add({ codec: "tile", bytes: bytes - audioBytes, seconds: rounded(seconds, 1), ...quality });
  const layers = SIREN_LAYERS;
  const { points } = settings;
  const sirenNetwork = {
    networks: 1,
    inputs: 3,
    width: widthForBytes(paper.bytes, 3, layers),
    layers,
  } as const;
  const coinWidth = widthForBytes(paper.bytes / row.frames, 2, layers);
  const coinNetwork = { networks: row.frames, inputs: 2, width: coinWidth, layers } as const;
  add({ codec: "siren", ...(await trainBaseline(sirenNetwork, video, points.siren, paper.cpuSeconds)) });
  add({ codec: "coin", ...(await trainBaseline(coinNetwork, video, points.coin, paper.cpuSeconds)) });
  return rows;
}

/** Trains for a given CPU time, with a one-cycle schedule of as many steps as fit. */
async function trainBaseline(
  network: SirenNetwork,
  video: Video,
  points: number,
  cpuSeconds: number,
): Promise<Omit<EqualBytesResult, "codec">> {
  const learningRate = sirenLearningRate(network);
  const plan = { optimizer: "adam-onecycle", learningRate, points, threads: availableParallelism() } as const;
  let trialSeconds = 0;
  for await (const progress of trainSiren(network, video, { ...plan, steps: TRIAL_STEPS }))
    trialSeconds = progress.cpuSeconds;
  const steps = Math.max(10, Math.round((cpuSeconds / trialSeconds) * TRIAL_STEPS));
  for await (const progress of trainSiren(network, video, { ...plan, steps })) {
    if (progress.steps < steps) continue;
    const { weights, bytes } = compressSiren(network, progress.weights());
    const frames = Array.from({ length: video.frameCount }, (_, frame) => frame);
    const decodedFrames = await decodeSirenFrames({ network, weights, video, frames, stride: 1 });
    return { bytes, seconds: rounded(progress.seconds, 1), ...meanQuality(video, decodedFrames) };
  }
  throw new Error("training ended before its last step");
}

/** Decodes an asset at its own size and compares it with the video. */
async function measureAsset(path: string, video: Video): Promise<{ psnr: number; ssim: number }> {
  const asset = await openAsset(memorySource(await readFile(path)));
  const decoder = await createFrameDecoder(asset, { runtime: async () => ort });
  const viewport = { region: fullRegion(asset), width: video.width, height: video.height };
  const decodedFrames: { decoded: Uint8Array; original: Uint8Array }[] = [];
  const bytes = video.frames.length / video.frameCount;
  for (const entry of asset.groups) {
    const group = decoder.loadGroup(entry.index, await asset.readGroup(entry.index));
    for (let frame = 0; frame < entry.frameCount; frame++) {
      const decoded = new Uint8Array(video.width * video.height * 4);
      await decoder.decodeRgba(group, frame, viewport, decoded);
      const offset = (entry.firstFrame + frame) * bytes;
      decodedFrames.push({ decoded, original: video.frames.subarray(offset, offset + bytes) });
    }
  }
  return meanQuality(video, decodedFrames);
}

function meanQuality(video: Video, frames: readonly { decoded: Uint8Array; original: Uint8Array }[]) {
  const similarity = new SsimEvaluator(video.width, video.height);
  let [psnr, ssim] = [0, 0];
  for (const { decoded, original } of frames) {
    psnr += framePsnr(decoded, original);
    const isPacked = decoded.length === original.length;
    ssim += similarity.compare(isPacked ? withAlpha(decoded) : decoded, original).ssim;
  }
  return { psnr: rounded(psnr / frames.length), ssim: rounded(ssim / frames.length, 4) };
}

/** Converts packed R'G'B' to RGBA. */
const withAlpha = (packed: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: (packed.length / 3) * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : packed[3 * (i >> 2) + (i % 4)],
  );
