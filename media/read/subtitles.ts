import { readFile, rm } from "node:fs/promises";
import type { TextCue } from "../../codec/iso/text-track.js";
import { MediaError } from "../errors.js";
import { BASE_OPTIONS, ffmpegCommand, fileUrl, runFfmpeg } from "../ffmpeg/run.js";
import type { ProbeResult } from "../probe/probe.js";
import { parseWebVtt } from "../webvtt/webvtt.js";
import type { TimeRange } from "./time-range.js";

/** Options of `readSubtitles`. The time range defaults to the entire video. */
export interface ReadSubtitlesOptions extends TimeRange {
  /** Index in `info.subtitles`, from 0. */
  readonly track: number;
  /** Path of a temporary file, which is deleted afterwards. */
  readonly temporary: string;
  readonly signal?: AbortSignal;
}

/**
 * Reads the subtitles of one text track, in any format, as WebVTT cues. Times are in milliseconds, relative to
 * `from`. Cues are clipped to the time range.
 * @throws MediaError `ffmpeg-failed`, `disk-full`, `ffmpeg-missing`; the signal's reason.
 */
export async function readSubtitles(
  path: string,
  info: ProbeResult,
  options: ReadSubtitlesOptions,
): Promise<TextCue[]> {
  const { from = 0, to = Number.POSITIVE_INFINITY, track, temporary, signal } = options;
  const source = info.subtitles[track];
  if (!source?.text)
    throw new MediaError("ffmpeg-failed", `subtitle track ${track} of ${path} does not exist or is not text`);
  const command = ffmpegCommand()
    .input(fileUrl(path))
    .inputOptions(BASE_OPTIONS)
    .outputOptions(["-map", `0:s:${source.index}`, "-c:s", "webvtt", "-f", "webvtt"])
    .output(fileUrl(temporary));
  try {
    await runFfmpeg(command, { failure: `cannot read the subtitles of ${path}`, signal });
    const cues = parseWebVtt(await readFile(temporary, "utf8"));
    const [start, end] = [Math.round(from * 1000), Math.round(to * 1000)];
    return cues.flatMap((cue) => {
      const clipped = {
        ...cue,
        start: Math.max(cue.start, start) - start,
        end: Math.min(cue.end, end) - start,
      };
      return clipped.end > clipped.start ? [clipped] : [];
    });
  } finally {
    await rm(temporary, { force: true });
  }
}
