/** What a key does. */
export type PlayerCommand =
  | { readonly type: "toggle" }
  | { readonly type: "mute" }
  | { readonly type: "fullscreen" }
  | { readonly type: "captions" }
  | { readonly type: "pip" }
  | { readonly type: "help" }
  | { readonly type: "statistics" }
  /** Closes the help, or else resets the zoom, or else turns the zoom tool off. */
  | { readonly type: "escape" }
  | { readonly type: "seek-by"; readonly seconds: number }
  | { readonly type: "seek-to"; readonly fraction: number }
  | { readonly type: "frame-by"; readonly frames: number }
  | { readonly type: "speed-by"; readonly step: number }
  | { readonly type: "volume-by"; readonly step: number }
  | { readonly type: "zoom-by"; readonly factor: number }
  | { readonly type: "pan-by"; readonly dx: number; readonly dy: number };

/** Zoom factor per key press: two presses double it. */
const ZOOM_STEP = Math.SQRT2;
/** Fraction of the visible region per key press. */
const PAN_STEP = 0.25;

const KEY_COMMANDS: Readonly<Record<string, PlayerCommand>> = {
  " ": { type: "toggle" },
  k: { type: "toggle" },
  m: { type: "mute" },
  f: { type: "fullscreen" },
  c: { type: "captions" },
  i: { type: "pip" },
  s: { type: "statistics" },
  "?": { type: "help" },
  Escape: { type: "escape" },
  ArrowLeft: { type: "seek-by", seconds: -5 },
  ArrowRight: { type: "seek-by", seconds: 5 },
  j: { type: "seek-by", seconds: -10 },
  l: { type: "seek-by", seconds: 10 },
  ArrowUp: { type: "volume-by", step: 0.05 },
  ArrowDown: { type: "volume-by", step: -0.05 },
  Home: { type: "seek-to", fraction: 0 },
  End: { type: "seek-to", fraction: 1 },
  ",": { type: "frame-by", frames: -1 },
  ".": { type: "frame-by", frames: 1 },
  "<": { type: "speed-by", step: -1 },
  ">": { type: "speed-by", step: 1 },
  "+": { type: "zoom-by", factor: ZOOM_STEP },
  "=": { type: "zoom-by", factor: ZOOM_STEP },
  "-": { type: "zoom-by", factor: 1 / ZOOM_STEP },
  _: { type: "zoom-by", factor: 1 / ZOOM_STEP },
};

const SHIFT_COMMANDS: Readonly<Record<string, PlayerCommand>> = {
  ArrowLeft: { type: "pan-by", dx: -PAN_STEP, dy: 0 },
  ArrowRight: { type: "pan-by", dx: PAN_STEP, dy: 0 },
  ArrowUp: { type: "pan-by", dx: 0, dy: -PAN_STEP },
  ArrowDown: { type: "pan-by", dx: 0, dy: PAN_STEP },
};

/**
 * Returns the command of a key, as in YouTube and other players, or null if there is none. Keys pressed with Ctrl, Alt
 * or Meta belong to the browser.
 */
export function commandForKey(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey"> & { readonly shiftKey?: boolean },
): PlayerCommand | null {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  if (/^[0-9]$/.test(event.key)) return { type: "seek-to", fraction: Number(event.key) / 10 };
  if (event.shiftKey && Object.hasOwn(SHIFT_COMMANDS, event.key)) return SHIFT_COMMANDS[event.key]!;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return Object.hasOwn(KEY_COMMANDS, key) ? KEY_COMMANDS[key]! : null;
}
