/** Encodes the id of a video for a URL. Its slashes stay. */
export const encodeId = (id: string): string => id.split("/").map(encodeURIComponent).join("/");

/** Query parameter of a signature. */
export const SIGNATURE_PARAMETER = "sig";

/** Placeholder in URLs of the elastic rendition, which the player replaces by `w,h` (a URI template, RFC 6570). */
export const SIZE_PLACEHOLDER = "{size}";
