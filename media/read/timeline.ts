import type { FfmpegCommand } from "fluent-ffmpeg";
import { MediaError } from "../errors.js";
import { ffmpegCommand, fileUrl, quiet } from "../ffmpeg/run.js";
import type { ProbeResult } from "../probe/probe.js";
import { deinterlace, normalizeFilters } from "./normalize-filters.js";

/** A part of the video, in seconds from its start; `to` is where it ends. */
export interface Span {
  readonly from?: number;
  readonly to?: number;
}

/** Frames to read: indices count from 0 at `from`, at the constant rate. */
export interface FrameRange extends Span {
  readonly firstFrame: number;
  /** Undefined: to the end of the span. */
  readonly frameCount?: number;
}

/** Containers whose index leads exactly to a keyframe before the time asked for. */
const seekable = (info: ProbeResult): boolean => /mov|matroska/.test(info.container);

/**
 * Where frames change their size on the way, ffmpeg would begin all filters anew, and time with them; those of plain
 * videos, and the scaling that follows, take frames of any size.
 */
const plain = ({ rotation, interlaced, alpha, dynamicRange }: ProbeResult): boolean =>
  rotation === 0 && !interlaced && !alpha && dynamicRange === "sdr";

/** A seek lands this much early, so that frames that are shown before the keyframe's successors are there. */
const SEEK_MARGIN = 2;

/** Frames in `span` at the constant rate; Infinity where the span has no end. */
export const spanFrames = (info: ProbeResult, { from = 0, to }: Span): number =>
  to === undefined ? Infinity : Math.ceil(((to - from) * info.frameRate.num) / info.frameRate.den - 1e-6);

/**
 * The command that reads a range of constant-rate frames, and the filters that make them; append what becomes
 * of the frames. Frame n is what is on screen at from + n / rate, wherever reading starts: the analysis and
 * every reader see the same frames.
 */
export function frameReader(
  path: string,
  info: ProbeResult,
  range: FrameRange,
): { command: FfmpegCommand; filters: string[] } {
  if (info.codecTag === "siv1") {
    throw new MediaError(
      "not-a-video",
      `${path} is a siedd asset already; give the video that it was made from, or decode it into one first`,
    );
  }
  const { from = 0, firstFrame } = range;
  const { num, den } = info.frameRate;
  const start = from + (firstFrame * den) / num;
  const early = Math.floor(start - SEEK_MARGIN);
  // Whole seconds, so that the shift is a whole number of ticks in the containers that are sought.
  const seek = early >= 1 && early > info.videoStart && seekable(info) ? early : 0;
  const last = Math.min(spanFrames(info, range), firstFrame + (range.frameCount ?? Infinity));
  const end = Number.isFinite(last) ? `:end_pts=${last}` : "";
  const filters = [
    ...deinterlace(info),
    `setpts=PTS-round(${(from - seek).toFixed(6)}/TB)`,
    // From the very start, the first picture also fills the time before it.
    `fps=${num}/${den}${seek === 0 ? ":start_time=0" : ""}`,
    `trim=start_pts=${firstFrame}${end}`,
    ...normalizeFilters(info),
  ];
  const command = ffmpegCommand()
    .input(fileUrl(path))
    .inputOptions([...quiet, ...(info.decoder ? ["-c:v", info.decoder] : [])])
    .inputOptions(plain(info) ? ["-reinit_filter", "0"] : [])
    .inputOptions([...(seek > 0 ? ["-noaccurate_seek", "-ss", String(seek)] : [])]);
  return { command, filters };
}

/** @throws MediaError "no-frames" where nothing lies between `from` and `to`. */
export function checkSpan(path: string, info: ProbeResult, { from = 0, to }: Span): void {
  if (!(from >= 0) || (to !== undefined && !(to > from))) {
    throw new MediaError(
      "no-frames",
      `the part from ${from} s to ${to ?? "the end"} of ${path} holds no frame`,
    );
  }
  if (info.duration > 0 && from >= info.duration) {
    throw new MediaError(
      "no-frames",
      `${path} is ${info.duration.toFixed(2)} s long: nothing is left from ${from} s on`,
    );
  }
}
