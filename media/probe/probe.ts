import { stat } from "node:fs/promises";
import type { Rational } from "../../codec/asset/rational.js";
import { errnoOf, MediaError } from "../errors.js";
import { chooseVideoStream, declaredSeconds, isMovingVideo, requireVideoStream } from "./choose-video.js";
import { type Description, describe } from "./describe.js";
import { parseFraction } from "./frame-rate.js";
import { type PacketSource, type PacketTimes, readFrameTimes, readPacketTimes } from "./packets.js";
import { type Probed, type ProbedStream, runFfprobe } from "./run-ffprobe.js";
import {
  type DynamicRange,
  decoderFor,
  dynamicRangeOf,
  hasAlpha,
  isInterlaced,
  requireToneMapping,
} from "./stream-properties.js";
import { type AudioInfo, audioTracks, type SubtitleInfo, subtitleTracks } from "./tracks.js";
import { requireFrameSize, requireKnownColors, requireReadable } from "./unreadable.js";
import { type VideoTiming, videoTiming } from "./video-timing.js";

/** Metadata of a video file. Sizes are in pixels, times in seconds. */
export interface ProbeResult extends VideoTiming, Description {
  /** Display width, after rotation and with square pixels. May be odd. */
  readonly width: number;
  /** Display height, after rotation and with square pixels. May be odd. */
  readonly height: number;
  readonly audio: readonly AudioInfo[];
  readonly subtitles: readonly SubtitleInfo[];
  /** Coded width, before rotation. */
  readonly codedWidth: number;
  /** Coded height, before rotation. */
  readonly codedHeight: number;
  /** Clockwise rotation for display, in degrees: 0, 90, 180 or 270. */
  readonly rotation: number;
  /** Width of a coded pixel divided by its height. */
  readonly pixelAspect: Rational;
  /** ffmpeg's name of the pixel format. */
  readonly pixelFormat: string;
  /** Whether frames consist of two fields. They are deinterlaced. */
  readonly interlaced: boolean;
  /** Whether frames have transparency. They are composited over black. */
  readonly alpha: boolean;
  /** Dynamic range of the source. Frames are tone-mapped unless it is "sdr". */
  readonly dynamicRange: DynamicRange;
  /** ffmpeg's names of the color tags; undefined if untagged. */
  readonly color: {
    readonly matrix: string | undefined;
    readonly primaries: string | undefined;
    readonly range: string | undefined;
  };
  /** The ffmpeg decoder to use instead of the default one. */
  readonly decoder: string | undefined;
  /** ffmpeg's index of the video stream. */
  readonly streamIndex: number;
  /** Time base of the video stream: seconds per tick. */
  readonly timeBase: Rational;
  /** Maximum number of seconds by which keyframes are decoded before they are shown; undefined if unknown. */
  readonly reorderDelay: number | undefined;
  /** Maximum distance of keyframes in seconds, as far as packets were read; undefined if unknown or if the clock jumps. */
  readonly keyframeDistance: number | undefined;
  /** Video streams of the file, except covers and thumbnails that are marked as such. */
  readonly videoStreams: readonly VideoStreamInfo[];
  /** Codec tag in the container, such as "avc1". "siv1" is a siedd asset, which ffmpeg cannot decode. */
  readonly codecTag: string;
  /** ffmpeg's names of the container format, such as "mov,mp4,m4a,3gp,3g2,mj2". */
  readonly container: string;
}

/** One of the video streams of a file. */
export interface VideoStreamInfo {
  /** Index among all video streams, from 0. */
  readonly index: number;
  /** Whether it is the stream that is read. */
  readonly chosen: boolean;
  /** ffmpeg's name of the codec. */
  readonly codec: string;
  /** Coded width in pixels. */
  readonly width: number;
  /** Coded height in pixels. */
  readonly height: number;
}

/**
 * Reads the metadata of a video file with ffprobe, and the times of its frames without decoding them.
 *
 * @param videoStream index among the video streams, from 0; default: the main one
 * @throws MediaError `no-such-file`, `not-a-video`, `no-video-stream`, `no-frames`, `truncated-video`,
 *   `unsupported-video`, `ffmpeg-missing`; the signal's reason.
 */
export async function probeVideo(
  path: string,
  signal?: AbortSignal,
  videoStream?: number,
): Promise<ProbeResult> {
  const bytes = await requireVideoFile(path);
  const probed = await runFfprobe(path, signal);
  const { streams = [], format } = probed;
  await requireReadable(path, probed);
  const videos = streams.filter(({ codec_type }) => codec_type === "video");
  const duration =
    Math.max(0, ...videos.map((each) => declaredSeconds(each) ?? 0)) || Number(format?.duration) || 0;
  const source = { streams: videos, container: format?.format_name ?? "", duration, bytes };
  const times =
    videos.length > 0 ? await readPacketTimes(path, source, signal) : new Map<number, PacketTimes>();
  const video =
    videoStream === undefined
      ? chooseVideoStream(videos, times)
      : requireVideoStream(path, videos, videoStream);
  if (!video) {
    const hasAudio = streams.some(({ codec_type }) => codec_type === "audio");
    throw new MediaError(
      "no-video-stream",
      `${path} has no video stream${hasAudio ? ", only audio" : ""}; choose a file with video`,
    );
  }
  requireKnownColors(path, video);
  const info = toProbeResult(path, {
    video,
    videos,
    times: await frameTimes(path, video, { source, times }, signal),
    probed,
  });
  await requireToneMapping(path, info.dynamicRange);
  return info;
}

/** Maximum relative difference between the mean frame rate of a stream and that of samples from it. */
const MAX_RATE_DIFFERENCE = 3e-3;

/** Returns whether samples from a stream have another mean frame rate than the stream: the rate changes between them. */
function isMisleading({ complete, runs, seconds }: PacketTimes, video: ProbedStream): boolean {
  const mean = Number(video.nb_frames) / (declaredSeconds(video) ?? Number.NaN);
  const sampled = runs.reduce((sum, run) => sum + run.length, 0) / seconds;
  return !complete && Math.abs(mean / sampled - 1) > MAX_RATE_DIFFERENCE;
}

/** Returns the times of a stream's packets. If most have none, decodes the first frames instead. */
async function frameTimes(
  path: string,
  video: ProbedStream,
  { source, times }: { source: PacketSource; times: ReadonlyMap<number, PacketTimes> },
  signal?: AbortSignal,
): Promise<PacketTimes | undefined> {
  const packets = times.get(video.index);
  if (packets !== undefined && isMisleading(packets, video)) {
    return (await readPacketTimes(path, { ...source, all: true }, signal)).get(video.index);
  }
  if (packets === undefined || packets.timed) return packets;
  return { ...(await readFrameTimes(path, video, source, signal)), end: packets.end };
}

/** Returns whether a path, such as /dev/stdin, means another file in each process. */
export const isPerProcess = (path: string): boolean => /^\/(dev\/(stdin|fd\/)|proc\/)/.test(path);

/** Returns the size of the file in bytes. */
async function requireVideoFile(path: string): Promise<number> {
  const file = await stat(path).catch((cause: unknown) => {
    const reason =
      errnoOf(cause) === "EACCES" ? "cannot be read: permission denied" : "does not exist; check the path";
    throw new MediaError("no-such-file", `${path} ${reason}`, { cause });
  });
  if (file.isDirectory()) throw new MediaError("not-a-video", `${path} is a folder; choose a video file`);
  if (!file.isFile()) {
    const kind = file.isFIFO() ? "pipe" : file.isSocket() ? "socket" : "device";
    throw new MediaError(
      "not-a-video",
      `${path} is a ${kind}, but a video is read several times; save it to a file first`,
    );
  }
  if (isPerProcess(path)) {
    throw new MediaError(
      "not-a-video",
      `${path} is another file in each process; choose the file by its own path`,
    );
  }
  if (file.size === 0) throw new MediaError("not-a-video", `${path} is empty (0 bytes), not a video`);
  return file.size;
}

/** The stream to read, and what else is known of the file. */
interface ProbedVideo {
  readonly video: ProbedStream;
  /** All video streams. */
  readonly videos: readonly ProbedStream[];
  readonly times: PacketTimes | undefined;
  readonly probed: Probed;
}

function toProbeResult(path: string, { video, videos, times, probed }: ProbedVideo): ProbeResult {
  const { streams = [], format } = probed;
  const { width: codedWidth, height: codedHeight } = video;
  if (!codedWidth || !codedHeight) {
    throw new MediaError(
      "no-frames",
      `${path} has a video stream without a frame size; it may contain no frames`,
    );
  }
  requireFrameSize(path, codedWidth, codedHeight);
  const pixelAspect = parseFraction(video.sample_aspect_ratio, ":") ?? { num: 1, den: 1 };
  const matrixRotation = video.side_data_list?.find(({ rotation }) => rotation !== undefined)?.rotation;
  // The display matrix counts counterclockwise, the old tag clockwise.
  const clockwise = matrixRotation !== undefined ? -matrixRotation : Number(video.tags?.rotate ?? 0);
  const rotation = (((Math.round(clockwise / 90) * 90) % 360) + 360) % 360;
  const squareWidth = Math.max(1, Math.round((codedWidth * pixelAspect.num) / pixelAspect.den));
  const [width, height] = rotation % 180 === 0 ? [squareWidth, codedHeight] : [codedHeight, squareWidth];
  const timing = videoTiming(video, format, times);
  if (!timing) {
    throw new MediaError(
      "no-frames",
      `${path} has a video stream without a frame rate; it may contain no frames`,
    );
  }
  const decoder = decoderFor(video.codec_name, video.tags?.alpha_mode ?? video.tags?.ALPHA_MODE);
  return {
    width,
    height,
    ...timing,
    ...describe(probed, video, timing),
    audio: audioTracks(streams),
    subtitles: subtitleTracks(streams),
    codedWidth,
    codedHeight,
    rotation,
    pixelAspect,
    pixelFormat: video.pix_fmt ?? "unknown",
    interlaced: isInterlaced(video.field_order),
    alpha: hasAlpha(video.pix_fmt ?? "") || decoder !== undefined,
    dynamicRange: dynamicRangeOf(video.color_transfer),
    color: { matrix: video.color_space, primaries: video.color_primaries, range: video.color_range },
    decoder,
    streamIndex: video.index,
    timeBase: parseFraction(video.time_base, "/") ?? { num: 1, den: 1 },
    reorderDelay: times?.reorderDelay,
    keyframeDistance: times?.keyframeDistance,
    videoStreams: videos.flatMap((stream, index) =>
      stream === video || isMovingVideo(stream) ? [toStreamInfo(stream, index, stream === video)] : [],
    ),
    codecTag: video.codec_tag_string ?? "",
    container: format?.format_name ?? "",
  };
}

const toStreamInfo = (stream: ProbedStream, index: number, chosen: boolean): VideoStreamInfo => ({
  index,
  chosen,
  codec: stream.codec_name ?? "unknown",
  width: stream.width ?? 0,
  height: stream.height ?? 0,
});
