import { isUtf8 } from "node:buffer";
import { readFile, rm } from "node:fs/promises";
import chardet from "chardet";
import type { TextCue } from "../../codec/iso/text-track.js";
import { MediaError } from "../errors.js";
import { BASE_OPTIONS, ffmpegCommand, fileUrl, runFfmpeg } from "../ffmpeg/run.js";
import type { ProbeResult } from "../probe/probe.js";
import type { SubtitleInfo } from "../probe/tracks.js";
import { assToCueText, parseAssStyles } from "../webvtt/ass.js";
import { readAssTrack } from "./subtitle-events.js";
import type { TimeRange } from "./time-range.js";
import { rangeStart } from "./timeline.js";

/** Options of `readSubtitles`. The time range defaults to the entire video. */
export interface ReadSubtitlesOptions extends TimeRange {
  /** Index in `info.subtitles`, from 0. */
  readonly track: number;
  /** Start of the paths of temporary files, which are deleted afterwards. */
  readonly temporary: string;
  readonly signal?: AbortSignal;
}

/** The subtitles of a track. */
export interface Subtitles {
  readonly cues: readonly TextCue[];
  /** The guessed encoding of a track that is not UTF-8, such as "windows-1252"; undefined for UTF-8. */
  readonly encoding?: string;
}

/**
 * Reads the subtitles of one text track, in any format, as WebVTT cues. Times are in milliseconds, relative to
 * `from`. Cues are clipped to the time range. The encoding of text that is not UTF-8 is guessed.
 * @throws MediaError `ffmpeg-failed`, `disk-full`, `ffmpeg-missing`; the signal's reason.
 */
export async function readSubtitles(
  path: string,
  info: ProbeResult,
  options: ReadSubtitlesOptions,
): Promise<Subtitles> {
  const { from = 0, to = Number.POSITIVE_INFINITY, track } = options;
  const source = info.subtitles[track];
  if (!source?.text)
    throw new MediaError("ffmpeg-failed", `subtitle track ${track} of ${path} does not exist or is not text`);
  const { cues, encoding } = await decodeTrack(path, source, options);
  const begin = rangeStart(info, { from });
  const [start, end] = [Math.round(begin * 1000), Math.round((begin + to - from) * 1000)];
  const clipped = cues.flatMap((cue) => {
    const part = { ...cue, start: Math.max(cue.start, start) - start, end: Math.min(cue.end, end) - start };
    return part.end > part.start ? [part] : [];
  });
  return { cues: clipped, encoding };
}

type DecodeOptions = Pick<ReadSubtitlesOptions, "temporary" | "signal">;

/** Reads all cues of a track. Times are in milliseconds from the start of the file. */
async function decodeTrack(path: string, source: SubtitleInfo, options: DecodeOptions): Promise<Subtitles> {
  const { cues, stored } = await decodeAs(undefined, path, source, options);
  // MP4 prefixes each cue with its length.
  if (isUtf8(stored) || source.codec === "mov_text") return { cues };
  const guess = chardet.detect(stored);
  // A track of several encodings looks like UTF-8, too.
  const encoding = guess === null || guess === "UTF-8" || guess === "ASCII" ? "windows-1252" : guess;
  const decoded = await decodeAs(encoding, path, source, options);
  // ffmpeg leaves out cues that are not UTF-8. Those that it kept are right.
  const right = new Map(cues.map((cue) => [`${cue.start} ${cue.end}`, cue]));
  return { encoding, cues: decoded.cues.map((cue) => right.get(`${cue.start} ${cue.end}`) ?? cue) };
}

/**
 * Reads a track whose text has an encoding; undefined for UTF-8.
 * @returns its cues, and the text as it is stored
 */
async function decodeAs(
  encoding: string | undefined,
  path: string,
  { index, codec }: SubtitleInfo,
  { temporary, signal }: DecodeOptions,
): Promise<{ readonly cues: TextCue[]; readonly stored: Buffer }> {
  const [converted, copied] = [`${temporary}.mks`, `${temporary}.txt`];
  const map = ["-map", `0:s:${index}`];
  // ffmpeg's own conversion to WebVTT escapes nothing and keeps drawings. Unlike ASS files, Matroska counts milliseconds.
  const command = ffmpegCommand()
    .input(fileUrl(path))
    .inputOptions([...BASE_OPTIONS, ...(encoding === undefined ? [] : ["-sub_charenc", encoding])])
    .outputOptions([...map, "-c:s", "ass", "-avoid_negative_ts", "disabled", "-f", "matroska"])
    .output(fileUrl(converted))
    .output(fileUrl(copied))
    .outputOptions([...map, "-c:s", "copy", "-f", "data"]);
  try {
    await runFfmpeg(command, { failure: `cannot read the subtitles of ${path}`, signal });
    const stored = await readFile(copied);
    const { header, events } = await readAssTrack(converted, signal);
    const context = { styles: parseAssStyles(header), hasComments: codec === "ass" || codec === "ssa" };
    const cues = events.flatMap(({ start, end, ass }) => {
      const text = assToCueText(ass, context);
      return text === "" || end <= start ? [] : [{ start, end, settings: "", text }];
    });
    return { cues, stored };
  } finally {
    for (const file of [converted, copied]) await rm(file, { force: true });
  }
}
