import type { Rational } from "../../codec/asset/rational.js";

/** H.264 level limits, ISO/IEC 14496-10 table A-1. */
interface LevelLimits {
  /** level_idc: ten times the level. */
  readonly idc: number;
  /** Macroblocks a second. */
  readonly maxMbps: number;
  /** Macroblocks a picture. */
  readonly maxFs: number;
  /** 1000 bits a second for Baseline and Main; High has 1.25 times as much. */
  readonly maxBr: number;
}

// Levels below 2 would bind the rate of thumbnails and save nothing.
const LEVELS: readonly LevelLimits[] = [
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

/** Output pixels of one H.264 stream and its rate. */
export interface StreamFormat {
  readonly width: number;
  readonly height: number;
  readonly frameRate: Rational;
}

/**
 * `avc1`: parameter sets in the init segment alone. `avc3`: in band as well, so that segments of
 * different sizes play behind one init segment. `hvc1` is HEVC, `av01` AV1.
 */
export type SampleEntry = "avc1" | "avc3" | "hvc1" | "av01";

/** Most pixels a picture of H.264 can have (level 6.2). */
export const H264_MAX_AREA = 139_264 * 256;

/**
 * The lowest level_idc (ten times the level) whose limits hold size, rate and rate cap, so that CODECS
 * is known before anything is encoded; undefined when H.264 has no such level.
 */
export function h264Level(format: StreamFormat): number | undefined {
  const across = Math.ceil(format.width / 16);
  const down = Math.ceil(format.height / 16);
  const macroblocks = across * down;
  const macroblocksPerSecond = (macroblocks * format.frameRate.num) / format.frameRate.den;
  const bits = h264RateCap(format).maxRate;
  return LEVELS.find(
    (level) =>
      macroblocks <= level.maxFs &&
      macroblocksPerSecond <= level.maxMbps &&
      bits <= level.maxBr * 1250 &&
      Math.max(across, down) ** 2 <= 8 * level.maxFs,
  )?.idc;
}

/** RFC 6381 codec string: High profile (0x64), no constraint flags. Throws RangeError above level 6.2. */
export function h264Codec(format: StreamFormat, sampleEntry: SampleEntry = "avc1"): string {
  return `${sampleEntry}.6400${requireLevel(format).toString(16).padStart(2, "0")}`;
}

/** h264Level, with a RangeError where H.264 has no level for the format. */
export function requireLevel(format: StreamFormat): number {
  const level = h264Level(format);
  if (level === undefined) {
    const { width, height, frameRate } = format;
    throw new RangeError(
      `no H.264 level holds ${width}x${height} at ${frameRate.num}/${frameRate.den} frames a second`,
    );
  }
  return level;
}

/** What the encoder may spend. */
export interface RateCap {
  /** Bits a second: no stretch of the stream is faster than this beyond one buffer. */
  readonly maxRate: number;
  /** Decoder buffer in bits; each segment starts with it at most 9/10 full. */
  readonly bufferSize: number;
}

const MIN_RATE = 128_000;
const REFERENCE_RATE = 2_000_000;
const REFERENCE_PIXELS_PER_SECOND = 640 * 360 * 25;

/**
 * The cap grows with the power 0.8 of pixels a second, as the bits of natural pictures at one quality
 * roughly do: 2 Mbit/s at 640x360 and 25 Hz, 6 at 1280x720, 12 at 1920x1080.
 */
export function h264RateCap({ width, height, frameRate }: StreamFormat): RateCap {
  const pixelsPerSecond = (width * height * frameRate.num) / frameRate.den;
  const rate = REFERENCE_RATE * (pixelsPerSecond / REFERENCE_PIXELS_PER_SECOND) ** 0.8;
  const maxRate = Math.round(Math.max(MIN_RATE, rate) / 1000) * 1000;
  return { maxRate, bufferSize: maxRate / 2 };
}

// x264 fills its buffer to 0.9 at the start of a stream, and every segment is a stream.
const INITIAL_BUFFER = 0.9;
// moof, mdat and the parameter sets of one fragment, and 4 bytes a frame in trun.
const FRAGMENT_BYTES = 260;

/** An upper bound on the bits of one segment of `frames` frames. */
export function h264SegmentBits(format: StreamFormat, frames: number): number {
  const { maxRate, bufferSize } = h264RateCap(format);
  const seconds = (frames * format.frameRate.den) / format.frameRate.num;
  return maxRate * seconds + INITIAL_BUFFER * bufferSize + 8 * (FRAGMENT_BYTES + 4 * frames);
}

/** An upper bound on the bits a second of one segment of `frames` frames. */
export function h264PeakRate(format: StreamFormat, frames: number): number {
  const seconds = (frames * format.frameRate.den) / format.frameRate.num;
  return Math.ceil(h264SegmentBits(format, frames) / seconds);
}
