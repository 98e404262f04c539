import { ENGLISH } from "./lang/en.js";

/** Words that the controls show or say. */
export type Strings = { readonly [K in keyof typeof ENGLISH]: string };

/** Languages of the player's own, each fetched when somebody speaks it; English comes with the player. */
const LOADERS = new Map<string, () => Promise<Strings>>([
  ["de", async () => (await import("./lang/de.js")).GERMAN],
  ["fr", async () => (await import("./lang/fr.js")).FRENCH],
  ["es", async () => (await import("./lang/es.js")).SPANISH],
  ["ar", async () => (await import("./lang/ar.js")).ARABIC],
]);
const loaded = new Map<string, Strings>([["en", ENGLISH]]);
/** What pages have added: it goes over the player's own. */
const custom = new Map<string, Partial<Strings>>();

/** Languages written from right to left. */
const RIGHT_TO_LEFT = new Set(["ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"]);

const primarySubtag = (language: string): string => language.toLowerCase().split(/[-_]/, 1)[0] ?? "";

/**
 * Adds a language, or replaces words of one, for all players made or connected from now on.
 *
 * @param language BCP 47, as in the attribute `lang`; `de` also serves `de-AT` where that has no words
 * @param strings what is left out stays as it was, or English in a new language
 */
export function addTranslation(language: string, strings: Partial<Strings>): void {
  const name = language.toLowerCase();
  custom.set(name, { ...custom.get(name), ...strings });
}

/** The words of a language as far as they are here; English where they are not. */
export const getStrings = (language: string): Strings => ({
  ...(loaded.get(primarySubtag(language)) ?? ENGLISH),
  ...custom.get(primarySubtag(language)),
  ...custom.get(language.toLowerCase()),
});

/** Fetches the words of a language; null where all that there are are here. Rejects where they cannot be had. */
export function loadStrings(language: string): Promise<void> | null {
  const name = primarySubtag(language);
  const load = LOADERS.get(name);
  return load === undefined || loaded.has(name)
    ? null
    : load().then((strings) => void loaded.set(name, strings));
}

/** Whether there are words in this language. */
export const hasTranslation = (language: string): boolean => {
  const name = primarySubtag(language);
  return (
    [name, language.toLowerCase()].some((each) => custom.has(each)) || loaded.has(name) || LOADERS.has(name)
  );
};

export const textDirection = (language: string): "ltr" | "rtl" =>
  RIGHT_TO_LEFT.has(primarySubtag(language)) ? "rtl" : "ltr";

/** Figures and their unit as one run from left to right, whatever is around it (unicode.org/reports/tr9: LRI, PDI). */
export const isolateLtr = (text: string): string => `\u2066${text}\u2069`;

/** Puts values into `{name}`s. */
export const interpolate = (text: string, values: Readonly<Record<string, string | number>>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

/** `m:ss`, or `h:mm:ss` from an hour on; unknown and endless durations are dashes. */
export function formatTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-:--";
  const whole = Math.floor(Math.max(0, seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
