/** Query parameter of a signature. */
export const SIGNATURE_PARAMETER = "sig";

/** Placeholder in URLs of the elastic rendition, which the player replaces by `w,h` (a URI template, RFC 6570). */
export const SIZE_PLACEHOLDER = "{size}";
