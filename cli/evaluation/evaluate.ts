import { type Asset, fullRegion } from "../../codec/internal.js";
import { type DecodePool, decodeFrames, type FileSource, type FrameFormat } from "../../decode-pool/index.js";
import {
  type Comparison,
  type ConventionalResult,
  compareConventional,
  compareFrames,
  worstFrames,
} from "../../encoder/index.js";
import {
  type ConventionalCodec,
  detectScenes,
  encodePng,
  type ProbeResult,
  readFrames,
} from "../../media/index.js";
import { CommandError } from "../errors.js";
import type { Size } from "../input/parsers.js";

/** An asset and its source video, over the frames that both have, at the size to compare them at. */
export interface ComparedVideos extends Size {
  readonly asset: Asset;
  readonly source: FileSource;
  readonly pool: DecodePool;
  readonly reference: string;
  readonly info: ProbeResult;
  /** Start of the asset in the source video, seconds. */
  readonly from: number;
  /** Number of frames to compare. */
  readonly frames: number;
  readonly signal: AbortSignal;
}

/** One group of the asset. */
export interface EvaluatedGroup {
  readonly index: number;
  readonly firstFrame: number;
  readonly frameCount: number;
  readonly bytes: number;
  /** Bits per source pixel and frame. */
  readonly bpp: number;
  /** dB, mean over the compared frames of the group; undefined if none of its frames were compared. */
  readonly psnr: number | undefined;
}

/** Bytes that another codec needs for the asset's PSNR, without audio. Null if the codec cannot reach that PSNR. */
export interface CodecResult extends Omit<ConventionalResult, "bytesAtEqualPsnr"> {
  readonly name: ConventionalCodec;
  readonly bytesAtEqualPsnr: number | null;
  /** Bytes of the asset without audio, divided by `bytesAtEqualPsnr`. */
  readonly ratio: number | null;
}

/** The result of `siedd eval`. */
export interface Evaluation extends Comparison, Size {
  /** Bits per source pixel and frame: the entire file without audio. */
  readonly bpp: number;
  readonly bytes: number;
  readonly audioBytes: number;
  /** Bytes of the file without audio, times the fraction of its frames that are compared. */
  readonly videoBytes: number;
  /** Frames per second. */
  readonly decodeFps: number;
  readonly groups: readonly EvaluatedGroup[];
  readonly codecs: readonly CodecResult[];
}

/** One frame of the source video and of the asset, as PNG. */
export interface FramePair {
  readonly frame: number;
  readonly psnr: number;
  readonly reference: Uint8Array;
  readonly decoded: Uint8Array;
}

export interface EvaluationOptions {
  /** Codecs to compare with. */
  readonly codecs: readonly ConventionalCodec[];
  /** Whether to measure more points around equal PSNR, for a chart. */
  readonly curves: boolean;
  /** Called with the number of frames compared so far. */
  onFrame(compared: number): void;
  /** Called before each encode with another codec. */
  onEncode(codec: ConventionalCodec, detail: string): void;
}

/** Maximum number of frames decoded to measure the decoding speed. */
const TIMED_FRAMES = 250;

/**
 * Counts the frames that an asset and a video have in common.
 *
 * @throws CommandError if the video cannot be the source of the asset
 */
export async function countComparableFrames({
  asset,
  reference,
  info,
  from,
  signal,
}: Pick<ComparedVideos, "asset" | "reference" | "info" | "from" | "signal">): Promise<number> {
  const { frameRate, frameCount } = asset;
  const rate = info.frameRate.num / info.frameRate.den;
  const assetRate = frameRate.num / frameRate.den;
  if (info.codecTag === "siv1") {
    throw new CommandError(`${reference} is a siedd asset; pass the source video of the asset instead`);
  }
  if (Math.abs(rate - assetRate) > 1e-6) {
    const [assetFps, referenceFps] = [assetRate, rate].map((value) => Number(value.toFixed(3)));
    throw new CommandError(
      `frame rates differ: ${asset.name} has ${assetFps} fps, ${reference} has ${referenceFps} fps; pass the source video of the asset`,
    );
  }
  const span = { from, to: from + frameCount / rate, signal };
  const { frameCount: available } = await detectScenes(reference, info, span);
  return Math.min(frameCount, available);
}

/** Compares all frames, measures the decoding speed, and finds the bytes that other codecs need for equal PSNR. */
export async function evaluateAsset(videos: ComparedVideos, options: EvaluationOptions): Promise<Evaluation> {
  const { asset, frames, width, height, reference, info, from, signal } = videos;
  const comparison = await compareFrames(
    decode(videos, "rgba", 0, frames),
    referenceFrames(videos, 0, frames),
    { width, height },
    options.onFrame,
  );
  const even = { width: width + (width % 2), height: height + (height % 2) };
  const timed = decode({ ...videos, ...even }, "i420-709", 0, Math.min(frames, TIMED_FRAMES));
  const decodeFps = await framesPerSecond(timed);
  const { bytes, audioBytes } = asset;
  const videoBytes = Math.round(((bytes - audioBytes) * frames) / asset.frameCount);
  const codecs: CodecResult[] = [];
  for (const codec of options.codecs) {
    const { bytesAtEqualPsnr = null, ...rest } = await compareConventional(
      { path: reference, info, from, width, height, frameCount: frames },
      {
        codec,
        psnr: comparison.psnr,
        curve: options.curves,
        signal,
        onEncode: (detail) => options.onEncode(codec, detail),
      },
    );
    const ratio = bytesAtEqualPsnr === null ? null : videoBytes / bytesAtEqualPsnr;
    codecs.push({ name: codec, bytesAtEqualPsnr, ratio, ...rest });
  }
  const bpp = ((bytes - audioBytes) * 8) / (asset.width * asset.height * asset.frameCount);
  return {
    ...comparison,
    bpp,
    bytes,
    audioBytes,
    videoBytes,
    width,
    height,
    decodeFps,
    codecs,
    groups: evaluateGroups(asset, comparison),
  };
}

function evaluateGroups({ groups, width, height }: Asset, { perFrame }: Comparison): EvaluatedGroup[] {
  return groups.map(({ index, firstFrame, frameCount, size }) => {
    const psnrs = perFrame.slice(firstFrame, firstFrame + frameCount).map(({ psnr }) => psnr);
    const psnr = psnrs.length > 0 ? psnrs.reduce((a, b) => a + b) / psnrs.length : undefined;
    const bpp = (size * 8) / (width * height * frameCount);
    return { index, firstFrame, frameCount, bytes: size, bpp, psnr };
  });
}

/** Returns the frames with the lowest PSNR, at least half a second apart. */
export async function worstFramePairs(
  videos: ComparedVideos,
  { perFrame }: Comparison,
  count: number,
): Promise<FramePair[]> {
  const { asset, width, height, signal } = videos;
  const minDistance = Math.ceil(asset.frameRate.num / asset.frameRate.den / 2);
  const encodeFirst = async (frames: AsyncIterable<Uint8Array>, format: "rgb24" | "rgba") => {
    for await (const pixels of frames) return encodePng({ width, height, pixels, format }, signal);
    throw new RangeError("no such frame");
  };
  const pairs: FramePair[] = [];
  for (const frame of worstFrames(perFrame, count, minDistance)) {
    pairs.push({
      frame,
      psnr: perFrame[frame].psnr,
      reference: await encodeFirst(referenceFrames(videos, frame, 1), "rgb24"),
      decoded: await encodeFirst(decode(videos, "rgba", frame, 1), "rgba"),
    });
  }
  return pairs;
}

function referenceFrames(videos: ComparedVideos, firstFrame: number, frameCount: number) {
  const { reference, info, width, height, from, signal } = videos;
  return readFrames(reference, info, { width, height, from, firstFrame, frameCount, signal });
}

function decode(videos: ComparedVideos, format: FrameFormat, from: number, count: number) {
  const { pool, asset, source, width, height, signal } = videos;
  const viewport = { region: fullRegion(asset), width, height };
  return decodeFrames(pool, { asset, source }, { from, count, viewport, format, signal });
}

/** Consumes all frames and returns the number of frames per second. */
async function framesPerSecond(frames: AsyncIterable<Uint8Array>): Promise<number> {
  const started = performance.now();
  let count = 0;
  for await (const _ of frames) count++;
  return (count * 1000) / (performance.now() - started);
}
