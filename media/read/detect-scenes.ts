import { once } from "node:events";
import { createInterface } from "node:readline";
import { MediaError } from "../errors.js";
import { runFfmpeg, stdoutPipe } from "../ffmpeg/run.js";
import type { ProbeResult } from "../probe/probe.js";
import type { TimeRange } from "./time-range.js";
import { checkTimeRange, frameReader } from "./timeline.js";

/** Options of `detectScenes`. The time range defaults to the entire video. */
export interface DetectScenesOptions extends TimeRange {
  readonly signal?: AbortSignal;
  /** Called up to five times per second with the seconds of video analyzed. */
  readonly onProgress?: (seconds: number) => void;
}

/** Result of `detectScenes`. */
export interface SceneAnalysis {
  /** Exact number of constant-rate frames in the time range. */
  readonly frameCount: number;
  /** Index of the first frame of each new scene, ascending, never 0. */
  readonly cuts: number[];
}

/** Minimum scdet score (0 to 100) of a scene cut; ffmpeg's default. */
const CUT_SCORE = 10;
/** Minimum frames between two cuts: a flash is not a scene. */
const MIN_SCENE_FRAMES = 5;

/**
 * Decodes a time range once to count its frames and find its scene cuts.
 * @throws MediaError `no-frames`, `truncated-video`, `ffmpeg-missing`, `ffmpeg-failed`; the signal's reason.
 */
export async function detectScenes(
  path: string,
  info: ProbeResult,
  options: DetectScenesOptions,
): Promise<SceneAnalysis> {
  checkTimeRange(path, info, options);
  const { command, filters } = frameReader(path, info, { ...options, firstFrame: 0 });
  const factor = Math.min(1, 320 / Math.max(info.width, info.height));
  const scaled = (side: number) => Math.max(2, Math.round((side * factor) / 2) * 2);
  filters.push(
    `scale=${scaled(info.width)}:${scaled(info.height)}:flags=area`,
    "scdet",
    "metadata=mode=print:file=pipe\\\\:1",
  );
  command
    .outputOptions(["-map", `0:${info.streamIndex}`, "-fps_mode", "passthrough", "-f", "null"])
    .videoFilters(filters);
  const lines = stdoutPipe();
  const scores: number[] = [];
  const reader = createInterface({ input: lines });
  let lastReport = 0;
  reader.on("line", (line) => {
    if (line.startsWith("frame:")) {
      scores.push(0);
      const now = Date.now();
      if (now - lastReport > 200) {
        lastReport = now;
        options.onProgress?.((scores.length * info.frameRate.den) / info.frameRate.num);
      }
    } else if (line.startsWith("lavfi.scd.score=")) scores[scores.length - 1] = Number(line.slice(16));
  });
  const closed = once(reader, "close");
  const failure = `cannot read the frames of ${path}`;
  const stderr = await runFfmpeg(command, { failure, stdout: lines, signal: options.signal }).catch(
    (error) => {
      if (scores.length > 0 || !(error instanceof MediaError) || error.code !== "ffmpeg-failed") throw error;
      throw noFrames(path, options.from, error);
    },
  );
  lines.end();
  await closed;
  const decodedSeconds = (scores.length * info.frameRate.den) / info.frameRate.num;
  checkComplete(path, info, options, { decodedSeconds, stderr });
  return { frameCount: scores.length, cuts: cutsOf(scores) };
}

/** Returns the frames whose score is that of a cut. Of cuts that are too close, only the highest score counts. */
function cutsOf(scores: readonly number[]): number[] {
  const cuts: number[] = [];
  for (let frame = MIN_SCENE_FRAMES; frame <= scores.length - MIN_SCENE_FRAMES; frame++) {
    if (scores[frame]! < CUT_SCORE) continue;
    const last = cuts.at(-1) ?? -Infinity;
    if (frame - last >= MIN_SCENE_FRAMES) cuts.push(frame);
    else if (scores[frame]! > scores[last]!) cuts[cuts.length - 1] = frame;
  }
  return cuts;
}

function noFrames(path: string, from = 0, cause?: unknown): MediaError {
  const message =
    from > 0
      ? `no frame of ${path} begins after ${from} s; start earlier, or get the complete file if it is truncated`
      : `no frame of ${path} can be decoded: it is empty or damaged`;
  return new MediaError("no-frames", message, { cause });
}

/** Throws if the file is truncated. `decodedSeconds` is the duration of the frames in the time range. */
function checkComplete(
  path: string,
  { duration }: ProbeResult,
  { from = 0, to }: TimeRange,
  { decodedSeconds, stderr }: { readonly decodedSeconds: number; readonly stderr: string },
): void {
  if (decodedSeconds === 0) throw noFrames(path, from);
  const expectedSeconds = Math.min(to ?? Infinity, duration) - from;
  // The duration of a container is often slightly wrong. Only a large gap together with an ffmpeg error is truncation.
  if (stderr !== "" && expectedSeconds - decodedSeconds > 0.5 && decodedSeconds < expectedSeconds * 0.95) {
    const end = (from + decodedSeconds).toFixed(1);
    throw new MediaError(
      "truncated-video",
      `${path} is truncated: its duration is ${duration.toFixed(1)} s but its frames end at ${end} s; ` +
        `get the complete file, or end at ${end} s`,
    );
  }
}
