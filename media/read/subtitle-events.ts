import { MediaError } from "../errors.js";
import { spawnFfprobe } from "../probe/run-ffprobe.js";
import { parseHexDump } from "./hex-dump.js";

/** A subtitle in the form that ffmpeg converts all text subtitles to. */
export interface SubtitleEvent {
  /** Milliseconds from the start of the file. */
  readonly start: number;
  readonly end: number;
  /** Fields of an ASS event, as Matroska stores them. */
  readonly ass: string;
}

/** The contents of a Matroska file with one ASS track. */
export interface AssTrack {
  /** The header of the script. */
  readonly header: string;
  readonly events: readonly SubtitleEvent[];
}

interface ProbedTrack {
  readonly packets?: readonly { pts_time?: string; duration_time?: string; data?: string }[];
  readonly streams?: readonly { extradata?: string }[];
}

/**
 * Reads a Matroska file with one ASS track.
 * @throws MediaError `ffmpeg-failed`, `ffmpeg-missing`; the signal's reason.
 */
export async function readAssTrack(path: string, signal: AbortSignal | undefined): Promise<AssTrack> {
  let json = "";
  const entries = "stream=extradata:packet=pts_time,duration_time,data";
  const args = ["-of", "json", "-show_streams", "-show_packets", "-show_data", "-show_entries", entries];
  const onText = (text: string) => {
    json += text;
  };
  const { status, stderr } = await spawnFfprobe(path, { args, onText, signal });
  if (status !== 0)
    throw new MediaError("ffmpeg-failed", `cannot read ${path}: ffprobe reported "${stderr}"`);
  const { packets = [], streams = [] } = JSON.parse(json) as ProbedTrack;
  const events = packets.map(({ pts_time, duration_time, data = "" }) => {
    const start = Math.round(Number(pts_time ?? 0) * 1000);
    return {
      start,
      end: start + Math.round(Number(duration_time ?? 0) * 1000),
      ass: parseHexDump(data).toString("utf8"),
    };
  });
  return { header: parseHexDump(streams[0]?.extradata ?? "").toString("utf8"), events };
}
