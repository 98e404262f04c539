/** One subtitle as WebVTT has it; times in milliseconds from the start of the file. */
export interface SubtitleCue {
  readonly start: number;
  readonly end: number;
  /** Cue settings such as "line:0"; "" for none. */
  readonly settings: string;
  /** Cue text; lines end with "\n". */
  readonly text: string;
}

const TIME = /^(?:(\d{2,}):)?(\d{2}):(\d{2})\.(\d{3})$/;

/** The cues of a WebVTT file (https://www.w3.org/TR/webvtt1/, 4.1); what is not a cue is left out. */
export function parseWebVtt(file: string): SubtitleCue[] {
  const cues: SubtitleCue[] = [];
  for (const block of file
    .replaceAll("\r\n", "\n")
    .replaceAll("\r", "\n")
    .split(/\n{2,}/)) {
    const lines = block.split("\n").filter((line) => line !== "");
    const timing = lines.findIndex((line) => line.includes("-->"));
    if (timing < 0) continue;
    const [from, rest = ""] = lines[timing].split("-->").map((part) => part.trim());
    const [to, ...settings] = rest.split(/\s+/);
    const [start, end] = [milliseconds(from), milliseconds(to)];
    const text = lines.slice(timing + 1).join("\n");
    if (start === undefined || end === undefined || end <= start || text === "") continue;
    cues.push({ start, end, settings: settings.join(" "), text });
  }
  return cues;
}

function milliseconds(time: string): number | undefined {
  const parts = TIME.exec(time);
  if (parts === null) return undefined;
  const [hours = 0, minutes, seconds, thousandths] = parts.slice(1).map((part) => Number(part ?? 0));
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths;
}

/** `HH:MM:SS.mmm` (WebVTT, 4.1). */
export function webVttTime(milliseconds: number): string {
  const part = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, "0");
  const minutes = milliseconds / 60_000;
  return `${part(minutes / 60, 2)}:${part(minutes % 60, 2)}:${part((milliseconds / 1000) % 60, 2)}.${part(milliseconds % 1000, 3)}`;
}

/**
 * One cue as a block of a WebVTT file. Its text may be anything: a blank line or an arrow, which would end the
 * cue, becomes none.
 */
export function webVttBlock({ start, end, settings, text }: SubtitleCue): string {
  const times = `${webVttTime(start)} --> ${webVttTime(end)} ${settings.replace(/\s+/g, " ")}`.trimEnd();
  const lines = text
    .replace(/\r\n?/g, "\n")
    .replace(/\n{2,}/g, "\n")
    .replaceAll("-->", "--&gt;");
  return `${times}\n${lines.trim()}\n`;
}

/** A WebVTT file. */
export const writeWebVtt = (cues: readonly SubtitleCue[]): string =>
  ["WEBVTT\n", ...cues.map(webVttBlock)].join("\n");

/** Cues one after the other: where several are on screen, one cue has the lines of all. */
export function flattenCues(cues: readonly SubtitleCue[]): SubtitleCue[] {
  const times = [...new Set(cues.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  return times.slice(1).flatMap((end, i) => {
    const start = times[i];
    const shown = cues.filter((cue) => cue.start <= start && cue.end >= end);
    return shown.length === 0
      ? []
      : [{ start, end, settings: "", text: shown.map(({ text }) => text).join("\n") }];
  });
}
