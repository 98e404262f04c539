import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type EncodeOptions, encode, framePsnr } from "../../encoder/index.js";
import { compressSiren, type SirenNetwork, sirenLearningRate, widthForBytes } from "../baselines/siren.js";
import { decodeSirenFrames, type SirenPlan, trainSiren } from "../baselines/train-siren.js";
import { evenlySpaced, loadVideo, selectFrames, type Video } from "../baselines/video.js";
import { rounded } from "../machine.js";
import type { Measurement, Row, Settings } from "./settings.js";

/** Number of sine layers of the baselines, the same as in the paper profile. */
export const SIREN_LAYERS = 5;
/** Number of frames, and approximate number of pixels per frame, on which training measures the PSNR of a SIREN. */
const EVALUATED_FRAMES = 8;
const EVALUATED_PIXELS = 12_000;
/** Number of evaluations during the training of a baseline. */
const EVALUATIONS = 8;

/** The result of one codec on one row. */
export interface CodecResult {
  readonly seconds: number;
  /** CPU time of all threads of this process, without ffmpeg. It depends less on other load. */
  readonly cpuSeconds: number;
  readonly psnr: number;
  readonly bytes: number;
  /** Whether the target PSNR was reached before training stopped. */
  readonly reached: boolean;
}

/** Time in which each codec reaches the PSNR of the paper profile. */
export interface RowResult {
  readonly row: Row;
  readonly notes: readonly string[];
  readonly paper: CodecResult;
  readonly tile: CodecResult & { readonly steps: number };
  /** Undefined if baselines are disabled. */
  readonly siren?: CodecResult & { readonly width: number };
  readonly coin?: CodecResult & { readonly width: number };
}

/** Encodes a clip with all codecs. The assets of both profiles remain at `assetPath`. */
export async function measureRow(measurement: Measurement): Promise<RowResult> {
  const { row, clip, settings, folder, log } = measurement;
  const size = { width: row.width, height: row.height };
  const common = { input: clip.path, size };
  const output = assetPath(folder, row, "paper");
  const paper = { ...(await encodeMeasured({ ...common, ...settings.paper, output })), reached: true };
  log(`paper ${describe(paper)}`);
  const tile = await trainTileToPsnr(
    { ...common, preset: settings.tilePreset, output: assetPath(folder, row, "tile") },
    paper.psnr,
    settings.tileSteps,
    log,
  );
  const profiles = { row, notes: clip.notes, paper, tile };
  if (!settings.baselines) return profiles;
  const video = await loadVideo(clip.path, size, row.frames);
  const siren = await trainSirenToPsnr({
    network: {
      networks: 1,
      inputs: 3,
      width: widthForBytes(paper.bytes, 3, SIREN_LAYERS),
      layers: SIREN_LAYERS,
    },
    video,
    points: settings.points.siren,
    psnr: paper.psnr,
    maxCpuSeconds: settings.baselineSeconds,
  });
  log(`siren ${describe(siren)}`);
  const coin = await measureCoin(video, paper, settings);
  log(`coin ${describe(coin)}, measured on ${Math.min(row.frames, settings.coinFrames)} frames`);
  return { ...profiles, siren, coin };
}

/** Trains COIN on a few frames, and extrapolates time and size to all frames of the video. */
async function measureCoin(
  video: Video,
  paper: CodecResult,
  settings: Settings,
): Promise<CodecResult & { width: number }> {
  const frames = evenlySpaced(video.frameCount, settings.coinFrames);
  const width = widthForBytes(paper.bytes / video.frameCount, 2, SIREN_LAYERS);
  const measured = await trainSirenToPsnr({
    network: { networks: frames.length, inputs: 2, width, layers: SIREN_LAYERS },
    video: selectFrames(video, frames),
    points: settings.points.coin,
    psnr: paper.psnr,
    maxCpuSeconds: settings.baselineSeconds,
  });
  const scale = video.frameCount / frames.length;
  return {
    ...measured,
    seconds: rounded(measured.seconds * scale, 1),
    cpuSeconds: rounded(measured.cpuSeconds * scale, 1),
    bytes: Math.round(measured.bytes * scale),
  };
}

/** Returns the path of the asset of a row. */
export const assetPath = (folder: string, row: Row, profile: "paper" | "tile"): string =>
  join(folder, `${row.name.replaceAll(/[^\da-z]/gi, "-")}-${profile}.siedd`);

/** Returns the CPU time of this process in seconds. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function encodeMeasured(options: EncodeOptions): Promise<Omit<CodecResult, "reached">> {
  const before = cpuSeconds();
  const { seconds, psnr, bytes, audioBytes } = await encode(options);
  return {
    seconds: rounded(seconds, 2),
    cpuSeconds: rounded(cpuSeconds() - before, 1),
    psnr: rounded(psnr),
    bytes: bytes - audioBytes,
  };
}

/** Formats a result for the log. */
export const describe = ({ seconds, cpuSeconds, psnr, bytes, reached }: CodecResult): string =>
  `${reached ? "" : "not reached in "}${seconds} s, ${cpuSeconds} CPU s, ${psnr} dB, ${bytes} bytes`;

/** Encodes with each of `stepCounts`, in order, until the PSNR is reached. */
async function trainTileToPsnr(
  options: EncodeOptions,
  psnr: number,
  stepCounts: readonly number[],
  log: (line: string) => void,
): Promise<RowResult["tile"]> {
  for (const [i, steps] of stepCounts.entries()) {
    const result = await encodeMeasured({ ...options, steps, phase1Steps: steps });
    const reached = result.psnr >= psnr;
    log(`tile, ${steps} steps: ${describe({ ...result, reached: true })}`);
    if (reached || i === stepCounts.length - 1) return { ...result, steps, reached };
  }
  throw new Error("tileSteps must not be empty");
}

/** Describes how a SIREN is trained to a PSNR. */
interface SirenTarget {
  readonly network: SirenNetwork;
  readonly video: Video;
  /** Coordinates per step. */
  readonly points: number;
  /** Target PSNR of the compressed network, dB. */
  readonly psnr: number;
  /** Training stops after this CPU time, even below the target. */
  readonly maxCpuSeconds: number;
}

/** Trains until the compressed network reaches the PSNR. The time excludes evaluations and is interpolated between them. */
async function trainSirenToPsnr({
  network,
  video,
  points,
  psnr,
  maxCpuSeconds,
}: SirenTarget): Promise<CodecResult & { width: number }> {
  const frames = evenlySpaced(video.frameCount, EVALUATED_FRAMES);
  const stride = Math.max(1, Math.round(Math.sqrt((video.width * video.height) / EVALUATED_PIXELS)));
  let previous = { seconds: 0, cpuSeconds: 0, psnr: Number.NEGATIVE_INFINITY };
  const plan: SirenPlan = {
    points,
    threads: availableParallelism(),
    learningRate: sirenLearningRate(network),
    optimizer: "schedule-free",
    steps: 1_000_000,
  };
  for await (const progress of trainSiren(network, video, plan)) {
    const isDue = progress.cpuSeconds >= previous.cpuSeconds + maxCpuSeconds / EVALUATIONS;
    const isLast = progress.cpuSeconds >= maxCpuSeconds;
    if (!isDue && !isLast) continue;
    const { weights, bytes } = compressSiren(network, progress.weights());
    const decodedFrames = await decodeSirenFrames({ network, weights, video, frames, stride });
    const sum = decodedFrames.reduce(
      (total, { decoded, original }) => total + framePsnr(decoded, original),
      0,
    );
    const current = {
      seconds: progress.seconds,
      cpuSeconds: progress.cpuSeconds,
      psnr: sum / decodedFrames.length,
    };
    const reached = current.psnr >= psnr;
    if (reached && Number.isFinite(previous.psnr)) {
      const share = (psnr - previous.psnr) / (current.psnr - previous.psnr);
      current.seconds = previous.seconds + share * (current.seconds - previous.seconds);
      current.cpuSeconds = previous.cpuSeconds + share * (current.cpuSeconds - previous.cpuSeconds);
      current.psnr = psnr;
    }
    previous = current;
    if (reached || isLast) {
      return {
        seconds: rounded(current.seconds, 2),
        cpuSeconds: rounded(current.cpuSeconds, 1),
        psnr: rounded(current.psnr),
        bytes,
        reached,
        width: network.width,
      };
    }
  }
  throw new Error("training ended before maxCpuSeconds");
}
