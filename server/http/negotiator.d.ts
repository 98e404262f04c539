/** The part of negotiator 1.1 that is used here; @types/negotiator (0.6) lacks the option `preferred`. */
declare module "negotiator" {
  export default class Negotiator {
    constructor(request: { readonly headers: Readonly<Record<string, string | undefined>> });

    /** Returns the media type that the `Accept` header ranks highest, or undefined if it accepts none. */
    mediaType(available: readonly string[]): string | undefined;

    /**
     * Returns the coding that the `Accept-Encoding` header ranks highest, or undefined if it accepts none.
     *
     * @param options.preferred the order of codings of equal quality; default: the order of the header
     */
    encoding(
      available: readonly string[],
      options?: { readonly preferred?: readonly string[] },
    ): string | undefined;
  }
}
