import { closest, distance } from "fastest-levenshtein";
import { ServeError } from "./errors.js";

/** Maximum edit distance of a name that is suggested for an unknown one. */
const MAX_SUGGESTION_DISTANCE = 4;

/**
 * Rejects an object with an option that does not exist.
 *
 * @param path of the object, such as `siedd options`
 * @throws ServeError `bad-option` for the first one, with the closest name that exists
 */
export function rejectUnknownOptions(path: string, value: object, known: readonly string[]): void {
  const name = Object.keys(value).find((key) => !known.includes(key));
  if (name === undefined) return;
  const nearest = closest(name, known);
  const hint =
    distance(name, nearest) <= MAX_SUGGESTION_DISTANCE
      ? `did you mean ${nearest}?`
      : `the options are ${[...known].sort().join(", ")}`;
  throw new ServeError("bad-option", `${path}.${name} does not exist; ${hint}`);
}
