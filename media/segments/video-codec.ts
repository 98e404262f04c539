import { h264Codec, h264Level, h264RateCap, type SampleEntry, type StreamFormat } from "./h264-level.js";

/** Video codec of segments. Every player supports H.264. */
export type VideoCodec = "h264" | "hevc" | "av1";

/** All video codecs. */
export const VIDEO_CODECS: readonly VideoCodec[] = ["h264", "hevc", "av1"];

/** Sample entry of each codec, for renditions of one size. */
export const SAMPLE_ENTRIES: Readonly<Record<VideoCodec, SampleEntry>> = {
  h264: "avc1",
  hevc: "hvc1",
  av1: "av01",
};

/** ffmpeg's encoders of the codecs that are always encoded in software. */
export const CODEC_ENCODERS = { hevc: "libx265", av1: "libsvtav1" } as const;

/** Limits of an HEVC or AV1 level. */
interface CodecLevel {
  /** Ten times the level. */
  readonly level: number;
  /** Luma samples per frame. */
  readonly frameArea: number;
  /** Luma samples per second. */
  readonly rate: number;
  /** Kilobits per second in the Main tier. */
  readonly bits: number;
}

/** ISO/IEC 23008-2, tables A.8 and A.9, from level 2 on. The maximum side is sqrt(8 * frameArea). */
const HEVC_LEVELS: readonly CodecLevel[] = [
  { level: 20, frameArea: 122_880, rate: 3_686_400, bits: 1_500 },
  { level: 21, frameArea: 245_760, rate: 7_372_800, bits: 3_000 },
  { level: 30, frameArea: 552_960, rate: 16_588_800, bits: 6_000 },
  { level: 31, frameArea: 983_040, rate: 33_177_600, bits: 10_000 },
  { level: 40, frameArea: 2_228_224, rate: 66_846_720, bits: 12_000 },
  { level: 41, frameArea: 2_228_224, rate: 133_693_440, bits: 20_000 },
  { level: 50, frameArea: 8_912_896, rate: 267_386_880, bits: 25_000 },
  { level: 51, frameArea: 8_912_896, rate: 534_773_760, bits: 40_000 },
  { level: 52, frameArea: 8_912_896, rate: 1_069_547_520, bits: 60_000 },
  { level: 60, frameArea: 35_651_584, rate: 1_069_547_520, bits: 60_000 },
  { level: 61, frameArea: 35_651_584, rate: 2_139_095_040, bits: 120_000 },
  { level: 62, frameArea: 35_651_584, rate: 4_278_190_080, bits: 240_000 },
];

/** AV1 bitstream specification, annex A.3, with the maximum width and height of each level. */
const AV1_LEVELS: readonly (CodecLevel & { readonly width: number; readonly height: number })[] = [
  { level: 20, frameArea: 147_456, rate: 4_423_680, bits: 1_500, width: 2048, height: 1152 },
  { level: 21, frameArea: 278_784, rate: 8_363_520, bits: 3_000, width: 2816, height: 1584 },
  { level: 30, frameArea: 665_856, rate: 19_975_680, bits: 6_000, width: 4352, height: 2448 },
  { level: 31, frameArea: 1_065_024, rate: 31_950_720, bits: 10_000, width: 5504, height: 3096 },
  { level: 40, frameArea: 2_359_296, rate: 70_778_880, bits: 12_000, width: 6144, height: 3456 },
  { level: 41, frameArea: 2_359_296, rate: 141_557_760, bits: 20_000, width: 6144, height: 3456 },
  { level: 50, frameArea: 8_912_896, rate: 267_386_880, bits: 30_000, width: 8192, height: 4352 },
  { level: 51, frameArea: 8_912_896, rate: 534_773_760, bits: 40_000, width: 8192, height: 4352 },
  { level: 52, frameArea: 8_912_896, rate: 1_069_547_520, bits: 60_000, width: 8192, height: 4352 },
  { level: 60, frameArea: 35_651_584, rate: 1_069_547_520, bits: 60_000, width: 16384, height: 8704 },
  { level: 61, frameArea: 35_651_584, rate: 2_139_095_040, bits: 100_000, width: 16384, height: 8704 },
  { level: 62, frameArea: 35_651_584, rate: 4_278_190_080, bits: 160_000, width: 16384, height: 8704 },
];

/** Minimum width and height that SVT-AV1 supports. */
export const AV1_MIN_SIDE = 64;

/** Returns the maximum bitrate of HEVC and AV1: 0.6 times that of H.264, for about the same quality. Bits per second. */
export const hevcAv1RateCap = (format: StreamFormat): number =>
  Math.round((0.6 * h264RateCap(format).maxRate) / 1000) * 1000;

/** Returns ten times the lowest level of a codec that allows the format; undefined if it has none. */
export function codecLevel(format: StreamFormat, codec: VideoCodec): number | undefined {
  if (codec === "h264") return h264Level(format);
  const { width, height, frameRate } = format;
  const frameArea = width * height;
  const rate = (frameArea * frameRate.num) / frameRate.den;
  const bits = hevcAv1RateCap(format);
  const allows = (limits: CodecLevel) =>
    frameArea <= limits.frameArea && rate <= limits.rate && bits <= 1000 * limits.bits;
  if (codec === "hevc") {
    const maxSide = Math.max(width, height);
    return HEVC_LEVELS.find((limits) => allows(limits) && maxSide ** 2 <= 8 * limits.frameArea)?.level;
  }
  if (Math.min(width, height) < AV1_MIN_SIDE) return undefined;
  return AV1_LEVELS.find((limits) => allows(limits) && width <= limits.width && height <= limits.height)
    ?.level;
}

/** Returns `codecLevel(format, codec)`. @throws RangeError if the codec has no level for the format. */
export function requireCodecLevel(format: StreamFormat, codec: VideoCodec): number {
  const level = codecLevel(format, codec);
  if (level !== undefined) return level;
  const { width, height, frameRate } = format;
  throw new RangeError(
    `no ${codec} level allows ${width}x${height} at ${frameRate.num}/${frameRate.den} frames per second`,
  );
}

/**
 * Returns the RFC 6381 codec string. HEVC: Main profile, Main tier, progressive frames only (ISO/IEC 14496-15, annex E).
 * AV1: Main profile, Main tier, 8 bits (AV1 in ISOBMFF, 5).
 * @throws RangeError if the codec has no level for the format.
 */
export function codecString(format: StreamFormat, sampleEntry: SampleEntry): string {
  if (sampleEntry === "hvc1") return `hvc1.1.6.L${3 * requireCodecLevel(format, "hevc")}.90`;
  if (sampleEntry === "av01") {
    const level = requireCodecLevel(format, "av1");
    const index = 4 * (Math.floor(level / 10) - 2) + (level % 10);
    return `av01.0.${`${index}`.padStart(2, "0")}M.08`;
  }
  return h264Codec(format, sampleEntry);
}
