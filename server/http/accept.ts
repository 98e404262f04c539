/** Whether a client prefers HTML to JSON. Without a preference it does not. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  return quality(accept, "text", "html") > quality(accept, "application", "json");
}

/** Returns the quality value of a media type, by its most specific range (RFC 9110, 12.5.1). */
function quality(accept: string, type: string, subtype: string): number {
  let best = { specificity: -1, q: 0 };
  for (const element of accept.toLowerCase().split(",")) {
    const [range, ...parameters] = element.split(";").map((part) => part.trim());
    const specificity = [`*/*`, `${type}/*`, `${type}/${subtype}`].indexOf(range);
    if (specificity <= best.specificity) continue;
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    const q = weight === undefined ? 1 : Number(weight.slice(2));
    best = { specificity, q: q >= 0 && q <= 1 ? q : 0 };
  }
  return best.q;
}
