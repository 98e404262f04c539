import type { Rational } from "../../codec/asset/rational.js";

/** Limits of an H.264 level (ISO/IEC 14496-10, table A-1). */
interface H264Level {
  /** level_idc: ten times the level. */
  readonly idc: number;
  /** Macroblocks per second. */
  readonly maxMbps: number;
  /** Macroblocks per frame. */
  readonly maxFs: number;
  /** Kilobits per second for Baseline and Main; 1.25 times as much for High. */
  readonly maxBr: number;
}

// Levels below 2 would limit the bitrate of thumbnails and save nothing.
const LEVELS: readonly H264Level[] = [
  { idc: 20, maxMbps: 11_880, maxFs: 396, maxBr: 2_000 },
  { idc: 21, maxMbps: 19_800, maxFs: 792, maxBr: 4_000 },
  { idc: 22, maxMbps: 20_250, maxFs: 1_620, maxBr: 4_000 },
  { idc: 30, maxMbps: 40_500, maxFs: 1_620, maxBr: 10_000 },
  { idc: 31, maxMbps: 108_000, maxFs: 3_600, maxBr: 14_000 },
  { idc: 32, maxMbps: 216_000, maxFs: 5_120, maxBr: 20_000 },
  { idc: 40, maxMbps: 245_760, maxFs: 8_192, maxBr: 20_000 },
  { idc: 41, maxMbps: 245_760, maxFs: 8_192, maxBr: 50_000 },
  { idc: 42, maxMbps: 522_240, maxFs: 8_704, maxBr: 50_000 },
  { idc: 50, maxMbps: 589_824, maxFs: 22_080, maxBr: 135_000 },
  { idc: 51, maxMbps: 983_040, maxFs: 36_864, maxBr: 240_000 },
  { idc: 52, maxMbps: 2_073_600, maxFs: 36_864, maxBr: 240_000 },
  { idc: 60, maxMbps: 4_177_920, maxFs: 139_264, maxBr: 240_000 },
  { idc: 61, maxMbps: 8_355_840, maxFs: 139_264, maxBr: 480_000 },
  { idc: 62, maxMbps: 16_711_680, maxFs: 139_264, maxBr: 800_000 },
];

/** Frame size and frame rate of an encoded stream. */
export interface StreamFormat {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  readonly frameRate: Rational;
}

/**
 * Sample entry type. `avc1`: H.264 with parameter sets only in the init segment. `avc3`: H.264 with parameter sets in
 * band too, so that segments of different sizes play with one init segment. `hvc1`: HEVC. `av01`: AV1.
 */
export type SampleEntry = "avc1" | "avc3" | "hvc1" | "av01";

/** Maximum pixels per frame in H.264 (level 6.2). */
export const H264_MAX_AREA = 139_264 * 256;

/**
 * Returns the lowest level_idc (ten times the level) that allows the frame size, frame rate and bitrate of a format, so
 * that CODECS is known before anything is encoded. Undefined if H.264 has no such level.
 */
export function h264Level(format: StreamFormat): number | undefined {
  const columns = Math.ceil(format.width / 16);
  const rows = Math.ceil(format.height / 16);
  const macroblocks = columns * rows;
  const macroblocksPerSecond = (macroblocks * format.frameRate.num) / format.frameRate.den;
  const bits = h264RateCap(format).maxRate;
  return LEVELS.find(
    (level) =>
      macroblocks <= level.maxFs &&
      macroblocksPerSecond <= level.maxMbps &&
      bits <= level.maxBr * 1250 &&
      Math.max(columns, rows) ** 2 <= 8 * level.maxFs,
  )?.idc;
}

/**
 * Returns the RFC 6381 codec string: High profile (0x64), no constraint flags.
 * @throws RangeError if H.264 has no level for the format.
 */
export function h264Codec(format: StreamFormat, sampleEntry: SampleEntry = "avc1"): string {
  return `${sampleEntry}.6400${requireLevel(format).toString(16).padStart(2, "0")}`;
}

/** Returns `h264Level(format)`. @throws RangeError if H.264 has no level for the format. */
export function requireLevel(format: StreamFormat): number {
  const level = h264Level(format);
  if (level === undefined) {
    const { width, height, frameRate } = format;
    throw new RangeError(
      `no H.264 level allows ${width}x${height} at ${frameRate.num}/${frameRate.den} frames per second`,
    );
  }
  return level;
}

/** Limits of the video buffering verifier (VBV). */
export interface RateCap {
  /** Maximum bitrate in bits per second, on top of one full buffer. */
  readonly maxRate: number;
  /** Size of the decoder buffer in bits. It is up to 9/10 full at the start of each segment. */
  readonly bufferSize: number;
}

const MIN_RATE = 128_000;
const REFERENCE_RATE = 2_000_000;
const REFERENCE_PIXELS_PER_SECOND = 640 * 360 * 25;

/**
 * Returns the rate cap of a format: 2 Mbit/s at 640x360 and 25 fps, 6 at 1280x720, 12 at 1920x1080. It grows with the
 * 0.8th power of pixels per second, roughly like the bitrate of natural video at constant quality.
 */
export function h264RateCap({ width, height, frameRate }: StreamFormat): RateCap {
  const pixelsPerSecond = (width * height * frameRate.num) / frameRate.den;
  const rate = REFERENCE_RATE * (pixelsPerSecond / REFERENCE_PIXELS_PER_SECOND) ** 0.8;
  const maxRate = Math.round(Math.max(MIN_RATE, rate) / 1000) * 1000;
  return { maxRate, bufferSize: maxRate / 2 };
}

// x264 fills its buffer to 0.9 at the start of a stream, and every segment is a stream.
const INITIAL_BUFFER = 0.9;
// moof, mdat and the parameter sets of one fragment, without the 4 bytes per frame in trun.
const FRAGMENT_BYTES = 260;

/** Returns an upper bound on the bits of a segment of `frames` frames. */
export function h264SegmentBits(format: StreamFormat, frames: number): number {
  const { maxRate, bufferSize } = h264RateCap(format);
  const seconds = (frames * format.frameRate.den) / format.frameRate.num;
  return maxRate * seconds + INITIAL_BUFFER * bufferSize + 8 * (FRAGMENT_BYTES + 4 * frames);
}

/** Returns an upper bound on the bitrate of a segment of `frames` frames, in bits per second. */
export function h264PeakRate(format: StreamFormat, frames: number): number {
  const seconds = (frames * format.frameRate.den) / format.frameRate.num;
  return Math.ceil(h264SegmentBits(format, frames) / seconds);
}
