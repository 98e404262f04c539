import { SIGNATURE_PARAMETER } from "../../protocol/url-parameters.js";

/** Removes the query from the URL of a video, except for its signature. */
export function keepOnlySignature(url: URL): void {
  const signature = url.searchParams.get(SIGNATURE_PARAMETER);
  url.search = signature === null ? "" : `?${SIGNATURE_PARAMETER}=${encodeURIComponent(signature)}`;
}

/**
 * Returns the URL of a resource of a video, with the signature of the video.
 *
 * @param src URL of the video without a trailing slash
 * @param name path below it, with or without a query
 */
export function videoUrl(src: string, name: string): string {
  const [folder = "", query] = src.split("?", 2);
  if (query === undefined) return `${folder}/${name}`;
  return `${folder}/${name}${name.includes("?") ? "&" : "?"}${query}`;
}

/** Returns the base URL of the links in info.json. It has no signature, because each link has its own. */
export const videoBaseUrl = (src: string): string => `${src.split("?", 1)[0]}/`;
