import type { FfmpegCommand } from "fluent-ffmpeg";
import { greatestCommonDivisor } from "../../codec/asset/rational.js";
import { MediaError } from "../errors.js";
import { threadLimit } from "../ffmpeg/input-limits.js";
import { decodingMemory } from "../ffmpeg/memory-limit.js";
import { BASE_OPTIONS, ffmpegCommand, fileUrl } from "../ffmpeg/run.js";
import type { ProbeResult } from "../probe/probe.js";
import { deinterlace, normalizeFilters } from "./normalize-filters.js";
import type { FrameRange, TimeRange } from "./time-range.js";

/**
 * Returns whether the filters accept frames of any size. If frames change size, ffmpeg would otherwise recreate all
 * filters, which restarts their clocks.
 */
const reusesFilters = ({ rotation, interlaced, alpha, dynamicRange }: ProbeResult): boolean =>
  rotation === 0 && !interlaced && !alpha && dynamicRange === "sdr";

/** Seconds by which a seek precedes the first frame if the keyframe that it ends at is not known exactly. */
const SEEK_MARGIN = 2;
/** Keyframes of a stream that was not read to its end may be this many times as far apart as in the part that was read. */
const DISTANCE_FACTOR = 2;
/** A frame of the grid shows the last picture that begins before its middle. This is safely before. */
const SEEK_POSITION = 0.25;

/** Returns the number of frames in a time range at the constant rate; Infinity if it has no end. */
export const frameCountOf = (info: ProbeResult, { from = 0, to }: TimeRange): number =>
  to === undefined ? Infinity : Math.ceil(((to - from) * info.frameRate.num) / info.frameRate.den - 1e-6);

/** Times are typed to the millisecond: a frame that begins less than this many seconds later is meant. */
const TIME_PRECISION = 1e-3;

/** Returns the frame of the video, from 0, that is on screen at the start of a time range. */
function firstFrameOf(info: ProbeResult, { from = 0 }: TimeRange): number {
  const { num, den } = info.frameRate;
  return from === 0 ? 0 : Math.floor(((from + TIME_PRECISION) * num) / den);
}

/**
 * Returns the time at which the first frame of a time range begins, in seconds from the start of the file. Audio and
 * subtitles of the range are counted from this time.
 */
export function rangeStart(info: ProbeResult, range: TimeRange): number {
  const { num, den } = info.frameRate;
  return info.videoStart + (firstFrameOf(info, range) * den) / num;
}

/**
 * Returns the time to seek to before frame `first` is read, in seconds from the start of the file; 0 to read from the start.
 */
function seekTime(info: ProbeResult, first: number): number {
  const { frameRate, videoStart, lead, timeBase } = info;
  const margin = seekMargin(info);
  if (margin === undefined) return 0;
  const latest = videoStart + ((first + SEEK_POSITION) * frameRate.den) / frameRate.num - margin;
  // ffmpeg shifts all times by this one: it must be a whole number of ticks and of microseconds.
  const precision = timeBase.num === 1 ? greatestCommonDivisor(timeBase.den, 1e6) : 1;
  const seek = Math.floor(latest * precision) / precision;
  return seek > Math.max(0, videoStart + lead) ? seek : 0;
}

/**
 * Returns the number of seconds by which a seek must precede a frame, so that all that the frame depends on is read;
 * undefined if ffmpeg does not seek exactly in the container.
 */
function seekMargin({ container, videoStreams, frameCount, ...info }: ProbeResult): number | undefined {
  const { reorderDelay = SEEK_MARGIN, keyframeDistance } = info;
  // ffmpeg seeks in one stream, which may be another one.
  const isOnly = videoStreams.length === 1;
  // ffmpeg goes back to the last keyframe that is shown by then, in MP4 to the last one that is decoded by then.
  if (container.includes("matroska")) return isOnly ? 0 : SEEK_MARGIN;
  if (container.includes("mov")) return isOnly ? reorderDelay : SEEK_MARGIN;
  if (/^(avi|flv|asf)$/.test(container)) return SEEK_MARGIN;
  // ffmpeg goes to any frame. Only these decoders wait for the next keyframe.
  const waits = /^(h264|mpeg[12]video)$/.test(videoStreams.find(({ chosen }) => chosen)?.codec ?? "");
  if (container !== "mpegts" || !waits || keyframeDistance === undefined) return undefined;
  return SEEK_MARGIN + (frameCount === undefined ? DISTANCE_FACTOR : 1) * keyframeDistance;
}

/**
 * Returns a command that reads a range of constant-rate frames, and its filters, to which callers append their own.
 * The frames are those of the grid that begins with the first frame of the source, independent of where reading starts.
 * The analysis and all readers therefore see the same frames.
 * @throws MediaError `not-a-video` for a siedd asset.
 */
export function frameReader(
  path: string,
  info: ProbeResult,
  range: FrameRange,
): { command: FfmpegCommand; filters: string[] } {
  if (info.codecTag === "siv1") {
    throw new MediaError(
      "not-a-video",
      `${path} is already a siedd asset; choose its source video, or decode it to a video first`,
    );
  }
  const { num, den } = info.frameRate;
  const start = firstFrameOf(info, range);
  const first = start + range.firstFrame;
  const last = Math.min(
    start + frameCountOf(info, range),
    first + (range.frameCount ?? Infinity),
    info.frameCount ?? Infinity,
  );
  const seek = seekTime(info, first);
  const end = Number.isFinite(last) ? `:end_pts=${last}` : "";
  // The last frame may be shorter than half a frame of the grid, and must not be dropped.
  const keepsLast = info.frameCount !== undefined || !info.regular;
  const filters = [
    ...deinterlace(info),
    // Microseconds, because the ticks of some containers are as long as a frame.
    "settb=AVTB",
    // After a seek, ffmpeg counts from the start of the file in all containers.
    `setpts=PTS-${Math.round((seek === 0 ? info.readStart : info.videoStart - seek) * 1e6)}`,
    // At the start of the file, the first frame also fills the time before it.
    `fps=${num}/${den}${seek === 0 ? ":start_time=0" : ""}${keepsLast ? ":eof_action=pass" : ""}`,
    `trim=start_pts=${first}${end}`,
    ...normalizeFilters(info),
  ];
  const command = ffmpegCommand(decodingMemory(info))
    .input(fileUrl(path))
    .inputOptions([...BASE_OPTIONS, ...(info.decoder ? ["-c:v", info.decoder] : [])])
    .inputOptions([...threadLimit(info.codedWidth * info.codedHeight)])
    .inputOptions(reusesFilters(info) ? ["-reinit_filter", "0"] : [])
    .inputOptions([...(seek > 0 ? ["-noaccurate_seek", "-ss", seek.toFixed(6)] : [])]);
  return { command, filters };
}

/** @throws MediaError `no-frames` if the time range is empty or starts after the video's end. */
export function checkTimeRange(path: string, info: ProbeResult, { from = 0, to }: TimeRange): void {
  if (!(from >= 0) || (to !== undefined && !(to > from))) {
    throw new MediaError(
      "no-frames",
      `${path} has no frames from ${from} s to ${to ?? "the end"}: the start must be >= 0 and before the end`,
    );
  }
  if (info.duration > 0 && from >= info.duration) {
    throw new MediaError(
      "no-frames",
      `${path} has no frames from ${from} s on: its duration is ${info.duration.toFixed(2)} s`,
    );
  }
}
