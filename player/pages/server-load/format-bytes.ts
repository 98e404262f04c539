import { create } from "../../dom.js";
import { formatTime } from "../../i18n/strings.js";
import { videoUrl } from "../../source/video-url.js";

/** The members of info.json that the page shows. */
export interface VideoFacts {
  readonly width: number;
  readonly height: number;
  readonly duration: number;
  readonly bytes: number;
  readonly frameCount: number;
  readonly groups: readonly unknown[];
}

/** Formats bytes in decimal units with three significant digits. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit]}`;
}

export async function fetchFacts(src: string, signal: AbortSignal): Promise<VideoFacts> {
  const url = videoUrl(src, "info.json");
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`GET ${url} failed with status ${response.status}`);
  return (await response.json()) as VideoFacts;
}

export function showFacts(list: HTMLElement, facts: VideoFacts): void {
  const fact = (term: string, value: string) =>
    create("div", {}, create("dt", {}, term), create("dd", {}, value));
  list.replaceChildren(
    fact("Stored in", formatBytes(facts.bytes)),
    fact("Source size", `${facts.width} × ${facts.height}`),
    fact("Duration", formatTime(facts.duration)),
    fact("Frames", String(facts.frameCount)),
    fact("Groups", String(facts.groups.length)),
  );
}
