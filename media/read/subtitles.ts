import { readFile, rm } from "node:fs/promises";
import { MediaError } from "../errors.js";
import { ffmpegCommand, fileUrl, quiet, runFfmpeg } from "../ffmpeg/run.js";
import type { ProbeResult } from "../probe/probe.js";
import { parseWebVtt, type SubtitleCue } from "../write/webvtt.js";
import type { Span } from "./timeline.js";

/** Subtitles of ffmpeg that are pictures: there is no text in them to keep. */
const PICTURES = ["dvd_subtitle", "dvb_subtitle", "dvb_teletext", "hdmv_pgs_subtitle", "xsub"];

/** Whether a subtitle stream's codec holds text. */
export const isTextSubtitle = (codec: string | undefined): boolean =>
  codec !== undefined && !PICTURES.includes(codec);

export interface ReadSubtitlesOptions extends Span {
  /** Which of `info.subtitles`, from 0. */
  readonly track: number;
  /** A file to use meanwhile. */
  readonly temporary: string;
  readonly signal?: AbortSignal;
}

/**
 * The subtitles of one track of text, whatever its format, as WebVTT cues; times in milliseconds from `from` on.
 * Cues are cut at the ends of the span.
 * @throws MediaError "ffmpeg-failed", "disk-full", "ffmpeg-missing".
 */
export async function readSubtitles(
  path: string,
  info: ProbeResult,
  options: ReadSubtitlesOptions,
): Promise<SubtitleCue[]> {
  const { from = 0, to = Number.POSITIVE_INFINITY, track, temporary, signal } = options;
  const source = info.subtitles[track];
  if (!source?.text)
    throw new MediaError("ffmpeg-failed", `${path} has no subtitle track ${track} that is text`);
  const command = ffmpegCommand()
    .input(fileUrl(path))
    .inputOptions(quiet)
    .outputOptions(["-map", `0:s:${source.index}`, "-c:s", "webvtt", "-f", "webvtt"])
    .output(fileUrl(temporary));
  try {
    await runFfmpeg(command, { failure: `cannot read the subtitles of ${path}`, signal });
    const cues = parseWebVtt(await readFile(temporary, "utf8"));
    const [start, end] = [Math.round(from * 1000), Math.round(to * 1000)];
    return cues.flatMap((cue) => {
      const cut = { ...cue, start: Math.max(cue.start, start) - start, end: Math.min(cue.end, end) - start };
      return cut.end > cut.start ? [cut] : [];
    });
  } finally {
    await rm(temporary, { force: true });
  }
}
