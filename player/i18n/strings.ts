import { ENGLISH, type Strings } from "./lang/en.js";

export type { Strings };

/** Built-in languages, loaded on first use. English is part of the player. */
const LOADERS = new Map<string, () => Promise<Strings>>([
  ["de", async () => (await import("./lang/de.js")).GERMAN],
  ["fr", async () => (await import("./lang/fr.js")).FRENCH],
  ["es", async () => (await import("./lang/es.js")).SPANISH],
  ["ar", async () => (await import("./lang/ar.js")).ARABIC],
]);
const loaded = new Map<string, Strings>([["en", ENGLISH]]);
/** Translations added by pages. They take precedence over the built-in ones. */
const custom = new Map<string, Partial<Strings>>();

/** Languages written from right to left. */
const RIGHT_TO_LEFT = new Set(["ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"]);

const primarySubtag = (language: string): string => language.toLowerCase().split(/[-_]/, 1)[0] ?? "";

/**
 * Adds a translation, or overrides strings of an existing one. Applies to players created or connected afterwards.
 *
 * @param language BCP 47 tag, as in the `lang` attribute; `de` also serves as the fallback for `de-AT`
 * @param strings texts by key; missing keys keep their previous text, or English in a new language
 */
export function addTranslation(language: string, strings: Partial<Strings>): void {
  const tag = language.toLowerCase();
  custom.set(tag, { ...custom.get(tag), ...strings });
}

/** Returns the strings of a language that are loaded so far, with English as the fallback. */
export const getStrings = (language: string): Strings => ({
  ...(loaded.get(primarySubtag(language)) ?? ENGLISH),
  ...custom.get(primarySubtag(language)),
  ...custom.get(language.toLowerCase()),
});

/**
 * Loads the built-in strings of a language.
 *
 * @returns null if there is nothing to load; otherwise a promise that rejects if the request fails
 */
export function loadStrings(language: string): Promise<void> | null {
  const subtag = primarySubtag(language);
  const load = LOADERS.get(subtag);
  return load === undefined || loaded.has(subtag)
    ? null
    : load().then((strings) => void loaded.set(subtag, strings));
}

/** Returns whether a built-in or added translation exists for the language. */
export const hasTranslation = (language: string): boolean => {
  const subtag = primarySubtag(language);
  return (
    [subtag, language.toLowerCase()].some((tag) => custom.has(tag)) ||
    loaded.has(subtag) ||
    LOADERS.has(subtag)
  );
};

export const textDirection = (language: string): "ltr" | "rtl" =>
  RIGHT_TO_LEFT.has(primarySubtag(language)) ? "rtl" : "ltr";

/** Wraps numbers and their unit in a left-to-right isolate (LRI ... PDI, unicode.org/reports/tr9). */
export const isolateLtr = (text: string): string => `\u2066${text}\u2069`;

/** Replaces each `{name}` with its value. Unknown names stay unchanged. */
export const interpolate = (text: string, values: Readonly<Record<string, string | number>>): string =>
  text.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(values[name] ?? placeholder));

/** Formats seconds as `m:ss`, or `h:mm:ss` from one hour. Returns `-:--` for unknown and infinite durations. */
export function formatTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-:--";
  const total = Math.floor(Math.max(0, seconds));
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const pad = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}
