import type { Rational } from "../../codec/asset/rational.js";
import { declaredSeconds } from "./choose-video.js";
import { type FrameGrid, fitFrameGrid } from "./frame-grid.js";
import { constantRate, declaredRates, parseFraction } from "./frame-rate.js";
import { hasJumpingClock, type PacketTimes } from "./packets.js";
import type { Probed, ProbedStream } from "./run-ffprobe.js";

/** Where the frames of a converted video are. Times are in seconds. */
export interface VideoTiming {
  /** The constant frame rate to which the video is converted. */
  readonly frameRate: Rational;
  /** Frames of the converted video per frame of the source: above 1 if frames are repeated. */
  readonly repetition: number;
  /** Whether the frames of the source are equidistant. */
  readonly regular: boolean;
  /** First time on the clock of the file, of any stream. */
  readonly fileStart: number;
  /** Seconds from the start of the file to frame 0. Audio may start earlier. */
  readonly videoStart: number;
  /** Seconds from time 0 of ffmpeg, when it reads only the video stream, to frame 0. */
  readonly readStart: number;
  /** Seconds from frame 0 to the first frame of the source, which is repeated for that time. */
  readonly lead: number;
  /** Seconds from frame 0 to the end of the video stream, else of the file; 0 if unknown. */
  readonly duration: number;
  /** Frames of the converted video by the times of the source; undefined if they are not known to the end. */
  readonly frameCount: number | undefined;
}

/** Video that begins later than this after the audio, in seconds and in frames, is preceded by its first frame. */
const MAX_DROPPED_SECONDS = 0.25;
const MAX_DROPPED_FRAMES = 2.5;

/**
 * Returns the timing of a video stream; undefined if it has no frame rate.
 *
 * Frame 0 is the first frame of the source: what comes before it is left out, because it is only the delay of an audio
 * encoder. If audio begins considerably earlier, the first frame is repeated for that time.
 */
export function videoTiming(
  video: ProbedStream,
  format: Probed["format"],
  times: PacketTimes | undefined,
): VideoTiming | undefined {
  const grid = gridOf(video, times);
  if (grid === undefined) return undefined;
  const { frameRate, repetition, regular } = grid;
  const rate = frameRate.num / frameRate.den;
  const fileStart = Number(format?.start_time) || 0;
  const streamStart = Number(video.start_time) || 0;
  const delay = grid.origin - fileStart;
  const isLate = delay > Math.max(MAX_DROPPED_SECONDS, MAX_DROPPED_FRAMES / rate);
  const origin = isLate ? grid.origin - Math.floor(delay * rate) / rate : grid.origin;
  const clockStart = hasJumpingClock(format?.format_name ?? "") ? streamStart : fileStart;
  return {
    frameRate,
    repetition,
    regular,
    fileStart,
    videoStart: origin - fileStart,
    readStart: origin - clockStart,
    lead: grid.origin - origin,
    duration: Math.max(0, endOf(video, format, times) - origin),
    frameCount: countFrames(grid, origin, times),
  };
}

/** Returns the number of frames from `origin` to the end of the last frame, which lasts for one frame or longer. */
function countFrames(
  { frameRate, regular }: FrameGrid,
  origin: number,
  times: PacketTimes | undefined,
): number | undefined {
  if (times?.last === undefined || times.end === undefined) return undefined;
  const position = (time: number) => ((time - origin) * frameRate.num) / frameRate.den;
  const end = position(times.end);
  return Math.max(Math.round(position(times.last)) + 1, regular ? Math.round(end) : Math.ceil(end - 1e-3));
}

function gridOf(video: ProbedStream, times: PacketTimes | undefined): FrameGrid | undefined {
  const declared = declaredRates(video);
  const timeBase = parseFraction(video.time_base, "/");
  const tick = timeBase ? timeBase.num / timeBase.den : 0;
  const grid = times && fitFrameGrid(times, declared, tick);
  if (grid !== undefined) return grid;
  const frameRate = constantRate(declared);
  return frameRate && { frameRate, origin: Number(video.start_time) || 0, repetition: 1, regular: true };
}

/** A container that ends this much later than its packets is truncated, in seconds. */
const MAX_ROUNDING = 0.5;

/** Returns the end of a stream on the clock of the file, seconds. */
function endOf(video: ProbedStream, format: Probed["format"], times: PacketTimes | undefined): number {
  const measured = times?.end;
  const length = declaredSeconds(video);
  const declared = length === undefined ? undefined : (Number(video.start_time) || 0) + length;
  if (declared !== undefined && !(measured !== undefined && declared - measured < MAX_ROUNDING))
    return declared;
  return measured ?? (Number(format?.start_time) || 0) + (Number(format?.duration) || 0);
}
