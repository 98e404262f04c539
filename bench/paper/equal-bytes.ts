import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { createFrameDecoder, fullRegion, memorySource, openAsset } from "../../codec/internal.js";
import { encode, framePsnr, Similarity } from "../../encoder/index.js";
import { type SirenNetwork, sirenRate, storeSiren, widthOf } from "../baselines/siren.js";
import { sirenFrames, trainSiren } from "../baselines/train-siren.js";
import { loadVideo, type Video } from "../baselines/video.js";
import { rounded } from "../machine.js";
import type { RowClip } from "./clip.js";
import { assetPath, type RowResult, SIREN_LAYERS } from "./rows.js";
import type { Settings } from "./settings.js";

/** A codec's quality in about as many bytes as the paper profile took. */
export interface StoredQuality {
  readonly codec: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly psnr: number;
  /** Of luma, mean over the frames. */
  readonly ssim: number;
}

/** One-cycle Adam for so many steps as fit into the time, known after some of them. */
const TRIAL_STEPS = 30;

/** All four on one row's clip; the baselines have the processor seconds of the paper profile. */
export async function measureEqualBytes(
  { row, paper }: RowResult,
  clip: RowClip,
  settings: Settings,
  folder: string,
  say: (line: string) => void,
): Promise<StoredQuality[]> {
  const size = { width: row.width, height: row.height };
  const video = await loadVideo(clip.path, size, row.frames);
  const rows: StoredQuality[] = [];
  const keep = (quality: StoredQuality) => {
    rows.push(quality);
    say(`${quality.codec}: ${quality.bytes} bytes, ${quality.psnr} dB, SSIM ${quality.ssim}`);
  };
  const assets = { paper: assetPath(folder, row, "paper"), tile: join(folder, "equal-bytes.siedd") };
  keep({ codec: "paper", bytes: paper.bytes, seconds: paper.seconds, ...(await judge(assets.paper, video)) });
  const targetBpp = Math.min(10, (paper.bytes * 8) / (row.width * row.height * row.frames));
  const { bytes, audioBytes, seconds } = await encode({
    input: clip.path,
    output: assets.tile,
    size,
    preset: "fast",
    targetBpp,
  });
  const judged = await judge(assets.tile, video);
  keep({ codec: "tile", bytes: bytes - audioBytes, seconds: rounded(seconds, 1), ...judged });
  const layers = SIREN_LAYERS;
  const { points } = settings;
  const whole = { networks: 1, inputs: 3, width: widthOf(paper.bytes, 3, layers), layers } as const;
  const each = widthOf(paper.bytes / row.frames, 2, layers);
  const alone = { networks: row.frames, inputs: 2, width: each, layers } as const;
  const time = paper.cpuSeconds;
  keep({ codec: "siren", ...(await baseline(whole, video, points.siren, time)) });
  keep({ codec: "coin", ...(await baseline(alone, video, points.coin, time)) });
  return rows;
}

async function baseline(
  network: SirenNetwork,
  video: Video,
  points: number,
  time: number,
): Promise<Omit<StoredQuality, "codec">> {
  const rate = sirenRate(network);
  const plan = { optimizer: "adam-onecycle", rate, points, threads: availableParallelism() } as const;
  let spent = 0;
  for await (const { cpuSeconds } of trainSiren(network, video, { ...plan, steps: TRIAL_STEPS }))
    spent = cpuSeconds;
  const steps = Math.max(10, Math.round((time / spent) * TRIAL_STEPS));
  for await (const progress of trainSiren(network, video, { ...plan, steps })) {
    if (progress.steps < steps) continue;
    const { weights, bytes } = storeSiren(network, progress.weights());
    const numbers = Array.from({ length: video.frameCount }, (_, f) => f);
    const shown = await sirenFrames(network, weights, video, numbers, 1);
    return { bytes, seconds: rounded(progress.seconds, 1), ...quality(video, shown) };
  }
  throw new Error("training ended before its last step");
}

/** An asset decoded at its own size beside the video. */
async function judge(path: string, video: Video): Promise<{ psnr: number; ssim: number }> {
  const asset = await openAsset(memorySource(await readFile(path)));
  const engine = await createFrameDecoder(asset, { runtime: async () => ort });
  const request = { region: fullRegion(asset), width: video.width, height: video.height };
  const shown: { decoded: Uint8Array; original: Uint8Array }[] = [];
  const bytes = video.frames.length / video.frameCount;
  for (const entry of asset.groups) {
    const group = engine.loadGroup(entry.index, await asset.readGroup(entry.index));
    for (let frame = 0; frame < entry.frameCount; frame++) {
      const decoded = new Uint8Array(video.width * video.height * 4);
      await engine.decodeRgba(group, frame, request, decoded);
      const at = (entry.firstFrame + frame) * bytes;
      shown.push({ decoded, original: video.frames.subarray(at, at + bytes) });
    }
  }
  return quality(video, shown);
}

function quality(video: Video, shown: readonly { decoded: Uint8Array; original: Uint8Array }[]) {
  const similarity = new Similarity(video.width, video.height);
  let [psnr, ssim] = [0, 0];
  for (const { decoded, original } of shown) {
    psnr += framePsnr(decoded, original);
    const packed = decoded.length === original.length;
    ssim += similarity.frame(packed ? withAlpha(decoded) : decoded, original).ssim;
  }
  return { psnr: rounded(psnr / shown.length), ssim: rounded(ssim / shown.length, 4) };
}

const withAlpha = (packed: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: (packed.length / 3) * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : packed[3 * (i >> 2) + (i % 4)],
  );
