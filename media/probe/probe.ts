import { spawn } from "node:child_process";
import { open, stat } from "node:fs/promises";
import type { Rational } from "../../codec/asset/rational.js";
import { errnoOf, MediaError } from "../errors.js";
import { ffmpegMissing, fileUrl, killOnExit } from "../ffmpeg/run.js";
import {
  type DynamicRange,
  decoderFor,
  dynamicRangeOf,
  hasAlpha,
  isInterlaced,
  requireToneMapping,
} from "../read/normalize-filters.js";
import { isTextSubtitle } from "../read/subtitles.js";
import { constantRate, parseFraction } from "./frame-rate.js";

export interface AudioInfo {
  /** Position among the audio streams, from 0. */
  readonly index: number;
  /** ISO 639-2, "und" where the file does not say. */
  readonly language: string;
  readonly channels: number;
  /** Samples a second. */
  readonly sampleRate: number;
}

export interface SubtitleInfo {
  /** Position among the subtitle streams, from 0. */
  readonly index: number;
  /** ISO 639-2, "und" where the file does not say. */
  readonly language: string;
  /** ffmpeg's name of the format. */
  readonly codec: string;
  /** False for pictures of text. */
  readonly text: boolean;
}

/** A video file as we read it. Sizes in pixels, times in seconds. */
export interface ProbeResult {
  /** As displayed: rotation applied, pixels made square; may be odd. */
  readonly width: number;
  readonly height: number;
  /** The constant rate to which the frames are brought, frames a second. */
  readonly frameRate: Rational;
  /** Of the video stream, else of the file; 0 where neither says. */
  readonly duration: number;
  readonly audio: readonly AudioInfo[];
  readonly subtitles: readonly SubtitleInfo[];
  /** As coded, before rotation. */
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** Degrees clockwise that a player turns the picture: 0, 90, 180 or 270. */
  readonly rotation: number;
  /** Width of a coded pixel over its height. */
  readonly pixelAspect: Rational;
  readonly pixelFormat: string;
  /** Frames of two fields: they are deinterlaced. */
  readonly interlaced: boolean;
  /** Partly transparent: laid over black. */
  readonly alpha: boolean;
  /** Other than "sdr": tone-mapped. */
  readonly dynamicRange: DynamicRange;
  /** ffmpeg's names of the picture's color tags, where it has any. */
  readonly color: {
    readonly matrix: string | undefined;
    readonly primaries: string | undefined;
    readonly range: string | undefined;
  };
  /** ffmpeg's decoder to use instead of its own choice. */
  readonly decoder: string | undefined;
  /** ffmpeg's index of the picture's stream. */
  readonly streamIndex: number;
  /** What the container calls the codec: "avc1", ...; "siv1" is an asset of ours, which ffmpeg cannot decode. */
  readonly codecTag: string;
  /** ffmpeg's names of the container, such as "mov,mp4,m4a,3gp,3g2,mj2". */
  readonly container: string;
  /** Seconds from the start of the file to the first picture (sound may begin earlier). */
  readonly videoStart: number;
}

interface ProbedStream {
  index: number;
  codec_type?: string;
  codec_name?: string;
  codec_tag_string?: string;
  width?: number;
  height?: number;
  sample_aspect_ratio?: string;
  r_frame_rate?: string;
  avg_frame_rate?: string;
  duration?: string;
  start_time?: string;
  pix_fmt?: string;
  field_order?: string;
  color_transfer?: string;
  color_space?: string;
  color_primaries?: string;
  color_range?: string;
  channels?: number;
  sample_rate?: string;
  nb_frames?: string;
  tags?: Record<string, string>;
  disposition?: Record<string, number>;
  side_data_list?: { rotation?: number }[];
}

interface Probed {
  streams?: ProbedStream[];
  format?: { format_name?: string; duration?: string; start_time?: string };
}

/**
 * Reads the head of a video file with ffprobe.
 * @throws MediaError "no-such-file", "not-a-video", "no-video-stream", "truncated-video", "ffmpeg-missing".
 */
export async function probeVideo(path: string, signal?: AbortSignal): Promise<ProbeResult> {
  await refuseNonFiles(path);
  const probed = await ffprobe(path, signal);
  const container = probed.format?.format_name ?? "";
  const streams = probed.streams ?? [];
  const pictures = streams.filter(({ codec_type }) => codec_type === "video");
  const video = pictures.find(({ disposition }) => !disposition?.attached_pic);
  if (isStillImage(container)) {
    throw new MediaError(
      "not-a-video",
      `${path} is a still picture (${video?.codec_name ?? container}), not a video`,
    );
  }
  if (container === "tty" || video?.codec_name === "ansi") {
    throw new MediaError("not-a-video", `${path} is a text file, not a video`);
  }
  if (!video) {
    const has = streams.some(({ codec_type }) => codec_type === "audio")
      ? "only sound"
      : "nothing to look at";
    throw new MediaError("no-video-stream", `${path} has no video stream, ${has}; give a file with pictures`);
  }
  if (!video.width || !video.height) {
    throw new MediaError(
      "no-frames",
      `${path} has a video stream without a picture size; it may hold no frame`,
    );
  }
  const info = describe(path, video, streams, probed);
  await requireToneMapping(path, info.dynamicRange);
  return info;
}

async function refuseNonFiles(path: string): Promise<void> {
  const file = await stat(path).catch((cause: unknown) => {
    const why =
      errnoOf(cause) === "EACCES" ? "cannot be read: permission denied" : "does not exist; check the path";
    throw new MediaError("no-such-file", `${path} ${why}`, { cause });
  });
  if (file.isDirectory())
    throw new MediaError("not-a-video", `${path} is a folder; give the name of a video file`);
  if (file.isFile() && file.size === 0)
    throw new MediaError("not-a-video", `${path} is empty (0 bytes), not a video`);
}

const isStillImage = (container: string): boolean => /(^|,)(image2|ico|[a-z0-9]+_pipe)(,|$)/.test(container);

function describe(
  path: string,
  video: ProbedStream,
  streams: ProbedStream[],
  { format }: Probed,
): ProbeResult {
  const codedWidth = video.width ?? 0;
  const codedHeight = video.height ?? 0;
  const pixelAspect = parseFraction(video.sample_aspect_ratio, ":") ?? { num: 1, den: 1 };
  const turned = video.side_data_list?.find(({ rotation }) => rotation !== undefined)?.rotation;
  // The display matrix counts anticlockwise, the old tag clockwise.
  const clockwise = turned !== undefined ? -turned : Number(video.tags?.rotate ?? 0);
  const rotation = (((Math.round(clockwise / 90) * 90) % 360) + 360) % 360;
  const wide = Math.max(1, Math.round((codedWidth * pixelAspect.num) / pixelAspect.den));
  const [width, height] = rotation % 180 === 0 ? [wide, codedHeight] : [codedHeight, wide];
  const frameRate = constantRate(video.r_frame_rate, video.avg_frame_rate, isInterlaced(video.field_order));
  if (!frameRate) {
    throw new MediaError(
      "no-frames",
      `${path} has a video stream without a frame rate; it may hold no frame`,
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

/** The audio streams that can be played. */
function audioTracks(streams: readonly ProbedStream[]): AudioInfo[] {
  return streams
    .filter(({ codec_type }) => codec_type === "audio")
    .map((stream, index) => ({
      index,
      language: language(stream),
      channels: stream.channels ?? 0,
      sampleRate: Number(stream.sample_rate ?? 0),
    }))
    .filter(({ channels }) => channels > 0);
}

const subtitleTracks = (streams: readonly ProbedStream[]): SubtitleInfo[] =>
  streams
    .filter(({ codec_type }) => codec_type === "subtitle")
    .map((stream, index) => ({
      index,
      language: language(stream),
      codec: stream.codec_name ?? "unknown",
      text: isTextSubtitle(stream.codec_name),
    }));

function language({ tags }: ProbedStream): string {
  const tagged = (tags?.language ?? "").toLowerCase();
  return /^[a-z]{3}$/.test(tagged) ? tagged : "und";
}

/** fluent-ffmpeg gives no handle on its ffprobe, and an unreadable pipe would leave it behind: hence our own. */
async function ffprobe(path: string, signal?: AbortSignal): Promise<Probed> {
  signal?.throwIfAborted();
  const args = ["-v", "error", "-of", "json", "-show_streams", "-show_format", fileUrl(path)];
  const child = spawn(process.env.FFPROBE_PATH ?? "ffprobe", args, { stdio: ["ignore", "pipe", "pipe"] });
  killOnExit(child);
  const kill = () => child.kill("SIGKILL");
  signal?.addEventListener("abort", kill, { once: true });
  const text = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text.stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    if (text.stderr.length < 65536) text.stderr += chunk;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) =>
      reject(errnoOf(error) === "ENOENT" ? ffmpegMissing("ffprobe", error) : error),
    );
    child.once("close", resolve);
  }).finally(() => signal?.removeEventListener("abort", kill));
  signal?.throwIfAborted();
  if (status === 0) return JSON.parse(text.stdout) as Probed;
  throw await unreadable(path, text.stderr);
}

/** ffmpeg takes anything called .mp4 for one; the first box tells. */
async function beginsLikeMp4(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 0);
    return /^(ftyp|mdat|free|skip|wide|moov)$/.test(buffer.toString("latin1", 4));
  } finally {
    await file.close();
  }
}

async function unreadable(path: string, stderr: string): Promise<MediaError> {
  if (stderr.includes("moov atom not found") && (await beginsLikeMp4(path))) {
    return new MediaError(
      "truncated-video",
      `${path} is cut off: its index (moov) is missing, so no frame can be read; copy or download the file again`,
    );
  }
  if (/Permission denied/.test(stderr)) {
    return new MediaError("no-such-file", `${path} cannot be read: permission denied`);
  }
  return new MediaError(
    "not-a-video",
    `${path} is not a video that ffmpeg can read; give an MP4, MKV, WebM or MOV file`,
  );
}
