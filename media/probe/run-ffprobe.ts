import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { errnoOf, MediaError } from "../errors.js";
import { fileUrl, inputLimits, refusedDemuxer } from "../ffmpeg/input-limits.js";
import { ffmpegMissing, killOnExit } from "../ffmpeg/run.js";
import { refusedFile, requireFrameSize } from "./unreadable.js";

/** One stream as ffprobe reports it. */
export interface ProbedStream {
  index: number;
  codec_type?: string;
  codec_name?: string;
  profile?: string;
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
  channel_layout?: string;
  sample_rate?: string;
  time_base?: string;
  nb_frames?: string;
  tags?: Record<string, string>;
  disposition?: Record<string, number>;
  side_data_list?: {
    rotation?: number;
    /** Dolby Vision. */
    dv_profile?: number;
    dv_bl_signal_compatibility_id?: number;
  }[];
}

/** The JSON output of ffprobe. */
export interface Probed {
  streams?: ProbedStream[];
  chapters?: ProbedChapter[];
  format?: {
    format_name?: string;
    duration?: string;
    start_time?: string;
    tags?: Record<string, string>;
  };
}

/** One chapter as ffprobe reports it. */
export interface ProbedChapter {
  /** Seconds on the clock of the file. */
  start_time?: string;
  tags?: Record<string, string>;
}

/**
 * Reads the streams, the chapters and the format of a file with ffprobe.
 * @throws MediaError `not-a-video`, `truncated-video`, `unsupported-video`, `no-such-file`, `ffmpeg-missing`; the signal's reason.
 */
export async function runFfprobe(path: string, signal?: AbortSignal): Promise<Probed> {
  let stdout = "";
  const args = ["-of", "json", "-show_streams", "-show_chapters", "-show_format"];
  const onText = (text: string) => {
    stdout += text;
  };
  const { status, stderr } = await spawnFfprobe(path, { args, onText, signal });
  const [, width, height] = /Picture size (\d+)x(\d+) exceeds/.exec(stderr) ?? [];
  requireFrameSize(path, Number(width ?? 0), Number(height ?? 0));
  if (status === 0) return JSON.parse(stdout) as Probed;
  throw await probeError(path, stderr);
}

/** How to run ffprobe. */
export interface FfprobeRun {
  readonly args: readonly string[];
  /** Receives stdout in pieces. */
  readonly onText: (text: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs ffprobe on a file, and resolves to its exit status and its errors. Does not use ffprobe() of fluent-ffmpeg, which
 * offers no way to kill a process that hangs, as on a pipe without a writer.
 * @throws MediaError `ffmpeg-missing`; the signal's reason.
 */
export async function spawnFfprobe(
  path: string,
  { args, onText, signal }: FfprobeRun,
): Promise<{ readonly status: number | null; readonly stderr: string }> {
  signal?.throwIfAborted();
  const url = fileUrl(path);
  const child = spawn(
    process.env.FFPROBE_PATH ?? "ffprobe",
    ["-v", "error", ...args, ...inputLimits(url), url],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  killOnExit(child);
  const kill = () => child.kill("SIGKILL");
  signal?.addEventListener("abort", kill, { once: true });
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", onText);
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    if (stderr.length < 65536) stderr += chunk;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) =>
      reject(errnoOf(error) === "ENOENT" ? ffmpegMissing("ffprobe", error) : error),
    );
    child.once("close", resolve);
  }).finally(() => signal?.removeEventListener("abort", kill));
  signal?.throwIfAborted();
  return { status, stderr };
}

/** Returns whether a file starts with an MP4 box. ffmpeg reports a missing moov for any file named .mp4. */
async function startsLikeMp4(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 0);
    return /^(ftyp|mdat|free|skip|wide|moov)$/.test(buffer.toString("latin1", 4));
  } finally {
    await file.close();
  }
}

async function probeError(path: string, stderr: string): Promise<MediaError> {
  if (stderr.includes("moov atom not found") && (await startsLikeMp4(path))) {
    return new MediaError(
      "truncated-video",
      `${path} is truncated: its index (moov) is missing, so no frame can be read; copy or download the file again`,
    );
  }
  if (/Permission denied/.test(stderr)) {
    return new MediaError("no-such-file", `${path} cannot be read: permission denied`);
  }
  const refused = refusedDemuxer(stderr);
  if (refused !== undefined) return refusedFile(path, refused);
  return new MediaError(
    "not-a-video",
    `${path} is not a video that ffmpeg can read; choose an MP4, MKV, WebM or MOV file`,
  );
}
