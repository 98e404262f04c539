import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ConventionalCodec,
  encodeConventional,
  type ProbeResult,
  rateFactors,
  readConventional,
  readFrames,
  requireCodec,
} from "../../media/index.js";
import { type EqualQuality, equalQuality, type RatePoint } from "./equal-quality.js";
import { ladderSizes, type RungSize } from "./ladder.js";
import { framePsnr } from "./psnr.js";

/** The frames that an asset is compared on. */
export interface ComparedFrames extends RungSize {
  /** The reference video. */
  readonly path: string;
  readonly info: ProbeResult;
  /** Seconds from the start of the video to the first frame. */
  readonly from?: number;
  readonly frameCount: number;
}

/** One file of a ladder. */
export interface Rung extends RungSize {
  readonly bytes: number;
}

/** What another codec, or a ladder of it, needs for the PSNR of an asset; all without sound. */
export interface ConventionalResult extends EqualQuality {
  /** The sizes that a ladder would store, each at the rate factor of equal PSNR; undefined where that is. */
  readonly ladder: { readonly bytes: number; readonly rungs: readonly Rung[] } | undefined;
}

/** Which codec, and how good it has to be. */
export interface ConventionalRequest {
  readonly codec: ConventionalCodec;
  /** dB to reach, at the size compared. */
  readonly psnr: number;
  /** Also measures points around the one found, for a chart. */
  readonly curve?: boolean;
  readonly signal?: AbortSignal;
  /** Told before each encode. */
  readonly onEncode?: (what: string) => void;
}

/** Rate factors around the one found that a chart shows. */
const CURVE = [-8, -4, 4, 8];

/**
 * Encodes the frames with another codec at several rate factors, measures each as the asset was measured, and
 * finds the bytes of equal PSNR and of the ladder of that quality. Temporary files go, whatever happens.
 *
 * Rejects with MediaError (`ffmpeg-missing` where ffmpeg has no such encoder) or the signal's reason.
 */
export async function compareConventional(
  frames: ComparedFrames,
  { codec, psnr, curve, signal, onEncode = () => {} }: ConventionalRequest,
): Promise<ConventionalResult> {
  await requireCodec(codec);
  const folder = await mkdtemp(join(tmpdir(), "siedd-eval-"));
  const output = join(folder, "encoded.mp4");
  const encode = async (rateFactor: number, size: RungSize): Promise<number> => {
    onEncode(`${codec}, rate factor ${Number(rateFactor.toFixed(1))}, ${size.width} x ${size.height}`);
    const { path, info, from, frameCount } = frames;
    const range = { from, firstFrame: 0, frameCount };
    const { width, height } = size;
    await encodeConventional(path, info, { codec, rateFactor, width, height, ...range, output, signal });
    return (await stat(output)).size;
  };
  const measure = async (rateFactor: number): Promise<RatePoint> => {
    const bytes = await encode(rateFactor, frames);
    return { rateFactor, bytes, psnr: await meanPsnr(frames, output, signal) };
  };
  try {
    const found = await equalQuality(measure, rateFactors(codec), psnr, curve ? CURVE : []);
    if (found.rateFactor === undefined || found.bytesAtEqualPsnr === undefined)
      return { ...found, ladder: undefined };
    const [own, ...smaller] = ladderSizes(frames);
    const rungs: Rung[] = [{ ...own, bytes: found.bytesAtEqualPsnr }];
    for (const size of smaller) rungs.push({ ...size, bytes: await encode(found.rateFactor, size) });
    return { ...found, ladder: { bytes: rungs.reduce((sum, { bytes }) => sum + bytes, 0), rungs } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function meanPsnr(frames: ComparedFrames, encoded: string, signal?: AbortSignal): Promise<number> {
  const { width, height, frameCount, from } = frames;
  const reference = readFrames(frames.path, frames.info, {
    ...{ width, height, from, firstFrame: 0, frameCount },
    signal,
  });
  let sum = 0;
  let count = 0;
  try {
    for await (const frame of readConventional(encoded, { width, height, signal })) {
      const next = await reference.next();
      if (next.done) break;
      sum += framePsnr(frame, next.value);
      count++;
    }
  } finally {
    await reference.return(undefined);
  }
  if (count !== frameCount) throw new RangeError(`the encoder gave back ${count} of ${frameCount} frames`);
  return sum / count;
}
