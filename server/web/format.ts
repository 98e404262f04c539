/** Formats seconds as `m:ss`, or `h:mm:ss` from one hour. */
export function formatDuration(seconds: number): string {
  const total = Math.max(1, Math.round(seconds));
  const pad = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(total / 3600), Math.floor(total / 60) % 60];
  const paddedSeconds = pad(total % 60);
  return hours === 0 ? `${minutes}:${paddedSeconds}` : `${hours}:${pad(minutes)}:${paddedSeconds}`;
}

/** Formats a time that remains, in its largest unit: `40 s`, `3 min`, `5 h` or `2 days`. */
export function formatRemaining(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** Formats a share from 0 to 1 as whole percent. 100% is shown only when nothing remains. */
export const formatPercent = (share: number): string => `${Math.floor(share * 100)}%`;

/** Returns a number with its unit in singular or plural, such as `1 video` or `10,000 videos`. */
export const formatCount = (count: number, unit: string): string =>
  `${count.toLocaleString("en-US")} ${unit}${count === 1 ? "" : "s"}`;
