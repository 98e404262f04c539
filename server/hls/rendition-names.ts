interface Track {
  /** ISO 639-2; "und" if unknown. */
  readonly language: string;
}

/** Converts a language code to BCP 47, which prefers two letters ("deu" and "ger" become "de"); undefined if unknown. */
export function languageTag(language: string): string | undefined {
  if (language === "und") return undefined;
  try {
    return Intl.getCanonicalLocales(language)[0];
  } catch {
    return undefined;
  }
}

/**
 * Returns unique names for a player's menu: the language, such as "German", or `fallback` if it is unknown. Equal names
 * are numbered: "German 1", "German 2".
 */
export function renditionNames(tracks: readonly Track[], fallback: string): string[] {
  const names = tracks.map(({ language }) => languageName(language) ?? fallback);
  const countOf = (name: string, among: readonly string[]) => among.filter((other) => other === name).length;
  return names.map((name, index) =>
    countOf(name, names) === 1 ? name : `${name} ${countOf(name, names.slice(0, index + 1))}`,
  );
}

/** Returns the English name of a language; undefined if the code is unknown. */
function languageName(language: string): string | undefined {
  const tag = languageTag(language);
  return tag && new Intl.DisplayNames(["en"], { type: "language", fallback: "none" }).of(tag);
}
