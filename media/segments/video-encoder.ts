import { h264RateCap, requireLevel, type SampleEntry, type StreamFormat } from "./h264-level.js";
import { hevcAv1RateCap, requireCodecLevel } from "./video-codec.js";

/** H.264 encoder: x264 in software, or a hardware encoder. */
export type VideoEncoder = "x264" | "h264_nvenc" | "h264_vaapi";

/** All H.264 encoders. */
export const VIDEO_ENCODERS: readonly VideoEncoder[] = ["x264", "h264_nvenc", "h264_vaapi"];

/** Returns ffmpeg's name of an encoder. */
export const ffmpegName = (encoder: VideoEncoder): string => (encoder === "x264" ? "libx264" : encoder);

const PRESET = "veryfast";
const CRF = 20;

/** Identifies the settings of the encoders that `?codec=` selects, as `h264Recipe` does. */
export const HEVC_AV1_RECIPE = "x265 veryfast crf 22 recipe 1 svt-av1 10 crf 35 recipe 1";

/** Returns a string that identifies all settings that affect the bytes of a segment. It is part of the URL's version. */
export function h264Recipe(encoder: VideoEncoder): string {
  const x264 = `x264 ${PRESET} crf ${CRF} recipe 2`;
  return encoder === "x264" ? x264 : `${encoder} recipe 1 else ${x264}`;
}

// NVENC requires a width of at least 145 pixels, VA-API drivers a height of at least 128; both support up to 4096. The
// bounds are the same for both, so that the encoder of a rendition does not depend on the hardware.
const HARDWARE_SIDES = { min: 160, max: 4096 };

/**
 * Returns the encoder for a frame size: x264 for sizes that hardware rejects. Small sizes are fast to encode, and sizes
 * above 4096 pixels are rare.
 */
export function encoderForSize(encoder: VideoEncoder, { width, height }: StreamFormat): VideoEncoder {
  const { min, max } = HARDWARE_SIDES;
  return Math.min(width, height) >= min && Math.max(width, height) <= max ? encoder : "x264";
}

const BT709 = [
  ...["-color_range", "tv", "-colorspace", "bt709"],
  ...["-color_primaries", "bt709", "-color_trc", "bt709"],
];

const isH264 = (sampleEntry: SampleEntry): boolean => sampleEntry === "avc1" || sampleEntry === "avc3";

/** Returns ffmpeg's options before its input, raw frames on stdin. */
export function inputArguments(
  format: StreamFormat,
  sampleEntry: SampleEntry,
  encoder: VideoEncoder,
): string[] {
  const { width, height, frameRate } = format;
  const device = ["-init_hw_device", "vaapi=gpu", "-filter_hw_device", "gpu"];
  return [
    ...(isH264(sampleEntry) && encoderForSize(encoder, format) === "h264_vaapi" ? device : []),
    ...["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${width}x${height}`],
    ...["-framerate", `${frameRate.num}/${frameRate.den}`, ...BT709],
  ];
}

/**
 * Returns ffmpeg's options for one segment: a fragment in which only the first frame is a keyframe, and whose frames
 * are stored in presentation order.
 */
export function outputArguments(
  format: StreamFormat,
  sampleEntry: SampleEntry,
  encoder: VideoEncoder,
): string[] {
  return [
    ...["-an", ...codecArguments(format, sampleEntry, encoder), ...BT709, "-tag:v", sampleEntry],
    ...["-fflags", "+bitexact", "-flags:v", "+bitexact"],
    ...["-video_track_timescale", `${format.frameRate.num}`, "-use_editlist", "0"],
    // Disabled shifting and frag_discont keep time 0 at tick 0.
    ...["-avoid_negative_ts", "disabled"],
    ...["-movflags", "empty_moov+default_base_moof+skip_sidx+skip_trailer+frag_discont", "-f", "mp4"],
  ];
}

function codecArguments(format: StreamFormat, sampleEntry: SampleEntry, encoder: VideoEncoder): string[] {
  if (sampleEntry === "hvc1") return hevcArguments(format);
  if (sampleEntry === "av01") return av1Arguments(format);
  const { maxRate, bufferSize } = h264RateCap(format);
  return [
    ...h264Arguments(format, sampleEntry, encoderForSize(encoder, format)),
    ...["-profile:v", "high", "-maxrate", `${maxRate}`, "-bufsize", `${bufferSize}`],
    ...["-bf", "0", "-g", "100000", "-keyint_min", "100000"],
  ];
}

function h264Arguments(format: StreamFormat, sampleEntry: SampleEntry, encoder: VideoEncoder): string[] {
  const level = requireLevel(format);
  if (encoder === "x264") return x264Arguments(level, sampleEntry);
  if (encoder === "h264_nvenc") return [...nvencArguments(level), ...hardwareArguments(format, sampleEntry)];
  return [...vaapiArguments(level), ...hardwareArguments(format, sampleEntry)];
}

// stitchable keeps SPS and PPS independent of the content. One thread keeps x264 deterministic when the rate cap
// applies. filter_units removes the SEI with x264's settings, 700 bytes per segment.
function x264Arguments(level: number, sampleEntry: SampleEntry): string[] {
  const x264 = [`level=${level}`, "stitchable=1", "open-gop=0", "scenecut=0"];
  if (sampleEntry === "avc3") x264.push("repeat-headers=1");
  return [
    ...["-c:v", "libx264", "-preset", PRESET, "-crf", `${CRF}`, "-sc_threshold", "0", "-threads", "1"],
    ...["-x264-params", x264.join(":"), "-pix_fmt", "yuv420p"],
    ...["-bsf:v", "filter_units=remove_types=6"],
  ];
}

const nvencArguments = (level: number): string[] => [
  ...["-c:v", "h264_nvenc", "-preset", "p4", "-tune", "hq", "-rc", "vbr", "-level", `${level / 10}`],
  ...["-rc-lookahead", "0", "-no-scenecut", "1", "-b_adapt", "0", "-forced-idr", "1", "-pix_fmt", "yuv420p"],
];

const vaapiArguments = (level: number): string[] => [
  ...["-vf", "format=nv12,hwupload", "-c:v", "h264_vaapi", "-rc_mode", "VBR", "-level", `${level}`],
  ...["-idr_interval", "0", "-sei", "0"],
];

/**
 * Returns the options of all hardware encoders. They respect a VBV buffer only in a mode with a target bitrate, so a
 * minimum quantizer keeps simple frames from spending that bitrate. Some write parameter sets and access unit
 * delimiters in band by default: both are removed, and parameter sets are added again for `avc3`.
 */
function hardwareArguments(format: StreamFormat, sampleEntry: SampleEntry): string[] {
  const { maxRate } = h264RateCap(format);
  const parameterSets = sampleEntry === "avc3" ? ",dump_extra=freq=keyframe" : "";
  return [
    ...["-b:v", `${Math.round((maxRate * 3) / 4)}`, "-qmin", "18", "-qmax", "51"],
    ...["-bsf:v", `filter_units=remove_types=6-9${parameterSets}`],
  ];
}

// Parameter sets are only in the init segment and do not depend on the content. Without pools and frame threads, x265
// is deterministic. filter_units removes the SEI with its settings.
function hevcArguments(format: StreamFormat): string[] {
  const x265 = [
    ...["log-level=error", `level-idc=${requireCodecLevel(format, "hevc")}`, "high-tier=0", "bframes=0"],
    ...["keyint=100000", "min-keyint=100000", "scenecut=0", "open-gop=0", "repeat-headers=0"],
    ...["info=0", "hrd=0", "pools=none", "frame-threads=1", "wpp=0"],
  ];
  const rate = hevcAv1RateCap(format);
  return [
    ...["-c:v", "libx265", "-preset", "veryfast", "-crf", "22", "-profile:v", "main"],
    ...["-maxrate", `${rate}`, "-bufsize", `${rate / 2}`, "-x265-params", x265.join(":")],
    ...["-pix_fmt", "yuv420p", "-bsf:v", "filter_units=remove_types=39-40"],
  ];
}

// Temporal units are in presentation order; one may contain frames that later units show. One logical processor, as
// x264 has one thread: parallelism comes from encoding several segments.
function av1Arguments(format: StreamFormat): string[] {
  // SVT-AV1 exceeds its cap, up to twofold for white noise, but must stay below the bitrate that playlists state.
  const cap = Math.round(0.75 * hevcAv1RateCap(format));
  const svt = ["lp=1", "keyint=-1", "scd=0", `level=${requireCodecLevel(format, "av1")}`];
  return [
    ...["-c:v", "libsvtav1", "-preset", "10", "-crf", "35", "-maxrate", `${cap}`],
    ...["-svtav1-params", svt.join(":"), "-pix_fmt", "yuv420p"],
  ];
}
