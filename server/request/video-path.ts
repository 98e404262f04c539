import { RequestError } from "../errors.js";

/*
 * The one parser of video URLs. Ids may contain slashes (`series/pilot`), so a path is read from its end: the last part
 * that is a resource of a video, such as `full/640,360/seg-2.m4s`, and before it the id.
 */

const INDEX = "(^\\d{1,9}$)";
const TRACK = "(^\\d{1,4}$)";

/** The routes of a video, in Fastify's syntax. Of several that match a path, the first one wins. */
export const VIDEO_ROUTES = [
  "/:id/info.json",
  "/:id/asset",
  "/:id/manifest.mpd",
  "/:id/master.m3u8",
  "/:id/elastic.m3u8",
  "/:id/images.m3u8",
  "/:id/poster.jpg",
  "/:id/chapters.vtt",
  "/:id/chapters.json",
  "/:id/storyboard.vtt",
  `/:id/storyboard-:n${INDEX}.jpg`,
  `/:id/text-:n${TRACK}.vtt`,
  `/:id/text-:n${TRACK}/index.m3u8`,
  `/:id/text-:n${TRACK}/seg-:k${INDEX}.vtt`,
  `/:id/audio-:n${TRACK}/index.m3u8`,
  `/:id/audio-:n${TRACK}/init.mp4`,
  `/:id/audio-:n${TRACK}/seg-:k${INDEX}.m4s`,
  "/:id/:region/elastic/index.m3u8",
  "/:id/:region/elastic/init.mp4",
  "/:id/:region/:size/playlist.m3u8",
  "/:id/:region/:size/index.mpd",
  "/:id/:region/:size/index.m3u8",
  "/:id/:region/:size/iframes.m3u8",
  "/:id/:region/:size/init.mp4",
  `/:id/:region/:size/seg-:k${INDEX}.m4s`,
  `/:id/:region/:size/elastic-:k${INDEX}.m4s`,
  `/:id/:region/:size/iframe-:k${INDEX}.m4s`,
  "/:id/:region/:size/frame-:file",
] as const;

export type VideoRoute = (typeof VIDEO_ROUTES)[number];

/** A path that names a resource of a video. */
export interface VideoPath {
  readonly route: VideoRoute;
  /** Decoded parameters; `id` may contain slashes. */
  readonly params: Readonly<Record<string, string>> & { readonly id: string };
}

const PATTERNS = VIDEO_ROUTES.map((route) => ({ route, pattern: toPattern(route) }));

/** Converts a route to a pattern of decoded paths without the leading slash, with a group per parameter. */
function toPattern(route: string): RegExp {
  const source = route
    .slice(1)
    .replaceAll(".", "\\.")
    .replace(/:(\w+)\(\^(.*?)\$\)/g, "(?<$1>$2)")
    .replace(/:id\b/, "(?<id>.+)")
    .replace(/:(\w+)/g, "(?<$1>[^/]+)");
  return new RegExp(`^${source}$`, "s");
}

/**
 * Parses a path below the prefix.
 *
 * @param path decoded, without the leading slash and the query
 * @returns undefined if the path names no resource of a video
 */
export function parseVideoPath(path: string): VideoPath | undefined {
  for (const { route, pattern } of PATTERNS) {
    const groups = pattern.exec(path)?.groups;
    if (groups !== undefined) return { route, params: { ...groups } as VideoPath["params"] };
  }
  return undefined;
}

/**
 * Decodes a percent-encoded path.
 *
 * @throws RequestError `bad-url` for malformed percent-encoding, and for an encoded slash, which proxies treat differently
 */
export function decodePath(path: string): string {
  if (/%2f/i.test(path)) {
    throw new RequestError(
      "bad-url",
      "the path must not contain an encoded slash, %2F; folders in ids need plain slashes",
    );
  }
  try {
    return decodeURIComponent(path);
  } catch {
    throw new RequestError("bad-url", "malformed path: it must be percent-encoded UTF-8");
  }
}

/**
 * Returns the id in a decoded path below the prefix: of a resource of a video, of its page or its encode, or of the video itself.
 * Returns "" if there is none.
 */
export function idOfDecodedPath(path: string): string {
  const [, page] = /^player\/(?:embed|video|encode\/[^/]+)\/(.+?)\/?$/s.exec(path) ?? [];
  if (page !== undefined) return page;
  return parseVideoPath(path)?.params.id ?? path.replace(/\/$/, "");
}
