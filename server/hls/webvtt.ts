import type { TextCue } from "../../codec/iso/wvtt.js";
import type { TextSegment } from "./timeline.js";

/** `HH:MM:SS.mmm` (WebVTT, 4.1). */
export function clock(milliseconds: number): string {
  const part = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, "0");
  const minutes = milliseconds / 60_000;
  return `${part(minutes / 60, 2)}:${part(minutes % 60, 2)}:${part((milliseconds / 1000) % 60, 2)}.${part(milliseconds % 1000, 3)}`;
}

/** All subtitles of a track as one WebVTT file. */
export const webVtt = (cues: readonly TextCue[]): string => ["WEBVTT\n", ...cues.map(block)].join("\n");

/**
 * One segment of subtitles: every cue that is on screen during it, with the times of its whole life, so that one
 * across a border stands in both segments (RFC 8216bis, 3.1.4). Time 0 is that of picture and sound.
 */
export function webVttSegment(cues: readonly TextCue[], { from, to }: TextSegment): string {
  const header = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n";
  return [header, ...cues.filter((cue) => cue.start < to && cue.end > from).map(block)].join("\n");
}

// An asset may hold anything: a blank line or an arrow would end the cue.
function block({ start, end, settings, text }: TextCue): string {
  const times = `${clock(start)} --> ${clock(end)} ${settings.replace(/\s+/g, " ")}`.trimEnd();
  const lines = text
    .replace(/\r\n?/g, "\n")
    .replace(/\n{2,}/g, "\n")
    .replaceAll("-->", "--&gt;");
  return `${times}\n${lines.trim()}\n`;
}
