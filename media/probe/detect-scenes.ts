import { once } from "node:events";
import { createInterface } from "node:readline";
import { MediaError } from "../errors.js";
import { runFfmpeg, stdoutPipe } from "../ffmpeg/run.js";
import { checkSpan, frameReader, type Span } from "../read/timeline.js";
import type { ProbeResult } from "./probe.js";

export interface DetectScenesOptions extends Span {
  readonly signal?: AbortSignal;
  /** Called now and then with the seconds of video analyzed. */
  readonly onProgress?: (seconds: number) => void;
}

export interface SceneAnalysis {
  /** Exact number of constant-rate frames in the span. */
  readonly frameCount: number;
  /** Index of the first frame of each new scene, ascending, never 0. */
  readonly cuts: number[];
}

/** ffmpeg's scdet score (0 to 100) from which a change of picture counts as a cut; its own default. */
const CUT_SCORE = 10;
/** Frames between two cuts at least: a flash is not a scene. */
const SHORTEST_SCENE = 5;

/**
 * Decodes the span once: counts its frames and finds its scene cuts.
 * @throws MediaError "no-frames", "truncated-video", "ffmpeg-missing", "ffmpeg-failed".
 */
export async function detectScenes(
  path: string,
  info: ProbeResult,
  options: DetectScenesOptions,
): Promise<SceneAnalysis> {
  checkSpan(path, info, options);
  const { command, filters } = frameReader(path, info, { ...options, firstFrame: 0 });
  const small = Math.min(1, 320 / Math.max(info.width, info.height));
  const side = (length: number) => Math.max(2, Math.round((length * small) / 2) * 2);
  filters.push(
    `scale=${side(info.width)}:${side(info.height)}:flags=area`,
    "scdet",
    "metadata=mode=print:file=pipe\\\\:1",
  );
  command
    .outputOptions(["-map", `0:${info.streamIndex}`, "-fps_mode", "passthrough", "-f", "null"])
    .videoFilters(filters);
  const lines = stdoutPipe();
  const scores: number[] = [];
  const reader = createInterface({ input: lines });
  let reported = 0;
  reader.on("line", (line) => {
    if (line.startsWith("frame:")) {
      scores.push(0);
      const now = Date.now();
      if (now - reported > 200) {
        reported = now;
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
  checkComplete(path, info, options, scores.length, stderr);
  return { frameCount: scores.length, cuts: cutsOf(scores) };
}

function cutsOf(scores: readonly number[]): number[] {
  const cuts: number[] = [];
  for (let frame = SHORTEST_SCENE; frame <= scores.length - SHORTEST_SCENE; frame++) {
    if (scores[frame]! < CUT_SCORE) continue;
    const last = cuts.at(-1) ?? -Infinity;
    if (frame - last >= SHORTEST_SCENE) cuts.push(frame);
    else if (scores[frame]! > scores[last]!) cuts[cuts.length - 1] = frame;
  }
  return cuts;
}

function noFrames(path: string, from = 0, cause?: unknown): MediaError {
  const what =
    from > 0
      ? `no frame of ${path} begins after ${from} s; begin earlier, or get the whole file if it is cut off`
      : `no frame of ${path} can be decoded; it is empty or damaged`;
  return new MediaError("no-frames", what, { cause });
}

function checkComplete(
  path: string,
  info: ProbeResult,
  { from = 0, to }: Span,
  frames: number,
  stderr: string,
): void {
  if (frames === 0) throw noFrames(path, from);
  const found = (frames * info.frameRate.den) / info.frameRate.num;
  const wanted = Math.min(to ?? Infinity, info.duration) - from;
  // A container's duration is often a little wrong: only a clear gap that ffmpeg complained about is a cut file.
  if (stderr !== "" && wanted - found > 0.5 && found < wanted * 0.95) {
    const end = (from + found).toFixed(1);
    throw new MediaError(
      "truncated-video",
      `${path} is cut off: it should last ${info.duration.toFixed(1)} s but its pictures end at ${end} s; ` +
        `get the whole file, or take the part that is there with --to ${end}`,
    );
  }
}
