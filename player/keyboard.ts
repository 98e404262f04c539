/** What a key asks for; null where the key is not ours. */
export type PlayerCommand =
  | { readonly type: "toggle" }
  | { readonly type: "mute" }
  | { readonly type: "fullscreen" }
  | { readonly type: "seek-by"; readonly seconds: number }
  | { readonly type: "seek-to"; readonly share: number }
  | { readonly type: "volume-by"; readonly step: number };

const COMMANDS: Readonly<Record<string, PlayerCommand>> = {
  " ": { type: "toggle" },
  k: { type: "toggle" },
  m: { type: "mute" },
  f: { type: "fullscreen" },
  ArrowLeft: { type: "seek-by", seconds: -5 },
  ArrowRight: { type: "seek-by", seconds: 5 },
  j: { type: "seek-by", seconds: -10 },
  l: { type: "seek-by", seconds: 10 },
  ArrowUp: { type: "volume-by", step: 0.05 },
  ArrowDown: { type: "volume-by", step: -0.05 },
  Home: { type: "seek-to", share: 0 },
  End: { type: "seek-to", share: 1 },
};

/** Keys as on well-known players. A pressed modifier leaves the key to the browser. */
export function commandForKey(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey">,
): PlayerCommand | null {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  if (/^[0-9]$/.test(event.key)) return { type: "seek-to", share: Number(event.key) / 10 };
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return Object.hasOwn(COMMANDS, key) ? COMMANDS[key]! : null;
}
