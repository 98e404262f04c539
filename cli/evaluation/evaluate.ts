import { type Asset, fullRegion } from "../../codec/internal.js";
import type { FileSource } from "../../decode-pool/file-source.js";
import { type DecodePool, decodeFrames, type FrameFormat } from "../../decode-pool/index.js";
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
import type { Size } from "../input/values.js";

/** An asset and the video to compare it with, over the frames that both have. */
export interface Compared extends Size {
  readonly asset: Asset;
  readonly source: FileSource;
  readonly pool: DecodePool;
  readonly reference: string;
  readonly info: ProbeResult;
  /** Seconds of the video at which the asset begins. */
  readonly from: number;
  readonly frames: number;
  readonly signal: AbortSignal;
}

/** One group of the asset. */
export interface EvaluatedGroup {
  readonly index: number;
  readonly firstFrame: number;
  readonly frameCount: number;
  readonly bytes: number;
  /** Bits a source pixel and frame. */
  readonly bpp: number;
  /** dB, mean over its frames that were compared; undefined where there are none. */
  readonly psnr: number | undefined;
}

/** What another codec needs for the asset's PSNR; null where that is out of its reach. All without sound. */
export interface CodecResult extends Omit<ConventionalResult, "bytesAtEqualPsnr"> {
  readonly name: ConventionalCodec;
  readonly bytesAtEqualPsnr: number | null;
  /** The asset's bytes over these. */
  readonly ratio: number | null;
}

/** All that `siedd eval` finds out. */
export interface Evaluation extends Comparison, Size {
  /** Bits a source pixel and frame of the whole file but the sound. */
  readonly bpp: number;
  readonly bytes: number;
  readonly audioBytes: number;
  /** The share of the compared frames in the file without its sound. */
  readonly videoBytes: number;
  /** Frames a second. */
  readonly decodeFps: number;
  readonly groups: readonly EvaluatedGroup[];
  readonly codecs: readonly CodecResult[];
}

/** One frame of the video and of the asset, as PNG. */
export interface FramePair {
  readonly frame: number;
  readonly psnr: number;
  readonly reference: Uint8Array;
  readonly decoded: Uint8Array;
}

export interface EvaluationRequest {
  readonly codecs: readonly ConventionalCodec[];
  /** Also measures points around equal PSNR, for a chart. */
  readonly curves: boolean;
  onFrame(done: number): void;
  onEncode(codec: ConventionalCodec, what: string): void;
}

/** Frames that are enough to tell how fast decoding is. */
const TIMED_FRAMES = 250;

/** How many frames both have. @throws CommandError where they are not frames of the same video. */
export async function comparableFrames(
  {
    asset,
    reference,
    info,
    from,
    signal,
  }: Pick<Compared, "asset" | "reference" | "info" | "from" | "signal">,
  onFewer: (frames: number) => void,
): Promise<number> {
  const { frameRate, frameCount } = asset;
  const rate = info.frameRate.num / info.frameRate.den;
  if (info.codecTag === "siv1") {
    throw new CommandError(`${reference} is a siedd asset itself; give the video that it was made from`);
  }
  if (Math.abs(rate - frameRate.num / frameRate.den) > 1e-6) {
    const [ours, theirs] = [frameRate.num / frameRate.den, rate].map((value) => Number(value.toFixed(3)));
    throw new CommandError(
      `${asset.name} has ${ours} frames a second and ${reference} has ${theirs}; give the video that it was made from`,
    );
  }
  const span = { from, to: from + frameCount / rate, signal };
  const there = Math.min(frameCount, (await detectScenes(reference, info, span)).frameCount);
  if (there < frameCount) onFewer(there);
  return there;
}

/** Compares all frames, times the decoder, and asks the other codecs for the same PSNR. */
export async function evaluateAsset(compared: Compared, request: EvaluationRequest): Promise<Evaluation> {
  const { asset, frames, width, height, reference, info, from, signal } = compared;
  const comparison = await compareFrames(
    decode(compared, "rgba", 0, frames),
    referenceFrames(compared, 0, frames),
    { width, height },
    request.onFrame,
  );
  const even = { width: width + (width % 2), height: height + (height % 2) };
  const timed = decode({ ...compared, ...even }, "i420-709", 0, Math.min(frames, TIMED_FRAMES));
  const decodeFps = await framesPerSecond(timed);
  const { bytes, audioBytes } = asset;
  const videoBytes = Math.round(((bytes - audioBytes) * frames) / asset.frameCount);
  const codecs: CodecResult[] = [];
  for (const codec of request.codecs) {
    const { bytesAtEqualPsnr = null, ...rest } = await compareConventional(
      { path: reference, info, from, width, height, frameCount: frames },
      {
        codec,
        psnr: comparison.psnr,
        curve: request.curves,
        signal,
        onEncode: (what) => request.onEncode(codec, what),
      },
    );
    const ratio = bytesAtEqualPsnr === null ? null : videoBytes / bytesAtEqualPsnr;
    codecs.push({ name: codec, bytesAtEqualPsnr, ratio, ...rest });
  }
  const bpp = ((bytes - audioBytes) * 8) / (asset.width * asset.height * asset.frameCount);
  return {
    ...comparison,
    ...{ bpp, bytes, audioBytes, videoBytes, width, height, decodeFps, codecs },
    groups: evaluatedGroups(asset, comparison),
  };
}

function evaluatedGroups({ groups, width, height }: Asset, { perFrame }: Comparison): EvaluatedGroup[] {
  return groups.map(({ index, firstFrame, frameCount, size }) => {
    const mine = perFrame.slice(firstFrame, firstFrame + frameCount).map(({ psnr }) => psnr);
    const psnr = mine.length > 0 ? mine.reduce((a, b) => a + b) / mine.length : undefined;
    const bpp = (size * 8) / (width * height * frameCount);
    return { index, firstFrame, frameCount, bytes: size, bpp, psnr };
  });
}

/** The worst frames, at least half a second apart, of the video and of the asset. */
export async function worstPairs(
  compared: Compared,
  { perFrame }: Comparison,
  count: number,
): Promise<FramePair[]> {
  const { asset, width, height, signal } = compared;
  const apart = Math.ceil(asset.frameRate.num / asset.frameRate.den / 2);
  const png = async (frames: AsyncIterable<Uint8Array>, format: "rgb24" | "rgba") => {
    for await (const pixels of frames) return encodePng({ width, height, pixels, format }, signal);
    throw new RangeError("there is no such frame");
  };
  const pairs: FramePair[] = [];
  for (const frame of worstFrames(perFrame, count, apart)) {
    pairs.push({
      frame,
      psnr: perFrame[frame].psnr,
      reference: await png(referenceFrames(compared, frame, 1), "rgb24"),
      decoded: await png(decode(compared, "rgba", frame, 1), "rgba"),
    });
  }
  return pairs;
}

function referenceFrames(compared: Compared, firstFrame: number, frameCount: number) {
  const { reference, info, width, height, from, signal } = compared;
  return readFrames(reference, info, { width, height, from, firstFrame, frameCount, signal });
}

function decode(compared: Compared, format: FrameFormat, from: number, count: number) {
  const { pool, asset, source, width, height, signal } = compared;
  const request = { region: fullRegion(asset), width, height };
  return decodeFrames(pool, { asset, source }, { from, count, request, format, signal });
}

/** Decoding alone, at the size compared: nothing else runs meanwhile. */
async function framesPerSecond(frames: AsyncIterable<Uint8Array>): Promise<number> {
  const began = performance.now();
  let count = 0;
  for await (const _ of frames) count++;
  return (count * 1000) / (performance.now() - began);
}
