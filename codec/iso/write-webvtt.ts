import type { TextCue } from "./text-track.js";

/** Formats milliseconds as a timestamp `HH:MM:SS.mmm` (WebVTT, 4.1). */
export function formatWebVttTime(milliseconds: number): string {
  const pad = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, "0");
  const minutes = milliseconds / 60_000;
  return `${pad(minutes / 60, 2)}:${pad(minutes % 60, 2)}:${pad((milliseconds / 1000) % 60, 2)}.${pad(milliseconds % 1000, 3)}`;
}

/**
 * Serializes one cue as a block of a WebVTT file. Any text is allowed: blank lines are removed and arrows are escaped,
 * because either would end the cue.
 */
export function writeWebVttCue({ start, end, settings, text }: TextCue): string {
  const range = `${formatWebVttTime(start)} --> ${formatWebVttTime(end)}`;
  const timing = `${range} ${settings.replace(/\s+/g, " ")}`.trimEnd();
  const lines = text
    .replace(/\r\n?/g, "\n")
    .replace(/\n{2,}/g, "\n")
    .replaceAll("-->", "--&gt;");
  return `${timing}\n${lines.trim()}\n`;
}

/** Serializes cues as a WebVTT file. */
export const writeWebVtt = (cues: readonly TextCue[]): string =>
  ["WEBVTT\n", ...cues.map(writeWebVttCue)].join("\n");
