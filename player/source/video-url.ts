import { SIGNATURE_PARAMETER } from "../../protocol/url-parameters.js";

/** Keeps of a video's own address what decides the answer: no query but a signature. */
export function keepOnlySignature(url: URL): void {
  const signature = url.searchParams.get(SIGNATURE_PARAMETER);
  url.search = signature === null ? "" : `?${SIGNATURE_PARAMETER}=${encodeURIComponent(signature)}`;
}

/**
 * The address of something of a video, with the video's own signature.
 *
 * @param src of the video, without a trailing slash
 * @param name below it; may have a query
 */
export function videoUrl(src: string, name: string): string {
  const [folder = "", query] = src.split("?", 2);
  if (query === undefined) return `${folder}/${name}`;
  return `${folder}/${name}${name.includes("?") ? "&" : "?"}${query}`;
}

/** What the links of info.json are relative to; they have their signatures already. */
export const videoBaseUrl = (src: string): string => `${src.split("?", 1)[0]}/`;
