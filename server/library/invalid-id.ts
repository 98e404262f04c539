const RESERVED_IDS = new Set(["player", "metrics", "healthz", "readyz", "stats.json"]);
/** Characters that no id may contain: control characters and backslashes, which are path separators on Windows. */
const UNSAFE_CHARACTERS = /[\p{Cc}\\]/u;
/** Maximum folders above a video. */
const MAX_DEPTH = 16;

/**
 * Returns why an id cannot be served, or undefined for a valid id.
 *
 * @param maxLength maximum characters of each part of the id
 */
export function invalidIdReason(id: string, maxLength: number): string | undefined {
  const segments = id.split("/");
  if (RESERVED_IDS.has(segments[0])) return `the name "${id}" is reserved for a server URL; rename the file`;
  if (segments.some((segment) => segment === "" || segment.startsWith("."))) {
    return "names that start with a dot are hidden; rename the file";
  }
  const longest = segments.reduce((max, { length }) => Math.max(max, length), 0);
  if (longest > maxLength || segments.length > MAX_DEPTH + 1) {
    return `a name must have at most ${maxLength} characters and ${MAX_DEPTH} folders, got ${longest} and ${segments.length - 1}; rename the file`;
  }
  if (UNSAFE_CHARACTERS.test(id)) {
    return "the name must not contain backslashes or control characters; rename the file";
  }
  return undefined;
}
