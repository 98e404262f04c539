/** Whether a client would rather have HTML than JSON; without a preference it gets JSON. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  return quality(accept, "text", "html") > quality(accept, "application", "json");
}

/** The q of a media type, by its most specific range (RFC 9110, 12.5.1). */
function quality(accept: string, type: string, subtype: string): number {
  let best = { specificity: -1, q: 0 };
  for (const part of accept.toLowerCase().split(",")) {
    const [range, ...parameters] = part.split(";").map((piece) => piece.trim());
    const specificity = [`*/*`, `${type}/*`, `${type}/${subtype}`].indexOf(range);
    if (specificity <= best.specificity) continue;
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    const q = weight === undefined ? 1 : Number(weight.slice(2));
    best = { specificity, q: q >= 0 && q <= 1 ? q : 0 };
  }
  return best.q;
}
