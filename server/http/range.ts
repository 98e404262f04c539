/** The part of a representation that a Range header selects. */
export type RangeRequest =
  | { readonly kind: "whole" }
  /** The bytes from `first` to `last`, inclusive. */
  | { readonly kind: "part"; readonly first: number; readonly last: number }
  | { readonly kind: "unsatisfiable" };

const WHOLE: RangeRequest = { kind: "whole" };

/**
 * Parses a Range header with one byte range. Multiple ranges, other units and malformed headers are ignored, as
 * RFC 9110, 14.2 allows: the whole representation is sent.
 *
 * @param size of the representation in bytes
 */
export function parseRange(header: string | undefined, size: number): RangeRequest {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? "");
  if (match === null) return WHOLE;
  const [, from, to] = match;
  if (from === "") {
    if (to === "") return WHOLE;
    const suffix = Number(to);
    if (suffix === 0 || size === 0) return { kind: "unsatisfiable" };
    return { kind: "part", first: Math.max(0, size - suffix), last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return WHOLE;
  if (first >= size) return { kind: "unsatisfiable" };
  return { kind: "part", first, last };
}
