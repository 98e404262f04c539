import { h264RateCap, requireLevel, type SampleEntry, type StreamFormat } from "./h264-level.js";
import { newerRateCap, requireCodecLevel } from "./video-codec.js";

/** What makes H.264: x264 on the processor, or the encoder of a graphics card. */
export type VideoEncoder = "x264" | "h264_nvenc" | "h264_vaapi";

export const VIDEO_ENCODERS: readonly VideoEncoder[] = ["x264", "h264_nvenc", "h264_vaapi"];

/** The name that ffmpeg has for it. */
export const ffmpegName = (encoder: VideoEncoder): string => (encoder === "x264" ? "libx264" : encoder);

const PRESET = "veryfast";
const CRF = 20;

/** As h264Recipe does, for what `?codec=` names. */
export const NEWER_RECIPE = "x265 veryfast crf 22 recipe 1 svt-av1 10 crf 35 recipe 1";

/** Names everything here that decides the bytes of a segment: part of the version of its URL. */
export function h264Recipe(encoder: VideoEncoder): string {
  const x264 = `x264 ${PRESET} crf ${CRF} recipe 2`;
  return encoder === "x264" ? x264 : `${encoder} recipe 1 else ${x264}`;
}

// NVENC takes no picture narrower than 145 pixels and VA-API drivers none of less than 128 lines; neither takes
// more than 4096 of either. The bounds are the same for both, so that a rendition has one encoder everywhere.
const HARDWARE_SIDES = { min: 160, max: 4096 };

/** What encodes pictures of a size: x264 those that graphics cards refuse, which are quickly done or rare. */
export function encoderOfSize(encoder: VideoEncoder, { width, height }: StreamFormat): VideoEncoder {
  const { min, max } = HARDWARE_SIDES;
  return Math.min(width, height) >= min && Math.max(width, height) <= max ? encoder : "x264";
}

const BT709 = [
  ...["-color_range", "tv", "-colorspace", "bt709"],
  ...["-color_primaries", "bt709", "-color_trc", "bt709"],
];

const isH264 = (sampleEntry: SampleEntry): boolean => sampleEntry === "avc1" || sampleEntry === "avc3";

/** ffmpeg's options before its input, raw pictures on stdin. */
export function inputArguments(
  format: StreamFormat,
  sampleEntry: SampleEntry,
  encoder: VideoEncoder,
): string[] {
  const { width, height, frameRate } = format;
  const device = ["-init_hw_device", "vaapi=gpu", "-filter_hw_device", "gpu"];
  return [
    ...(isH264(sampleEntry) && encoderOfSize(encoder, format) === "h264_vaapi" ? device : []),
    ...["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${width}x${height}`],
    ...["-framerate", `${frameRate.num}/${frameRate.den}`, ...BT709],
  ];
}

/**
 * ffmpeg's options for one segment: a fragment whose first picture alone is a keyframe, and whose pictures are
 * stored in the order in which they are shown.
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
    ...h264Arguments(format, sampleEntry, encoderOfSize(encoder, format)),
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

// stitchable keeps SPS and PPS independent of the content; one thread keeps x264 deterministic under a binding
// rate cap; filter_units drops the SEI in which x264 spends 700 bytes a segment on its settings.
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
 * Graphics cards hold a buffer only while they aim at a rate, so easy pictures are kept from spending it by the
 * least quantizer. Some write the parameter sets in band unasked, and delimiters: all of that goes, and comes back
 * where `avc3` needs it.
 */
function hardwareArguments(format: StreamFormat, sampleEntry: SampleEntry): string[] {
  const { maxRate } = h264RateCap(format);
  const parameterSets = sampleEntry === "avc3" ? ",dump_extra=freq=keyframe" : "";
  return [
    ...["-b:v", `${Math.round((maxRate * 3) / 4)}`, "-qmin", "18", "-qmax", "51"],
    ...["-bsf:v", `filter_units=remove_types=6-9${parameterSets}`],
  ];
}

// Parameter sets stand in the init segment alone and say nothing of the content; without pools and frame threads
// x265 is deterministic; filter_units drops the SEI with its settings.
function hevcArguments(format: StreamFormat): string[] {
  const x265 = [
    ...["log-level=error", `level-idc=${requireCodecLevel(format, "hevc")}`, "high-tier=0", "bframes=0"],
    ...["keyint=100000", "min-keyint=100000", "scenecut=0", "open-gop=0", "repeat-headers=0"],
    ...["info=0", "hrd=0", "pools=none", "frame-threads=1", "wpp=0"],
  ];
  const rate = newerRateCap(format);
  return [
    ...["-c:v", "libx265", "-preset", "veryfast", "-crf", "22", "-profile:v", "main"],
    ...["-maxrate", `${rate}`, "-bufsize", `${rate / 2}`, "-x265-params", x265.join(":")],
    ...["-pix_fmt", "yuv420p", "-bsf:v", "filter_units=remove_types=39-40"],
  ];
}

// Pictures that are shown later lie inside of temporal units, so that those are in order. One logical processor, as
// x264 has one thread: segments are what runs in parallel.
function av1Arguments(format: StreamFormat): string[] {
  // SVT-AV1 holds its cap loosely: white noise took twice as much, which has to stay below what playlists state.
  const cap = Math.round(0.75 * newerRateCap(format));
  const svt = ["lp=1", "keyint=-1", "scd=0", `level=${requireCodecLevel(format, "av1")}`];
  return [
    ...["-c:v", "libsvtav1", "-preset", "10", "-crf", "35", "-maxrate", `${cap}`],
    ...["-svtav1-params", svt.join(":"), "-pix_fmt", "yuv420p"],
  ];
}
