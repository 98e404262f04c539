/** What a Range header asks of a representation of known size. */
export type RangeRequest =
  | { readonly kind: "whole" }
  /** `first` and `last` are byte positions, both included. */
  | { readonly kind: "part"; readonly first: number; readonly last: number }
  | { readonly kind: "unsatisfiable" };

const WHOLE: RangeRequest = { kind: "whole" };

/**
 * One byte range is honored; several, other units and malformed ones are ignored, which RFC 9110, 14.2
 * allows: the answer is then the whole.
 *
 * @param size bytes of the representation
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
