/** The track of a rendition as far as its name goes. */
interface Spoken {
  /** ISO 639-2, "und" where unknown. */
  readonly language: string;
}

/** BCP 47 takes the shortest code, "de" for both of ISO 639-2's "deu" and "ger"; undefined where unknown. */
export function languageTag(language: string): string | undefined {
  if (language === "und") return undefined;
  try {
    return Intl.getCanonicalLocales(language)[0];
  } catch {
    return undefined;
  }
}

/** What a player's menu shows, no two alike: "German", or "German 2" where there are others; "Audio 1" without a language. */
export function renditionNames(tracks: readonly Spoken[], otherwise: string): string[] {
  const languages = tracks.map(({ language }) => languageName(language) ?? otherwise);
  return languages.map((name, index) => {
    const alone = languages.filter((other) => other === name).length === 1;
    return alone ? name : `${name} ${languages.slice(0, index + 1).filter((other) => other === name).length}`;
  });
}

/** "German"; undefined for a code that nobody knows. */
function languageName(language: string): string | undefined {
  const tag = languageTag(language);
  return tag && new Intl.DisplayNames(["en"], { type: "language", fallback: "none" }).of(tag);
}
