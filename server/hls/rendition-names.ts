interface Track {
  /** BCP 47 tag or ISO 639-2 code; "und" if unknown. */
  readonly language: string;
  /** "" for none. */
  readonly title: string;
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
 * Returns unique names for a player's menu: the title of a track, else its language, such as "German", else `fallback`.
 * Equal titles are told apart by their languages: "German (Commentary)". Names that are still equal are numbered.
 */
export function renditionNames(tracks: readonly Track[], fallback: string): string[] {
  const titles = tracks.map(({ title }) => printable(title));
  const names = tracks.map(({ language }, index) => {
    const title = titles[index];
    const name = languageName(language);
    if (title === "") return name ?? fallback;
    return name === undefined || isUnique(title, titles) ? title : `${name} (${title})`;
  });
  return names.map((name, index) =>
    isUnique(name, names) ? name : `${name} ${countOf(name, names.slice(0, index + 1))}`,
  );
}

const countOf = (name: string, among: readonly string[]): number =>
  among.filter((other) => other === name).length;

const isUnique = (name: string, among: readonly string[]): boolean => countOf(name, among) === 1;

/** Replaces the characters that a quoted string of a playlist must not contain (RFC 8216bis, 4.2). */
const printable = (title: string): string =>
  title
    .replaceAll('"', "'")
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .trim();

/** Returns the English name of a language; undefined if the code is unknown. */
function languageName(language: string): string | undefined {
  const tag = languageTag(language);
  return tag && new Intl.DisplayNames(["en"], { type: "language", fallback: "none" }).of(tag);
}
