import type { PlayerMode } from "../session/open-video.js";
import { keepOnlySignature } from "../source/video-url.js";

const MODES: readonly PlayerMode[] = ["auto", "server", "direct"];
const MIN_PIXELS = 16;

const warn = (name: string, value: string, rule: string, fallback: string) =>
  console.warn(`<siedd-player ${name}="${value}">: ${rule}; ${fallback}.`);

const parsePixels = (value: string): number | null => {
  const pixels = Number(value);
  return Number.isInteger(pixels) && pixels >= MIN_PIXELS ? pixels : null;
};

/** Parses the `mode` attribute. An unknown value warns and falls back to `server`. */
export function parseMode(value: string | null): PlayerMode {
  if (value === null || value === "") return "server";
  const mode = MODES.find((known) => known === value);
  if (mode === undefined) warn("mode", value, `must be one of ${MODES.join(", ")}`, 'using "server"');
  return mode ?? "server";
}

/** Parses `max-width` or `max-height` in output pixels. An invalid value warns and sets no cap (`Infinity`). */
export function parseCap(name: string, value: string | null): number {
  if (value === null || value === "") return Number.POSITIVE_INFINITY;
  const pixels = parsePixels(value);
  if (pixels === null) warn(name, value, `must be an integer >= ${MIN_PIXELS}`, "not capped");
  return pixels ?? Number.POSITIVE_INFINITY;
}

/** Parses the `quality` attribute: `auto` or a height in pixels. An invalid value warns and falls back to `auto`. */
export function parseQuality(value: string | null): number | "auto" {
  if (value === null || value === "" || value === "auto") return "auto";
  const height = parsePixels(value);
  if (height === null) warn("quality", value, `must be auto or an integer >= ${MIN_PIXELS}`, 'using "auto"');
  return height ?? "auto";
}

/**
 * Parses the `src` attribute to an absolute URL without a trailing slash. An invalid URL warns.
 *
 * @returns null if the attribute is empty or invalid
 */
export function parseSource(value: string | null, base: string): string | null {
  if (value === null || value.trim() === "") return null;
  try {
    const url = new URL(value.trim(), base);
    // The URL of a file keeps its query: some hosts sign theirs.
    if (!url.pathname.endsWith(".siedd")) keepOnlySignature(url);
    url.hash = "";
    url.pathname = url.pathname.replace(/\/+$/, "");
    return url.href.replace(/\/$/, "");
  } catch {
    warn("src", value, "must be a URL", "nothing is loaded");
    return null;
  }
}
