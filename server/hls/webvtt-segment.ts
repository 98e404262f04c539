import type { TextCue } from "../../codec/iso/text-track.js";
import { webVttBlock } from "../../media/write/webvtt.js";
import type { TextSegment } from "../catalog/timeline.js";

/**
 * One segment of subtitles: every cue that is on screen during it, with the times of its whole life, so that one
 * across a border stands in both segments (RFC 8216bis, 3.1.4). Time 0 is that of picture and sound.
 */
export function webVttSegment(cues: readonly TextCue[], { from, to }: TextSegment): string {
  const header = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n";
  return [header, ...cues.filter((cue) => cue.start < to && cue.end > from).map(webVttBlock)].join("\n");
}
