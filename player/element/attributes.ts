import { keepOnlySignature } from "../source/video-url.js";
/**
 * Who turns the asset into pictures: the server, this browser (direct), or whichever a short measurement says (auto).
 * `server` unless the page asks otherwise: it begins soonest, and costs the viewer's machine the least.
 */
export type PlayerMode = "auto" | "server" | "direct";

const MODES: readonly PlayerMode[] = ["auto", "server", "direct"];

const warn = (name: string, value: string, rule: string, instead: string) =>
  console.warn(`<siedd-player ${name}="${value}">: ${rule}; ${instead}.`);

/** The attribute `mode`; anything unknown warns and is `server`. */
export function parseMode(value: string | null): PlayerMode {
  if (value === null || value === "") return "server";
  const mode = MODES.find((known) => known === value);
  if (mode === undefined) warn("mode", value, `must be one of ${MODES.join(", ")}`, 'using "server"');
  return mode ?? "server";
}

/** `max-width` or `max-height` in output pixels; anything but a whole number from 16 warns and caps nothing. */
export function parseCap(name: string, value: string | null): number {
  if (value === null || value === "") return Number.POSITIVE_INFINITY;
  const pixels = Number(value);
  if (Number.isInteger(pixels) && pixels >= 16) return pixels;
  warn(name, value, "must be a whole number of pixels from 16", "not capped");
  return Number.POSITIVE_INFINITY;
}

/** `quality`: `auto`, or a whole number of rows from 16; anything else warns and is `auto`. */
export function parseQuality(value: string | null): number | "auto" {
  if (value === null || value === "" || value === "auto") return "auto";
  const rows = Number(value);
  if (Number.isInteger(rows) && rows >= 16) return rows;
  warn("quality", value, "must be auto or a whole number of rows of pixels from 16", 'using "auto"');
  return "auto";
}

/** The video's absolute address without a trailing slash; null where there is none or it is not a URL. */
export function parseSource(value: string | null, base: string): string | null {
  if (value === null || value.trim() === "") return null;
  try {
    const url = new URL(value.trim(), base);
    // The address of a file may need its query: some hosts sign theirs.
    if (!url.pathname.endsWith(".siedd")) keepOnlySignature(url);
    url.hash = "";
    url.pathname = url.pathname.replace(/\/+$/, "");
    return url.href.replace(/\/$/, "");
  } catch {
    warn("src", value, "must be a URL", "nothing is loaded");
    return null;
  }
}
