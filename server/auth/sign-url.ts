import { SIGNATURE_PARAMETER } from "../../protocol/url-parameters.js";
import { invalidOption, ServeError } from "../errors.js";
import { type SignKey, type SignScope, sign } from "./signature.js";

const SCOPES: readonly SignScope[] = ["video", "path", "all"];

/** What a signed URL allows, and until when. */
export interface SignUrlOptions {
  /** One of the server's `signKeys`. */
  readonly key: SignKey;
  /** When it ends: a moment, or seconds from now, above 0. */
  readonly expires: Date | number;
  /**
   * Default `video`: the video of the URL with all that its playlists link to. `path`: this very path, its region and
   * size included; for a picture or a file, since what a playlist links to has other paths. `all`: every video.
   */
  readonly scope?: SignScope;
  /** Output pixels of the longer side that may be asked for. Default: what the server allows. */
  readonly maxSide?: number;
  /** Output pixels of a picture that may be asked for. Default: what the server allows. */
  readonly maxArea?: number;
  /** The prefix that the plugin has, where it has one. Default: none. */
  readonly prefix?: string;
}

/**
 * Signs a URL of a server with `signKeys`, whole or from the slash on. The playlists behind it hand the signature on
 * to what they link to. Throws ServeError `bad-option`.
 */
export function signUrl(url: string, options: SignUrlOptions): string {
  const { key, expires, scope = "video", maxSide, maxArea, prefix = "" } = options;
  expectKey(key, "signUrl options.key");
  for (const [name, value, max] of [
    ["maxSide", maxSide, 9_999_999],
    ["maxArea", maxArea, 999_999_999_999],
  ] as const) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= max)) {
      throw invalidOption(`signUrl options.${name}`, `a whole number from 1 to ${max}`, value);
    }
  }
  if (!SCOPES.includes(scope))
    throw invalidOption("signUrl options.scope", `one of ${SCOPES.join(", ")}`, scope);
  const seconds = endOf(expires);
  const origin = "http://relative.invalid";
  if (!URL.canParse(url, origin))
    throw new ServeError("bad-option", `signUrl needs a URL or a path, not "${url}"`);
  const parsed = new URL(url, origin);
  const folder = `/${prefix.replace(/^\/+|\/+$/g, "")}/`.replace("//", "/");
  if (!parsed.pathname.startsWith(folder)) {
    throw new ServeError("bad-option", `signUrl needs a path below "${folder}", not "${parsed.pathname}"`);
  }
  const path = decoded(parsed.pathname.slice(folder.length));
  const id = videoIdOfPath(path);
  if (id === "" && scope !== "all") {
    throw new ServeError("bad-option", `signUrl needs a path that names a video, not "${parsed.pathname}"`);
  }
  parsed.searchParams.set(
    SIGNATURE_PARAMETER,
    sign({ id, path }, { key, expires: seconds, scope, maxSide, maxArea }),
  );
  return parsed.origin === origin ? `${parsed.pathname}${parsed.search}${parsed.hash}` : parsed.href;
}

/** Seconds since 1970. A date may have passed, as an end that was set long ago has; seconds from now may not. */
function endOf(expires: unknown): number {
  const seconds =
    expires instanceof Date
      ? expires.getTime() / 1000
      : typeof expires === "number" && expires > 0
        ? Date.now() / 1000 + expires
        : Number.NaN;
  if (seconds > 0 && seconds < 36 ** 9) return seconds;
  throw invalidOption("signUrl options.expires", "a date, or seconds from now above 0", expires);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new ServeError("bad-option", `signUrl needs a path in UTF-8, percent-encoded, not "${path}"`);
  }
}

/** The video that a path below the prefix belongs to: its own, or that of its page to embed. */
const videoIdOfPath = (path: string): string =>
  /^player\/embed\/([^/]+)$/.exec(path)?.[1] ?? path.split("/", 1)[0] ?? "";

/** Throws ServeError `bad-option` for a key that could not be told from others, or be guessed. */
export function expectKey(key: SignKey, path: string): void {
  if (typeof key?.id !== "string" || !/^[\w-]{1,32}$/.test(key.id)) {
    throw invalidOption(`${path}.id`, "1 to 32 letters, digits, _ or -", key?.id);
  }
  if (typeof key.secret !== "string" || key.secret.length < 16) {
    // The value is a secret, even one that is too short.
    throw new ServeError("bad-option", `${path}.secret must have at least 16 characters`);
  }
}
