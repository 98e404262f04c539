import { ARABIC } from "./strings/ar.js";
import { GERMAN } from "./strings/de.js";
import { ENGLISH } from "./strings/en.js";
import { SPANISH } from "./strings/es.js";
import { FRENCH } from "./strings/fr.js";

/** Words that the controls show or say. */
export type Strings = { readonly [K in keyof typeof ENGLISH]: string };

const LANGUAGES = new Map<string, Strings>(
  Object.entries({ en: ENGLISH, de: GERMAN, fr: FRENCH, es: SPANISH, ar: ARABIC }),
);

/** Languages written from right to left. */
const RIGHT_TO_LEFT = new Set(["ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"]);

const primary = (language: string): string => language.toLowerCase().split(/[-_]/, 1)[0] ?? "";

/**
 * Adds a language, or replaces words of one, for all players made or connected from now on.
 *
 * @param language BCP 47, as in the attribute `lang`; `de` also serves `de-AT` where that has no words
 * @param strings what is left out stays as it was, or English in a new language
 */
export function addStrings(language: string, strings: Partial<Strings>): void {
  const name = language.toLowerCase();
  LANGUAGES.set(name, { ...(LANGUAGES.get(name) ?? stringsFor(name)), ...strings });
}

/** The words of a language; English where it is unknown. */
export function stringsFor(language: string): Strings {
  const name = language.toLowerCase();
  return LANGUAGES.get(name) ?? LANGUAGES.get(primary(name)) ?? ENGLISH;
}

/** Whether there are words in this language. */
export const speaks = (language: string): boolean =>
  LANGUAGES.has(language.toLowerCase()) || LANGUAGES.has(primary(language));

export const directionOf = (language: string): "ltr" | "rtl" =>
  RIGHT_TO_LEFT.has(primary(language)) ? "rtl" : "ltr";

/** Puts values into `{name}`s. */
export const fill = (text: string, values: Readonly<Record<string, string | number>>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

/** `m:ss`, or `h:mm:ss` from an hour on; unknown and endless durations are dashes. */
export function formatTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-:--";
  const whole = Math.floor(Math.max(0, seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
