import type { TextCue } from "../../codec/iso/text-track.js";

export { formatWebVttTime, writeWebVtt, writeWebVttCue } from "../../codec/iso/write-webvtt.js";

const TIME = /^(?:(\d{2,}):)?(\d{2}):(\d{2})\.(\d{3})$/;

/** Parses a WebVTT file (https://www.w3.org/TR/webvtt1/, 4.1). Blocks that are not valid cues are ignored. */
export function parseWebVtt(file: string): TextCue[] {
  const cues: TextCue[] = [];
  const blocks = file
    .replaceAll("\r\n", "\n")
    .replaceAll("\r", "\n")
    .split(/\n{2,}/);
  for (const block of blocks) {
    const lines = block.split("\n").filter((line) => line !== "");
    const timing = lines.findIndex((line) => line.includes("-->"));
    if (timing < 0) continue;
    const [startTime, rest = ""] = lines[timing].split("-->").map((part) => part.trim());
    const [endTime, ...settings] = rest.split(/\s+/);
    const [start, end] = [parseTime(startTime), parseTime(endTime)];
    const text = lines.slice(timing + 1).join("\n");
    if (start === undefined || end === undefined || end <= start || text === "") continue;
    cues.push({ start, end, settings: settings.join(" "), text });
  }
  return cues;
}

/** Returns a timestamp in milliseconds; undefined if it is invalid. */
function parseTime(time: string): number | undefined {
  const match = TIME.exec(time);
  if (match === null) return undefined;
  const [hours = 0, minutes, seconds, thousandths] = match.slice(1).map((part) => Number(part ?? 0));
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths;
}

/** Splits overlapping cues into consecutive ones. Where several cues overlap, one cue holds the lines of all of them. */
export function flattenCues(cues: readonly TextCue[]): TextCue[] {
  const times = [...new Set(cues.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  return times.slice(1).flatMap((end, i) => {
    const start = times[i];
    const active = cues.filter((cue) => cue.start <= start && cue.end >= end);
    if (active.length === 0) return [];
    return [{ start, end, settings: "", text: active.map(({ text }) => text).join("\n") }];
  });
}
