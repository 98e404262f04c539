import { stat } from "node:fs/promises";
import type { Rational } from "../../codec/asset/rational.js";
import { errnoOf, MediaError } from "../errors.js";
import { constantRate, parseFraction } from "./frame-rate.js";
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

/** Metadata of a video file. Sizes are in pixels, times in seconds. */
export interface ProbeResult {
  /** Display width, after rotation and with square pixels. May be odd. */
  readonly width: number;
  /** Display height, after rotation and with square pixels. May be odd. */
  readonly height: number;
  /** The constant frame rate to which the video is converted. */
  readonly frameRate: Rational;
  /** Duration of the video stream, else of the file; 0 if unknown. */
  readonly duration: number;
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
  /** Codec tag in the container, such as "avc1". "siv1" is a siedd asset, which ffmpeg cannot decode. */
  readonly codecTag: string;
  /** ffmpeg's names of the container format, such as "mov,mp4,m4a,3gp,3g2,mj2". */
  readonly container: string;
  /** Seconds from the start of the file to the first frame. Audio may start earlier. */
  readonly videoStart: number;
}

/**
 * Reads the metadata of a video file with ffprobe.
 * @throws MediaError `no-such-file`, `not-a-video`, `no-video-stream`, `no-frames`, `truncated-video`,
 *   `ffmpeg-missing`; the signal's reason.
 */
export async function probeVideo(path: string, signal?: AbortSignal): Promise<ProbeResult> {
  await requireVideoFile(path);
  const probed = await runFfprobe(path, signal);
  const container = probed.format?.format_name ?? "";
  const streams = probed.streams ?? [];
  // A cover image is a video stream too.
  const video = streams.find(
    ({ codec_type, disposition }) => codec_type === "video" && !disposition?.attached_pic,
  );
  if (isImageContainer(container)) {
    throw new MediaError(
      "not-a-video",
      `${path} is an image (${video?.codec_name ?? container}), not a video`,
    );
  }
  if (container === "tty" || video?.codec_name === "ansi") {
    throw new MediaError("not-a-video", `${path} is a text file, not a video`);
  }
  if (!video) {
    const hasAudio = streams.some(({ codec_type }) => codec_type === "audio");
    throw new MediaError(
      "no-video-stream",
      `${path} has no video stream${hasAudio ? ", only audio" : ""}; choose a file with video`,
    );
  }
  if (!video.width || !video.height) {
    throw new MediaError(
      "no-frames",
      `${path} has a video stream without a frame size; it may contain no frames`,
    );
  }
  const info = toProbeResult(path, video, streams, probed);
  await requireToneMapping(path, info.dynamicRange);
  return info;
}

async function requireVideoFile(path: string): Promise<void> {
  const file = await stat(path).catch((cause: unknown) => {
    const reason =
      errnoOf(cause) === "EACCES" ? "cannot be read: permission denied" : "does not exist; check the path";
    throw new MediaError("no-such-file", `${path} ${reason}`, { cause });
  });
  if (file.isDirectory()) throw new MediaError("not-a-video", `${path} is a folder; choose a video file`);
  if (file.isFile() && file.size === 0)
    throw new MediaError("not-a-video", `${path} is empty (0 bytes), not a video`);
}

const isImageContainer = (container: string): boolean =>
  /(^|,)(image2|ico|[a-z0-9]+_pipe)(,|$)/.test(container);

function toProbeResult(
  path: string,
  video: ProbedStream,
  streams: ProbedStream[],
  { format }: Probed,
): ProbeResult {
  const codedWidth = video.width ?? 0;
  const codedHeight = video.height ?? 0;
  const pixelAspect = parseFraction(video.sample_aspect_ratio, ":") ?? { num: 1, den: 1 };
  const matrixRotation = video.side_data_list?.find(({ rotation }) => rotation !== undefined)?.rotation;
  // The display matrix counts counterclockwise, the old tag clockwise.
  const clockwise = matrixRotation !== undefined ? -matrixRotation : Number(video.tags?.rotate ?? 0);
  const rotation = (((Math.round(clockwise / 90) * 90) % 360) + 360) % 360;
  const squareWidth = Math.max(1, Math.round((codedWidth * pixelAspect.num) / pixelAspect.den));
  const [width, height] = rotation % 180 === 0 ? [squareWidth, codedHeight] : [codedHeight, squareWidth];
  const frameRate = constantRate(video.r_frame_rate, video.avg_frame_rate, isInterlaced(video.field_order));
  if (!frameRate) {
    throw new MediaError(
      "no-frames",
      `${path} has a video stream without a frame rate; it may contain no frames`,
    );
  }
  const decoder = decoderFor(video.codec_name, video.tags?.alpha_mode ?? video.tags?.ALPHA_MODE);
  const duration = Number(video.duration ?? 0) || Number(format?.duration ?? 0) || 0;
  return {
    width,
    height,
    frameRate,
    duration,
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
    codecTag: video.codec_tag_string ?? "",
    container: format?.format_name ?? "",
    videoStart: Math.max(0, (Number(video.start_time) || 0) - (Number(format?.start_time) || 0)),
  };
}
