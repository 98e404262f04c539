/** The query parameter that carries a signature. */
export const SIGNATURE_PARAMETER = "sig";

/** Stands in the URLs of the elastic rendition where the player fills in `w,h` (RFC 6570 spells it this way). */
export const SIZE_PLACEHOLDER = "{size}";
