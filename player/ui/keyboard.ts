/** What a key asks for; null where the key is not ours. */
export type PlayerCommand =
  | { readonly type: "toggle" }
  | { readonly type: "mute" }
  | { readonly type: "fullscreen" }
  | { readonly type: "captions" }
  | { readonly type: "pip" }
  | { readonly type: "help" }
  | { readonly type: "statistics" }
  /** Whatever lies over the video goes: a panel, else the zoom. */
  | { readonly type: "leave" }
  | { readonly type: "seek-by"; readonly seconds: number }
  | { readonly type: "seek-to"; readonly share: number }
  | { readonly type: "frame-by"; readonly frames: number }
  | { readonly type: "speed-by"; readonly step: number }
  | { readonly type: "volume-by"; readonly step: number }
  | { readonly type: "zoom-by"; readonly factor: number }
  | { readonly type: "pan-by"; readonly across: number; readonly down: number };

/** A key that zooms does so by half a doubling. */
const ZOOM_STEP = Math.SQRT2;
/** Share of what is looked at. */
const PAN_STEP = 0.25;

const COMMANDS: Readonly<Record<string, PlayerCommand>> = {
  " ": { type: "toggle" },
  k: { type: "toggle" },
  m: { type: "mute" },
  f: { type: "fullscreen" },
  c: { type: "captions" },
  i: { type: "pip" },
  s: { type: "statistics" },
  "?": { type: "help" },
  Escape: { type: "leave" },
  ArrowLeft: { type: "seek-by", seconds: -5 },
  ArrowRight: { type: "seek-by", seconds: 5 },
  j: { type: "seek-by", seconds: -10 },
  l: { type: "seek-by", seconds: 10 },
  ArrowUp: { type: "volume-by", step: 0.05 },
  ArrowDown: { type: "volume-by", step: -0.05 },
  Home: { type: "seek-to", share: 0 },
  End: { type: "seek-to", share: 1 },
  ",": { type: "frame-by", frames: -1 },
  ".": { type: "frame-by", frames: 1 },
  "<": { type: "speed-by", step: -1 },
  ">": { type: "speed-by", step: 1 },
  "+": { type: "zoom-by", factor: ZOOM_STEP },
  "=": { type: "zoom-by", factor: ZOOM_STEP },
  "-": { type: "zoom-by", factor: 1 / ZOOM_STEP },
  _: { type: "zoom-by", factor: 1 / ZOOM_STEP },
};

const PANS: Readonly<Record<string, PlayerCommand>> = {
  ArrowLeft: { type: "pan-by", across: -PAN_STEP, down: 0 },
  ArrowRight: { type: "pan-by", across: PAN_STEP, down: 0 },
  ArrowUp: { type: "pan-by", across: 0, down: -PAN_STEP },
  ArrowDown: { type: "pan-by", across: 0, down: PAN_STEP },
};

/** Keys as on well-known players. Any other pressed modifier than Shift leaves the key to the browser. */
export function commandForKey(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey"> & { readonly shiftKey?: boolean },
): PlayerCommand | null {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  if (/^[0-9]$/.test(event.key)) return { type: "seek-to", share: Number(event.key) / 10 };
  if (event.shiftKey && Object.hasOwn(PANS, event.key)) return PANS[event.key]!;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return Object.hasOwn(COMMANDS, key) ? COMMANDS[key]! : null;
}

/** The keys of the help sheet, with the word for what they do. */
export const HELP = [
  ["Space K", "keyToggle"],
  ["← →", "keySeek"],
  ["J L", "keySeekFar"],
  ["0 … 9", "keyShare"],
  ["Home End", "keyEnds"],
  [", .", "keyframe"],
  ["< >", "keySpeed"],
  ["↓ ↑", "keyVolume"],
  ["M", "mute"],
  ["C", "captions"],
  ["I", "enterPip"],
  ["F", "enterFullscreen"],
  ["+ − 0", "keyZoom"],
  ["Shift+← ↑ ↓ →", "keyPan"],
  ["Shift+{drag}", "keyDraw"],
  ["S", "stats"],
  ["?", "help"],
] as const;
