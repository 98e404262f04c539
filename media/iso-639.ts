import { iso6392 } from "iso-639-2";

/** Returns the three-letter code (ISO 639-2/T) of a BCP 47 tag, such as "por" of "pt-BR"; "und" if it has none. */
export function iso639Code(tag: string): string {
  const primary = tag.toLowerCase().split("-", 1)[0];
  if (/^[a-z]{3}$/.test(primary)) return primary;
  const language = iso6392.find(({ iso6391 }) => iso6391 === primary);
  return language?.iso6392T ?? language?.iso6392B ?? "und";
}
