import Negotiator from "negotiator";

/** Whether a client prefers HTML to JSON; false for a client without a preference. */
export function prefersHtml(accept: string | undefined): boolean {
  return new Negotiator({ headers: { accept } }).mediaType(["application/json", "text/html"]) === "text/html";
}

/**
 * Returns the content coding that a client accepts with the highest quality value, or undefined if it accepts none.
 *
 * @param acceptEncoding the header; if it is undefined, no coding is selected
 * @param codings the supported codings; equal quality values are resolved in this order
 */
export function acceptedCoding<T extends string>(
  acceptEncoding: string | undefined,
  codings: readonly T[],
): T | undefined {
  const negotiator = new Negotiator({ headers: { "accept-encoding": acceptEncoding } });
  return negotiator.encoding(codings, { preferred: codings }) as T | undefined;
}
