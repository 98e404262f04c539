import type { TextCue } from "../../codec/iso/text-track.js";
import { writeWebVttCue } from "../../media/webvtt/webvtt.js";
import type { TextSegment } from "../catalog/timeline.js";
import type { Video } from "../video/video.js";

/** The cues of each open video by track index. */
const cuesByVideo = new WeakMap<Video, Map<number, Promise<TextCue[]>>>();

/** Reads the cues of a text track, once for all of its segments. Rejects as `Video.readText` does. */
export function readCues(video: Video, track: number): Promise<TextCue[]> {
  const tracks = cuesByVideo.get(video) ?? new Map<number, Promise<TextCue[]>>();
  cuesByVideo.set(video, tracks);
  const cached = tracks.get(track);
  if (cached !== undefined) return cached;
  const reading = video.readText(track);
  tracks.set(track, reading);
  reading.catch(() => tracks.delete(track));
  return reading;
}

/**
 * Writes one segment of subtitles: every cue that is visible during it, with its full start and end times. A cue that
 * crosses a segment boundary is in both segments (RFC 8216bis, 3.1.4). Time 0 is the start of the video.
 */
export function webVttSegment(cues: readonly TextCue[], { from, to }: TextSegment): string {
  const header = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n";
  return [header, ...cues.filter((cue) => cue.start < to && cue.end > from).map(writeWebVttCue)].join("\n");
}
