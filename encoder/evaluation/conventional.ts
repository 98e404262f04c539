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
import { type EqualQuality, findEqualQuality, type RateDistortionPoint } from "./equal-quality.js";
import { framePsnr } from "./psnr.js";

/** Size of a frame in pixels. */
export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

/** The frames that a codec is compared on, and the size at which it is measured. */
export interface ComparedFrames extends FrameSize {
  /** Path of the reference video. */
  readonly path: string;
  /** Probe result of that video. */
  readonly info: ProbeResult;
  /** Time of the first frame in seconds from the start of the video; default 0. */
  readonly from?: number;
  /** Number of frames to compare, beginning at `from`. */
  readonly frameCount: number;
}

/** One rendition of a ladder. */
export interface Rung extends FrameSize {
  /** Size of the file in bytes, without audio. */
  readonly bytes: number;
}

/** The bytes that a conventional codec and an ABR ladder of it need for a given PSNR, without audio. */
export interface ConventionalResult extends EqualQuality {
  /**
   * The ladder of `ladderSizes` with its total size in bytes. Each rendition is encoded at the rate factor of equal PSNR.
   * Undefined if the codec does not reach the PSNR.
   */
  readonly ladder: { readonly bytes: number; readonly rungs: readonly Rung[] } | undefined;
}

/** Options of `compareConventional`. */
export interface ConventionalRequest {
  readonly codec: ConventionalCodec;
  /** Mean PSNR to reach, dB. */
  readonly psnr: number;
  /** Whether to measure more points around the match, for a rate-distortion chart. Default false. */
  readonly curve?: boolean;
  /** Aborts the comparison. */
  readonly signal?: AbortSignal;
  /** Called before each encode with its description. */
  readonly onEncode?: (description: string) => void;
}

/** Distance of each additional chart point from the match, in rate factors. */
const CURVE_OFFSETS = [-8, -4, 4, 8];

/**
 * Measures a conventional codec with ffmpeg. Encodes the frames at several rate factors, decodes them and measures the mean
 * PSNR over 8-bit R'G'B' samples, as for an asset. Finds the size in bytes at equal PSNR, and the size of an ABR ladder at
 * the same rate factor. Always removes its temporary files.
 *
 * @throws MediaError, with the code `ffmpeg-missing` if ffmpeg does not have the encoder
 * @throws RangeError if ffmpeg does not return all frames
 * @throws the signal's reason if aborted
 */
export async function compareConventional(
  frames: ComparedFrames,
  { codec, psnr, curve, signal, onEncode = () => {} }: ConventionalRequest,
): Promise<ConventionalResult> {
  await requireCodec(codec);
  const folder = await mkdtemp(join(tmpdir(), "siedd-eval-"));
  const output = join(folder, "encoded.mp4");
  const encode = async (rateFactor: number, size: FrameSize): Promise<number> => {
    onEncode(`${codec}, rate factor ${Number(rateFactor.toFixed(1))}, ${size.width} x ${size.height}`);
    const { path, info, from, frameCount } = frames;
    const { width, height } = size;
    const options = { codec, rateFactor, width, height, from, firstFrame: 0, frameCount, output, signal };
    await encodeConventional(path, info, options);
    return (await stat(output)).size;
  };
  const measure = async (rateFactor: number): Promise<RateDistortionPoint> => {
    const bytes = await encode(rateFactor, frames);
    return { rateFactor, bytes, psnr: await meanPsnr(frames, output, signal) };
  };
  try {
    const equalQuality = await findEqualQuality(
      measure,
      rateFactors(codec),
      psnr,
      curve ? CURVE_OFFSETS : [],
    );
    if (equalQuality.rateFactor === undefined || equalQuality.bytesAtEqualPsnr === undefined)
      return { ...equalQuality, ladder: undefined };
    const [fullSize, ...smaller] = ladderSizes(frames);
    const rungs: Rung[] = [{ ...fullSize, bytes: equalQuality.bytesAtEqualPsnr }];
    for (const size of smaller) rungs.push({ ...size, bytes: await encode(equalQuality.rateFactor, size) });
    return { ...equalQuality, ladder: { bytes: rungs.reduce((sum, { bytes }) => sum + bytes, 0), rungs } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Decodes an encoded file and returns its mean PSNR over the frames, dB. */
async function meanPsnr(frames: ComparedFrames, encoded: string, signal?: AbortSignal): Promise<number> {
  const { width, height, frameCount, from } = frames;
  const reference = readFrames(frames.path, frames.info, {
    width,
    height,
    from,
    firstFrame: 0,
    frameCount,
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
  if (count !== frameCount) throw new RangeError(`ffmpeg returned ${count} of ${frameCount} frames`);
  return sum / count;
}

/** Shorter sides of the tiers in pixels (HLS Authoring Specification for Apple Devices, video variants). */
const SHORTER_SIDES = [2160, 1440, 1080, 720, 540, 432, 360, 234];

/**
 * Returns the frame sizes of a conventional ABR ladder for a video, largest first: its own size, then each tier of the HLS
 * Authoring Specification for Apple Devices (2160p to 234p) whose shorter side is smaller. The sizes of the tiers keep the
 * aspect ratio, with both sides rounded to even numbers of pixels.
 *
 * @param size size of the video in pixels
 */
export function ladderSizes({ width, height }: FrameSize): FrameSize[] {
  const shorter = Math.min(width, height);
  const even = (side: number) => 2 * Math.round(side / 2);
  return [
    { width, height },
    ...SHORTER_SIDES.filter((side) => side < shorter).map((side) => ({
      width: even((width * side) / shorter),
      height: even((height * side) / shorter),
    })),
  ];
}
